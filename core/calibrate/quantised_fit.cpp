// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/quantised_fit.h"

namespace rankscope {

namespace {

constexpr double kLeastGain = 0.01;

} // namespace

StoredMatrix fitBase(const RowMatrixD& stored, Orientation orientation, const Moments& moments,
                     const StorageFormat& base, const RoundingOptions& options, const Progress& progress) {
  WeightedRounding rounding(stored, orientation, moments, base, options);
  rounding.improve(progress);
  return rounding.result();
}

LayerParts fitQuantised(const RowMatrixD& stored, Orientation orientation, const Moments& moments,
                        const StorageFormat& base, std::optional<std::int64_t> rank, const QuantisedFitOptions& options,
                        const Progress& progress, int threads, const StoredMatrix* alone) {
  const Metric metric = moments.gradients.size() == 0 ? Metric::Outputs : options.rounding.metric;
  const StoredMatrix start = alone ? *alone : fitBase(stored, orientation, moments, base, options.rounding, progress);
  if (!rank) return {start, std::nullopt, {}};
  WeightedRounding rounding(stored, orientation, moments, start, options.rounding);
  LayerParts best;
  double least = 0;
  for (int round = 0; round <= options.rounds; ++round) {
    const RowMatrixD rest = stored - rounding.values();
    FactorValues factors = WeightedMatrix(rest, orientation, moments, metric).factors(*rank, progress, threads);
    const RowMatrixD correction = factors.a * factors.b;
    const double error = weightedError(rest - correction, orientation, moments, metric);
    const bool better = round == 0 || error < least;
    const bool goesOn = round == 0 || error < (1 - kLeastGain) * least;
    if (better) {
      least = error;
      best = {rounding.result(), std::move(factors), {}};
    }
    if (!goesOn || round == options.rounds) break;
    rounding.retarget(stored - correction);
    rounding.improve(progress);
  }
  return best;
}

} // namespace rankscope
