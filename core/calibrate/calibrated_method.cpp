// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/calibrated_method.h"

#include <algorithm>
#include <array>
#include <mutex>

#include <fmt/format.h>
#include <xxhash.h>

#include "core/base/error.h"
#include "core/base/schedule.h"
#include "core/calibrate/quantised_fit.h"
#include "core/linalg/svd.h"

namespace rankscope {

namespace {

/// Σ_{i≤r} σ_i² for r = 0 … n.
std::vector<double> keptEnergy(const std::vector<double>& sigma) {
  std::vector<double> kept{0.0};
  for (const double value : sigma) kept.push_back(kept.back() + value * value);
  return kept;
}

Metric metricOf(Method method, const Moments& moments) {
  return method == Method::Aware || moments.gradients.size() == 0 ? Metric::Outputs : Metric::Predictions;
}

} // namespace

std::vector<float> biasShiftOf(const Eigen::VectorXd& wanted, const LayerParts& parts, Orientation orientation,
                               const Eigen::VectorXd& inputMean) {
  Eigen::VectorXd given = Eigen::VectorXd::Zero(wanted.size());
  if (parts.base) given += turned(load(*parts.base).cast<double>(), orientation) * inputMean;
  if (parts.factors) given += turned(parts.factors->a * parts.factors->b, orientation) * inputMean;
  const Eigen::VectorXf shift = (wanted - given).cast<float>();
  return {shift.data(), shift.data() + shift.size()};
}

CalibratedMethod::CalibratedMethod(std::shared_ptr<const Checkpoint> checkpoint, Calibration calibration, Method method,
                                   const std::string& textHash, std::vector<std::vector<int>> text)
    : m_checkpoint(std::move(checkpoint)), m_calibration(std::make_shared<const Calibration>(std::move(calibration))),
      m_method(method), m_textHash(textHash),
      m_text(std::make_shared<const std::vector<std::vector<int>>>(std::move(text))) {}

std::string CalibratedMethod::identity(Method method) const {
  return fmt::format("{} {}", name(method), m_textHash);
}

void CalibratedMethod::applyTo(ResolvedPlan& plan) const {
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    std::string& method = plan.layers[i].method;
    if (!method.empty()) method = m_calibration->layers.contains(LayerId{i}) ? identity(methodOf(method)) : "";
  }
}

RowMatrixD CalibratedMethod::matrixOf(LayerId layer) const {
  RowMatrixD stored = toDouble(m_checkpoint->matrix(layer).view);
  m_checkpoint->release(layer);
  if (!stored.allFinite()) throw Error(ErrorKind::BadValues, "the matrix has entries that are NaN or infinite");
  return stored;
}

LayerParts CalibratedMethod::partsOf(LayerId layer, const RowMatrixD& stored, const Moments& moments,
                                     const LayerChoice& choice, const Progress& progress, int threads) const {
  const Orientation orientation = m_checkpoint->layer(layer).orientation;
  const Metric metric = metricOf(methodOf(choice.method), moments);
  LayerParts parts;
  if (choice.base) {
    QuantisedFitOptions options;
    options.rounding.metric = metric;
    parts = fitQuantised(stored, orientation, moments, *choice.base, choice.rank, options, progress, threads);
  } else {
    parts.factors = WeightedMatrix(stored, orientation, moments, metric).factors(*choice.rank, progress, threads);
  }
  if (choice.biasShift)
    parts.biasShift =
        biasShiftOf(turned(stored, orientation) * *moments.inputMean, parts, orientation, *moments.inputMean);
  return parts;
}

Factoriser CalibratedMethod::factoriser() const {
  return [method = *this](LayerId layer, const LayerChoice& choice, const Progress& progress, int threads) {
    return method.partsOf(layer, method.matrixOf(layer), method.m_calibration->at(layer), choice, progress,
                          threads);
  };
}

std::map<LayerId, std::vector<double>> CalibratedMethod::curves(const PresetOptions& options,
                                                                const Progress& progress) const {
  std::vector<LayerId> layers = planScope(*m_checkpoint, options);
  std::erase_if(layers, [&](LayerId layer) { return !m_calibration->layers.contains(layer); });
  std::vector<double> costs;
  for (const LayerId layer : layers)
    costs.push_back(2 * singularValuesFlops(m_checkpoint->layer(layer).rows, m_checkpoint->layer(layer).cols));
  std::map<LayerId, std::vector<double>> curves;
  std::mutex delivery;
  runScheduled(Schedule(std::move(costs)), 0, progress, [&](std::size_t item, int threads) {
    const Moments moments = m_calibration->at(layers[item]);
    const WeightedMatrix weighted(matrixOf(layers[item]), m_checkpoint->layer(layers[item]).orientation, moments,
                                  metricOf(m_method, moments));
    std::vector<double> sigma = weighted.sigma(progress.silent(), threads);
    const std::lock_guard lock(delivery);
    curves.emplace(layers[item], std::move(sigma));
  });
  return curves;
}

BenefitLookup benefitsOf(const std::map<LayerId, std::vector<double>>& curves, Method method) {
  return [&curves, method](LayerId layer) -> std::optional<BenefitCurve> {
    const auto found = curves.find(layer);
    if (found == curves.end()) return std::nullopt;
    std::vector<double> kept = keptEnergy(found->second);
    const double total = kept.back();
    const double unit = method != Method::Aware ? 0.5 : total > 0 ? 1 / total : 1;
    return BenefitCurve{[kept = std::move(kept), unit](std::int64_t rank) {
                          return unit * kept[std::min(static_cast<std::size_t>(rank), kept.size() - 1)];
                        },
                        unit * total};
  };
}

double predictedDivergence(const std::map<LayerId, std::vector<double>>& curves, const ResolvedPlan& plan) {
  double sum = 0;
  for (const auto& [layer, sigma] : curves)
    if (const auto rank = plan.layers[layer.value].rank)
      for (std::size_t i = static_cast<std::size_t>(*rank); i < sigma.size(); ++i) sum += 0.5 * sigma[i] * sigma[i];
  return sum;
}

std::string hashOf(std::span<const std::vector<int>> sequences) {
  XXH3_state_t* state = XXH3_createState();
  XXH3_128bits_reset(state);
  for (const std::vector<int>& sequence : sequences) {
    const std::uint64_t size = sequence.size();
    XXH3_128bits_update(state, &size, sizeof size);
    XXH3_128bits_update(state, sequence.data(), sequence.size() * sizeof(int));
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state);
  XXH3_freeState(state);
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

} // namespace rankscope
