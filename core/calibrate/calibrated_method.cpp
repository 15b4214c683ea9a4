// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/calibrated_method.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>

#include <fmt/format.h>
#include <xxhash.h>

#include "core/base/error.h"
#include "core/base/schedule.h"
#include "core/calibrate/quantised_fit.h"
#include "core/linalg/svd.h"
#include "core/model/blas.h"

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
    LayerChoice& choice = plan.layers[i];
    if (choice.method.empty()) continue;
    if (m_calibration->layers.contains(LayerId{i})) {
      choice.method = identity(methodOf(choice.method));
    } else {
      choice.method.clear();
      choice.biasShift = m_checkpoint->layer(LayerId{i}).biasShift;
    }
  }
}

Moments CalibratedMethod::momentsOf(LayerId layer, bool biasShift) const {
  Moments moments = m_calibration->at(layer);
  return biasShift ? centred(moments) : moments;
}

Spectrum CalibratedMethod::outputSpectrum(LayerId layer, const Progress& progress, int threads) const {
  const LayerInfo& info = m_checkpoint->layer(layer);
  const WeightedMatrix seen(matrixOf(layer), info.orientation, momentsOf(layer, false), Metric::Outputs);
  return Spectrum(info.rows, info.cols, seen.sigma(progress, threads));
}

Quality CalibratedMethod::outputQuality(LayerId layer, const StoredLayer& stored) const {
  const Orientation orientation = m_checkpoint->layer(layer).orientation;
  const Moments moments = m_calibration->at(layer);
  const RowMatrixF c = moments.inputs->cast<float>();
  const RowMatrixD whole = turned(matrixOf(layer), orientation);
  const RowMatrixD lost = whole - turned(ExpandedRows(stored).rows(0, stored.rows()), orientation);
  const auto throughC = [&](const RowMatrixD& matrix) {
    const RowMatrixF values = matrix.cast<float>();
    RowMatrixF product(values.rows(), c.cols());
    parallelSgemm(values.rows(), c.cols(), c.rows(), 1.0f, {values.data(), values.cols(), false},
                  {c.data(), c.cols(), false}, product.data(), product.cols());
    return RowMatrixD(product.cast<double>());
  };
  const RowMatrixD spread = throughC(whole);
  // y − ŷ = Dx − b with D = W − Ŵ and the bias shift b.
  const double energy = whole.cwiseProduct(spread).sum();
  double crossed = lost.cwiseProduct(spread).sum();
  double error = lost.cwiseProduct(throughC(lost)).sum();
  if (!stored.biasShift.empty()) {
    const Eigen::VectorXd shift =
        Eigen::Map<const Eigen::VectorXf>(stored.biasShift.data(), whole.rows()).cast<double>();
    crossed -= shift.dot(whole * *moments.inputMean);
    error += shift.squaredNorm() - 2 * shift.dot(lost * *moments.inputMean);
  }
  error = std::max(0.0, error);
  const double kept = std::max(0.0, energy - 2 * crossed + error); // E‖ŷ‖²
  if (!(energy > 0)) return {kept > 0 ? 0.0 : 1.0, kept > 0 ? INFINITY : 0.0};
  return {kept > 0 ? std::clamp((energy - crossed) / std::sqrt(energy * kept), -1.0, 1.0) : 0.0,
          std::sqrt(error / energy)};
}

OutputMeasure CalibratedMethod::outputMeasure() const {
  return [this](LayerId layer, const StoredLayer& stored) {
    return knows(layer) ? std::optional(outputQuality(layer, stored)) : std::nullopt;
  };
}

RowMatrixD CalibratedMethod::matrixOf(LayerId layer) const {
  RowMatrixD stored = toDouble(m_checkpoint->matrix(layer).view);
  m_checkpoint->finishReading(layer);
  if (!stored.allFinite()) throw Error(ErrorKind::BadValues, "the matrix has entries that are NaN or infinite");
  return stored;
}

LayerParts CalibratedMethod::partsOf(LayerId layer, const RowMatrixD& stored, const Moments& moments,
                                     const LayerChoice& choice, const Progress& progress, int threads,
                                     const StoredMatrix* alone) const {
  const Orientation orientation = m_checkpoint->layer(layer).orientation;
  const Metric metric = metricOf(methodOf(choice.method), moments);
  const Moments seen = choice.biasShift ? centred(moments) : moments;
  LayerParts parts;
  if (choice.base) {
    QuantisedFitOptions options;
    options.rounding.metric = metric;
    parts = fitQuantised(stored, orientation, seen, *choice.base, choice.rank, options, progress, threads, alone);
  } else {
    parts.factors = WeightedMatrix(stored, orientation, seen, metric).factors(*choice.rank, progress, threads);
  }
  if (choice.biasShift)
    parts.biasShift =
        biasShiftOf(turned(stored, orientation) * *moments.inputMean, parts, orientation, *moments.inputMean);
  return parts;
}

Factoriser CalibratedMethod::factoriser() const {
  return [method = *this](LayerId layer, const LayerChoice& choice, const Progress& progress, int threads) {
    return method.partsOf(layer, method.matrixOf(layer), method.m_calibration->at(layer), choice, progress, threads);
  };
}

Factoriser CalibratedMethod::rememberingFactoriser() const {
  struct Bases {
    std::mutex mutex;
    std::map<std::string, StoredMatrix> known;
  };
  const auto bases = std::make_shared<Bases>();
  return [method = *this, bases](LayerId layer, const LayerChoice& choice, const Progress& progress, int threads) {
    const RowMatrixD matrix = method.matrixOf(layer);
    const Moments moments = method.m_calibration->at(layer);
    if (!choice.base) return method.partsOf(layer, matrix, moments, choice, progress, threads);
    const std::string key = fmt::format("{} {} {} {} {}", layer.value, name(choice.base->storage), choice.base->group,
                                        choice.biasShift, choice.method);
    std::optional<StoredMatrix> alone;
    {
      const std::lock_guard lock(bases->mutex);
      if (const auto found = bases->known.find(key); found != bases->known.end()) alone = found->second;
    }
    LayerParts parts = method.partsOf(layer, matrix, moments, choice, progress, threads, alone ? &*alone : nullptr);
    if (!alone && !choice.rank) {
      const std::lock_guard lock(bases->mutex);
      bases->known.emplace(key, *parts.base);
    }
    return parts;
  };
}

std::map<LayerId, ErrorCurve> CalibratedMethod::curves(const PresetOptions& options, const Progress& progress) const {
  std::vector<LayerId> layers = planScope(*m_checkpoint, options);
  std::erase_if(layers, [&](LayerId layer) { return !m_calibration->layers.contains(layer); });
  Storing storing = storingOf(options);
  storing.method = m_method;
  std::vector<double> costs;
  for (const LayerId layer : layers)
    costs.push_back(2 * singularValuesFlops(m_checkpoint->layer(layer).rows, m_checkpoint->layer(layer).cols));
  std::map<LayerId, ErrorCurve> curves;
  std::mutex delivery;
  runScheduled(Schedule(std::move(costs)), 0, progress, [&](std::size_t item, int threads) {
    const LayerInfo& layer = m_checkpoint->layer(layers[item]);
    const LayerChoice alone = choiceFor(layer, std::nullopt, storing);
    const bool shifts = choiceFor(layer, 1, storing).biasShift;
    const Moments moments = momentsOf(layer.id, shifts);
    const Metric metric = metricOf(m_method, moments);
    RowMatrixD matrix = matrixOf(layer.id);
    ErrorCurve curve;
    if (alone.base) {
      curve.energy = weightedError(matrix, layer.orientation, moments, metric);
      const LayerParts parts =
          partsOf(layer.id, matrix, m_calibration->at(layer.id), alone, progress.silent(), threads);
      matrix -= load(*parts.base).cast<double>();
    }
    curve.sigma = WeightedMatrix(matrix, layer.orientation, moments, metric).sigma(progress.silent(), threads);
    if (!alone.base) curve.energy = curve.lost(0);
    const std::lock_guard lock(delivery);
    curves.emplace(layer.id, std::move(curve));
  });
  return curves;
}

BenefitLookup benefitsOf(const std::map<LayerId, ErrorCurve>& curves, Method method) {
  return [&curves, method](LayerId layer) -> std::optional<BenefitCurve> {
    const auto found = curves.find(layer);
    if (found == curves.end()) return std::nullopt;
    const ErrorCurve& curve = found->second;
    std::vector<double> kept = keptEnergy(curve.sigma);
    const double total = kept.back();
    const bool comparable = needGradients({method});
    const double unit = comparable ? 0.5 : curve.energy > 0 ? 1 / curve.energy : 1;
    return BenefitCurve{[kept = std::move(kept), unit](std::int64_t rank) {
                          return unit * kept[std::min(static_cast<std::size_t>(rank), kept.size() - 1)];
                        },
                        unit * total};
  };
}

double predictedDivergence(const std::map<LayerId, ErrorCurve>& curves, const ResolvedPlan& plan) {
  double sum = 0;
  for (const auto& [layer, curve] : curves)
    if (const LayerChoice& choice = plan.layers[layer.value]; !choice.isDense())
      sum += 0.5 * curve.lost(choice.rank.value_or(0));
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
