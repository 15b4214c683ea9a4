// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <limits>
#include <optional>

#include <QString>

#include "core/spectrum/diagnostics.h"

namespace rankscope::ui {

/// A figure that a spectrum or a matrix's entries have, as a column of the layer table; in the order of
/// kDiagnosticKeys.
enum class Diagnostic {
  StableRank,
  EffectiveRank,
  EffectiveRankEnergy,
  NoiseScale,
  NoiseEdge,
  AboveEdge,
  GavishDonohoThreshold,
  GavishDonohoRank,
  Alpha,
  XMin,
  Distance,
  Tail,
  RankFor85,
  RankFor90,
  RankFor95,
  RankFor99,
  BreakEven,
  LargestEntry,
  Kurtosis,
};

/// All figures of one layer; not a number where one is not known.
using DiagnosticValues = std::array<double, kDiagnosticKeys.size()>;
DiagnosticValues diagnosticValues(const std::optional<Spectrum>& spectrum,
                                  const std::optional<EntryStatistics>& entries);
inline constexpr auto kNoDiagnostics = [] {
  DiagnosticValues none{};
  none.fill(std::numeric_limits<double>::quiet_NaN());
  return none;
}();

QString heading(Diagnostic which);
QString meaning(Diagnostic which);            ///< formula, what it says, and where it is from
QString text(Diagnostic which, double value); ///< counts as whole numbers

/// The formula with the layer's own numbers put in; empty where the meaning says all.
QString formula(Diagnostic which, const Spectrum& spectrum, const DiagnosticValues& values);

} // namespace rankscope::ui
