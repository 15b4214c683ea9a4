// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/compress/compress.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <mutex>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/linalg/scaled_matrix.h"
#include "core/linalg/svd.h"

namespace rankscope {
namespace {

/// √(Σ_{i≤r}σ² / ‖W‖²): all that the prediction needs of a spectrum whose tail is not known.
double cosineOfTruncation(const MatrixView& matrix, const std::vector<double>& leading) {
  const ScaledMatrix scaled(matrix);
  if (scaled.zero()) return 1;
  double kept = 0;
  for (auto sigma = leading.rbegin(); sigma != leading.rend(); ++sigma) {
    const double value = std::ldexp(*sigma, -scaled.exponent());
    kept += value * value;
  }
  return std::sqrt(std::min(1.0, kept / scaled.squaredNorm()));
}

FactorValues plainFactors(const TruncatedSvd& svd) {
  const Eigen::VectorXd root =
      Eigen::Map<const Eigen::VectorXd>(svd.sigma.data(), static_cast<Eigen::Index>(svd.sigma.size())).cwiseSqrt();
  return {svd.u * root.asDiagonal(), root.asDiagonal() * svd.v.transpose()};
}

/// The plain truncation, and what its spectrum predicts.
FactorValues truncate(CompressedLayer& result, const MatrixView& matrix, const Spectrum* spectrum,
                      const Progress& progress, int threads) {
  static const std::vector<double> kUnknown;
  const std::int64_t rank = *result.choice.rank;
  const TruncatedSvd svd = truncatedSvd(matrix, rank, spectrum ? spectrum->sigma() : kUnknown, progress, threads);
  result.predictedCosine = spectrum ? spectrum->cosineAt(rank) : cosineOfTruncation(matrix, svd.sigma);
  return plainFactors(svd);
}

/// Rounds the factors and measures them. Throws an Error(BadValues) without the layer's name.
void storeFactors(CompressedLayer& result, const MatrixView& matrix, const FactorValues& values, const Progress& progress) {
  FactorPair factors{storeMatrix(values.a, result.choice.formatA), storeMatrix(values.b, result.choice.formatB)};
  progress.check();
  const Quality quality = measureQuality(matrix, factors.a, factors.b);
  if (!std::isfinite(quality.cosine) || !std::isfinite(quality.relativeError))
    throw Error(ErrorKind::BadValues, fmt::format("factors do not fit into {}", name(result.choice.formatA.storage)));
  result.quality = quality;
  result.bytesAfter = factors.a.bytes() + factors.b.bytes();
  result.factors = std::move(factors);
}

/// Flops of the SVD; for dense layers only their bytes are hashed.
double cost(const LayerInfo& layer, const LayerChoice& choice) {
  const auto elements = static_cast<double>(layer.parameters());
  if (!choice.rank) return elements;
  return singularValuesFlops(layer.rows, layer.cols) + 8 * elements * static_cast<double>(*choice.rank);
}

} // namespace

CompressedLayer compressLayer(const Checkpoint& checkpoint, LayerId layer, const LayerChoice& choice,
                              const Spectrum* spectrum, const Progress& progress, int threads,
                              const Factoriser& factoriser) {
  const LayerInfo& info = checkpoint.layer(layer);
  assert(choice.method.empty() || factoriser);
  assert(!choice.rank || (*choice.rank >= 1 && *choice.rank <= info.smallSide()));
  progress.check();
  CompressedLayer result;
  result.layer = layer;
  result.choice = choice;
  result.contentHash = checkpoint.contentHash(layer);
  result.bytesBefore = result.bytesAfter = info.bytes;
  if (!choice.rank) {
    result.predictedCosine = 1;
  } else {
    try {
      const Checkpoint::Matrix matrix = checkpoint.matrix(layer);
      const Progress part = progress.slice(0, 0.9);
      const FactorValues values = choice.method.empty()
                                      ? truncate(result, matrix.view, spectrum, part, threads)
                                      : factoriser(layer, choice, part, threads);
      progress.check();
      storeFactors(result, matrix.view, values, progress);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::BadValues) throw;
      result.error = fmt::format("{}: {}", info.name, error.what());
    }
  }
  checkpoint.release(layer);
  progress.report(1, info.name);
  return result;
}

void compress(const Checkpoint& checkpoint, const ResolvedPlan& plan, const SpectrumLookup& spectra,
              const CompressionHooks& hooks, const Progress& progress, int cores) {
  assert(plan.layers.size() == checkpoint.layers().size());
  std::vector<double> costs;
  costs.reserve(plan.layers.size());
  for (const LayerInfo& layer : checkpoint.layers()) costs.push_back(cost(layer, plan.layers[layer.id.value]));
  std::mutex delivery;
  runScheduled(Schedule(std::move(costs)), cores, progress, [&](std::size_t item, int threads) {
    const LayerId layer{item};
    const LayerChoice& choice = plan.layers[item];
    std::optional<CompressedLayer> result;
    if (hooks.finished) result = hooks.finished(layer, choice);
    if (!result)
      result = compressLayer(checkpoint, layer, choice, spectra ? spectra(layer) : nullptr, progress.silent(), threads,
                             hooks.factoriser);
    // A worker waits here with its result in hand, so no more results wait than there are workers.
    const std::lock_guard lock(delivery);
    if (hooks.sink) hooks.sink(std::move(*result));
  });
}

} // namespace rankscope
