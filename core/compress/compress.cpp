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

/// A quantised base and, where there is a rank, the truncation of the residual W − base.
LayerParts quantise(const MatrixView& matrix, const LayerChoice& choice, const Progress& progress, int threads) {
  RowMatrixD values = toDouble(matrix);
  LayerParts parts;
  parts.base = storeMatrix(values, *choice.base);
  progress.check();
  if (!choice.rank) return parts;
  values -= load(*parts.base).cast<double>();
  const MatrixView residual{matrix.rows, matrix.cols, DType::F64, reinterpret_cast<const std::byte*>(values.data())};
  parts.factors = plainFactors(truncatedSvd(residual, *choice.rank, {}, progress, threads));
  return parts;
}

/// The plain truncation, and what its spectrum predicts.
LayerParts truncate(CompressedLayer& result, const MatrixView& matrix, const Spectrum* spectrum,
                    const Progress& progress, int threads) {
  static const std::vector<double> kUnknown;
  const std::int64_t rank = *result.choice.rank;
  const TruncatedSvd svd = truncatedSvd(matrix, rank, spectrum ? spectrum->sigma() : kUnknown, progress, threads);
  result.predictedCosine = spectrum ? spectrum->cosineAt(rank) : cosineOfTruncation(matrix, svd.sigma);
  return {std::nullopt, plainFactors(svd), {}};
}

/// What an earlier compression added to the bias stays.
void keepBiasShift(LayerParts& parts, const StoredLayer* before) {
  if (!before || before->biasShift.empty()) return;
  if (parts.biasShift.empty()) parts.biasShift.resize(before->biasShift.size(), 0.0f);
  for (std::size_t i = 0; i < parts.biasShift.size(); ++i) parts.biasShift[i] += before->biasShift[i];
}

/// Rounds the factors and measures everything. Throws an Error(BadValues) without the layer's name.
void storeParts(CompressedLayer& result, const MatrixView& matrix, LayerParts&& parts, const Progress& progress) {
  const LayerChoice& choice = result.choice;
  assert(parts.base.has_value() == choice.base.has_value() && (!parts.base || parts.base->format == *choice.base));
  assert(parts.factors.has_value() == choice.rank.has_value() && parts.biasShift.empty() == !choice.biasShift);
  StoredLayer stored{std::move(parts.base), std::nullopt, std::move(parts.biasShift)};
  if (parts.factors)
    stored.factors =
        FactorPair{storeMatrix(parts.factors->a, choice.formatA), storeMatrix(parts.factors->b, choice.formatB)};
  progress.check();
  const Quality quality = measureQuality(matrix, stored);
  if (!std::isfinite(quality.cosine) || !std::isfinite(quality.relativeError))
    throw Error(ErrorKind::BadValues, fmt::format("factors do not fit into {}", name(result.choice.formatA.storage)));
  result.quality = quality;
  result.bytesAfter = stored.bytes();
  result.stored = std::move(stored);
}

/// Flops of the SVD; for dense layers only their bytes are hashed.
double cost(const LayerInfo& layer, const LayerChoice& choice) {
  const auto elements = static_cast<double>(layer.parameters());
  if (choice.isDense()) return elements;
  if (!choice.rank) return 16 * elements;
  return singularValuesFlops(layer.rows, layer.cols) + 8 * elements * static_cast<double>(*choice.rank);
}

} // namespace

CompressedLayer compressLayer(const Checkpoint& checkpoint, LayerId layer, const LayerChoice& choice,
                              const Spectrum* spectrum, const Progress& progress, int threads,
                              const Factoriser& factoriser) {
  const LayerInfo& info = checkpoint.layer(layer);
  assert(!choice.rank || (*choice.rank >= 1 && *choice.rank <= info.smallSide()));
  if (!choice.method.empty() && !factoriser)
    throw Error(ErrorKind::BadRequest, fmt::format("{} asks for the method {}, which has to be fitted to a text first",
                                                   info.name, name(methodOf(choice.method))));
  progress.check();
  CompressedLayer result;
  result.layer = layer;
  result.choice = choice;
  result.contentHash = checkpoint.contentHash(layer);
  result.bytesBefore = result.bytesAfter = info.bytes;
  if (choice.isDense()) {
    result.predictedCosine = 1;
  } else {
    try {
      const Checkpoint::Matrix matrix = checkpoint.matrix(layer);
      const Progress part = progress.slice(0, 0.9);
      LayerParts parts = !choice.method.empty() ? factoriser(layer, choice, part, threads)
                         : choice.base          ? quantise(matrix.view, choice, part, threads)
                                                : truncate(result, matrix.view, spectrum, part, threads);
      progress.check();
      keepBiasShift(parts, checkpoint.stored(layer));
      storeParts(result, matrix.view, std::move(parts), progress);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::BadValues) throw;
      result.error = fmt::format("{}: {}", info.name, error.what());
    }
  }
  checkpoint.finishReading(layer);
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
    if (hooks.outputs && !result->outputs && !result->stored.empty())
      result->outputs = hooks.outputs(layer, result->stored);
    // A worker waits here with its result in hand, so no more results wait than there are workers.
    const std::lock_guard lock(delivery);
    if (hooks.sink) hooks.sink(std::move(*result));
  });
}

} // namespace rankscope
