// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "core/calibrate/weighted_factors.h"
#include "core/calibrate/weighted_rounding.h"

namespace rankscope {

struct QuantisedFitOptions {
  RoundingOptions rounding;
  int rounds = 4; ///< at most so many refits of base and correction in turn; fewer once one gains less than 1 %
};

/// The base by itself: rounded with weights (WeightedRounding).
StoredMatrix fitBase(const RowMatrixD& stored, Orientation orientation, const Moments& moments,
                     const StorageFormat& base, const RoundingOptions& options = {}, const Progress& progress = {});

/// Rounds the matrix with weights (WeightedRounding) and, with a rank, fits the correction that is best in the metric
/// to what the base leaves, then the base to what the correction leaves, and so on as long as it helps. `alone` is what
/// fitBase() gives, where that is known.
LayerParts fitQuantised(const RowMatrixD& stored, Orientation orientation, const Moments& moments,
                        const StorageFormat& base, std::optional<std::int64_t> rank,
                        const QuantisedFitOptions& options = {}, const Progress& progress = {}, int threads = 1,
                        const StoredMatrix* alone = nullptr);

} // namespace rankscope
