// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/report: how numbers and words are written.

#include <cstdint>
#include <optional>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/report/report_model.h"

namespace rankscope {

inline constexpr std::string_view kDash = "–"; ///< stands for an unknown number

std::string escapedHtml(std::string_view text);     ///< for text and for attributes in double quotes
std::string escapedMarkdown(std::string_view text); ///< for a cell of a table
std::string escapedCsv(std::string_view text);      ///< RFC 4180: quoted where it must be

std::string cosineText(std::optional<double> cosine);       ///< three decimals
std::string percentText(std::optional<double> value);       ///< of a share: "83.81 %"
std::string bytesText(std::uint64_t bytes);                 ///< "56.6 MiB"
std::string countText(std::uint64_t count);                 ///< "1,315,575,808"
std::string rankText(double rank);                          ///< one decimal below 100
std::string figureText(const std::optional<double>& value); ///< whole numbers as such, others to four digits

/// A diagnostic as a column of a table.
struct DiagnosticColumn {
  std::string_view heading;
  std::string_view key; ///< one of kDiagnosticKeys
};
inline constexpr std::array<DiagnosticColumn, 19> kDiagnosticColumns{{{"Stable rank", "stable_rank"},
                                                                      {"Effective rank", "effective_rank"},
                                                                      {"of the energy", "effective_rank_energy"},
                                                                      {"Noise scale", "noise_scale"},
                                                                      {"Noise edge", "noise_edge"},
                                                                      {"Above edge", "values_above_edge"},
                                                                      {"G–D threshold", "gavish_donoho_threshold"},
                                                                      {"Gavish–Donoho rank", "gavish_donoho_rank"},
                                                                      {"α", "power_law_alpha"},
                                                                      {"x_min", "power_law_xmin"},
                                                                      {"KS", "power_law_distance"},
                                                                      {"Tail", "power_law_tail"},
                                                                      {"Rank for 0.85", "rank_for_cosine_0.85"},
                                                                      {"0.90", "rank_for_cosine_0.90"},
                                                                      {"0.95", "rank_for_cosine_0.95"},
                                                                      {"0.99", "rank_for_cosine_0.99"},
                                                                      {"Break-even", "break_even_rank"},
                                                                      {"Largest entry", "largest_entry"},
                                                                      {"Kurtosis", "kurtosis"}}};

std::string_view diagnosticsKey(); ///< what the columns mean, with their sources

std::string_view markOf(Verdict verdict); ///< ● ◕ ◑ ◔ ○, so that colour is never needed

/// "EXCELLENT", "dense", "failed" or "not compressed".
std::string outcomeText(const ReportLayer& layer);
std::string shapeText(const ReportLayer& layer); ///< "768 × 2304"

/// Sentences about what the run shows, in plain text, the same in every format.
std::vector<std::string> findings(const ReportModel& model);

/// What every reader of cosines should know.
std::string_view caution();

} // namespace rankscope
