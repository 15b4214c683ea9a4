// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/plan/presets.h"

namespace rankscope {

/// What compressing one layer loses, by rank: singular values of what is to be approximated (the matrix, or what a
/// quantised base leaves of it) as a method sees them, descending.
struct ErrorCurve {
  std::vector<double> sigma;
  double energy = 0; ///< of the whole matrix as the method sees it: Σσ² where there is no base

  /// Σ_{i>rank} σ_i².
  double lost(std::int64_t rank) const;
  /// The smallest rank that brings √(1 − lost/energy) to `cosine`; 0 where a base alone does. With a base the matrix's
  /// true cosine is that or more, as what is lost need not be orthogonal to what is kept.
  std::int64_t rankForCosine(double cosine) const;
};

/// For every layer of planScope(), what its matrix loses when it is rounded to nearest in options.base, on all cores.
/// Layers with entries that are NaN or infinite are left out. Throws Cancelled.
std::map<LayerId, ErrorCurve> residualCurves(const Checkpoint& checkpoint, const PresetOptions& options,
                                             const Progress& progress = {});

} // namespace rankscope
