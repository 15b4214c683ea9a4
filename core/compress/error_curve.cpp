// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/compress/error_curve.h"

#include <algorithm>
#include <cassert>
#include <mutex>

#include "core/base/schedule.h"
#include "core/linalg/svd.h"
#include "core/tensor/convert.h"

namespace rankscope {

double ErrorCurve::lost(std::int64_t rank) const {
  double sum = 0;
  for (std::size_t i = sigma.size(); i > static_cast<std::size_t>(rank); --i) sum += sigma[i - 1] * sigma[i - 1];
  return sum;
}

std::int64_t ErrorCurve::rankForCosine(double cosine) const {
  const double allowed = (1 - cosine * cosine) * energy;
  double lost = 0;
  std::size_t rank = sigma.size();
  for (; rank > 0 && lost + sigma[rank - 1] * sigma[rank - 1] <= allowed; --rank)
    lost += sigma[rank - 1] * sigma[rank - 1];
  return static_cast<std::int64_t>(rank);
}

std::map<LayerId, ErrorCurve> residualCurves(const Checkpoint& checkpoint, const PresetOptions& options,
                                             const Progress& progress) {
  assert(options.base);
  const std::vector<LayerId> layers = planScope(checkpoint, options);
  std::vector<double> costs;
  for (const LayerId layer : layers)
    costs.push_back(singularValuesFlops(checkpoint.layer(layer).rows, checkpoint.layer(layer).cols));
  std::map<LayerId, ErrorCurve> curves;
  std::mutex delivery;
  runScheduled(Schedule(std::move(costs)), 0, progress, [&](std::size_t item, int threads) {
    const LayerInfo& layer = checkpoint.layer(layers[item]);
    RowMatrixD values = toDouble(checkpoint.matrix(layer.id).view);
    checkpoint.finishReading(layer.id);
    if (!values.allFinite()) return;
    ErrorCurve curve;
    curve.energy = values.squaredNorm();
    values -= load(storeMatrix(values, baseFormat(layer, *options.base, options.baseGroup))).cast<double>();
    const MatrixView rest{values.rows(), values.cols(), DType::F64, reinterpret_cast<const std::byte*>(values.data())};
    curve.sigma = singularValues(rest, progress.silent(), threads);
    const std::lock_guard lock(delivery);
    curves.emplace(layer.id, std::move(curve));
  });
  return curves;
}

} // namespace rankscope
