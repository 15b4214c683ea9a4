// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/report: how numbers and words are written.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/report/report_model.h"

namespace rankscope {

inline constexpr std::string_view kDash = "–"; ///< stands for an unknown number

std::string escapedHtml(std::string_view text);     ///< for text and for attributes in double quotes
std::string escapedMarkdown(std::string_view text); ///< for a cell of a table
std::string escapedCsv(std::string_view text);      ///< RFC 4180: quoted where it must be

std::string cosineText(std::optional<double> cosine); ///< three decimals
std::string percentText(std::optional<double> value); ///< of a share: "83.81 %"
std::string bytesText(std::uint64_t bytes);           ///< "56.6 MiB"
std::string countText(std::uint64_t count);           ///< "1,315,575,808"
std::string rankText(double rank);                    ///< one decimal below 100
std::string_view markOf(Verdict verdict);             ///< ● ◕ ◑ ◔ ○, so that colour is never needed

/// "EXCELLENT", "dense", "failed" or "not compressed".
std::string outcomeText(const ReportLayer& layer);
std::string shapeText(const ReportLayer& layer); ///< "768 × 2304"

/// Sentences about what the run shows, in plain text, the same in every format.
std::vector<std::string> findings(const ReportModel& model);

/// What every reader of cosines should know.
std::string_view caution();

} // namespace rankscope
