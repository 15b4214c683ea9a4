// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/refine.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <random>

#include "core/model/backward.h"

namespace rankscope {

namespace {

/// A matrix that Adam moves.
struct Parameter {
  explicit Parameter(const RowMatrixD& start)
      : values(start.cast<float>()), first(Eigen::ArrayXXf::Zero(start.rows(), start.cols())), second(first),
        size(static_cast<float>(std::sqrt(start.squaredNorm() / static_cast<double>(start.size())))) {}

  void move(const RowMatrixF& gradient, int step, double rate) {
    constexpr float kDecay1 = 0.9f, kDecay2 = 0.95f;
    first = kDecay1 * first + (1 - kDecay1) * gradient.array();
    second = kDecay2 * second + (1 - kDecay2) * gradient.array().square();
    const float unbias1 = 1 - std::pow(kDecay1, static_cast<float>(step)), unbias2 = 1 - std::pow(kDecay2, static_cast<float>(step));
    values.array() -= size * static_cast<float>(rate) * (first / unbias1) / ((second / unbias2).sqrt() + 1e-12f);
  }

  RowMatrixF values;
  Eigen::ArrayXXf first, second;
  float size;
};

struct Factors {
  Parameter a, b;
  RowMatrixF gradientA, gradientB;

  /// W = ab; dA = dW·bᵀ, dB = aᵀ·dW with dW = gᵀx for out×in and xᵀg for in×out.
  void addGradient(Orientation orientation, Eigen::Ref<const RowMatrixF> x, Eigen::Ref<const RowMatrixF> g) {
    const Eigen::Ref<const RowMatrixF>& left = orientation == Orientation::OutIn ? g : x;
    const Eigen::Ref<const RowMatrixF>& right = orientation == Orientation::OutIn ? x : g;
    gradientA.noalias() = left.transpose() * (right * b.values.transpose());
    gradientB.noalias() = (left * a.values).transpose() * right;
  }
};

void normalise(RowMatrixF& logits) {
  for (Eigen::Index i = 0; i < logits.rows(); ++i) kernels().softmax(logits.row(i).data(), logits.cols());
}

class Refinement final {
 public:
  Refinement(const Model& original, const std::map<LayerId, FactorValues>& start) : m_original(original) {
    for (const auto& [layer, values] : start) m_factors.emplace(layer, Factors{Parameter(values.a), Parameter(values.b), {}, {}});
  }

  /// One step; returns the batch's KL before it.
  double step(const Batch& batch, int number, double rate, const Progress& progress) {
    const RowMatrixF target = m_original.forward(batch, {}, progress);
    double divergence = 0;
    const auto tokens = static_cast<double>(batch.tokens.size());
    backpropagate(current(), batch,
                  {[&](RowMatrixF& logits, std::int64_t first) {
                     RowMatrixF wanted = m_original.logits(target.middleRows(first, logits.rows()));
                     normalise(wanted);
                     normalise(logits);
                     const Eigen::ArrayXXd p = wanted.cast<double>().array(), q = logits.cast<double>().array();
                     divergence += (p > 0).select(p * ((p + 1e-30) / (q + 1e-30)).log(), 0.0).sum();
                     logits = (logits - wanted) / static_cast<float>(tokens);
                   },
                   [&](LayerId layer, Eigen::Ref<const RowMatrixF> x, Eigen::Ref<const RowMatrixF> g) {
                     if (const auto found = m_factors.find(layer); found != m_factors.end())
                       found->second.addGradient(m_original.checkpoint().layer(layer).orientation, x, g);
                   }},
                  progress);
    for (auto& [layer, factors] : m_factors) {
      factors.a.move(factors.gradientA, number, rate);
      factors.b.move(factors.gradientB, number, rate);
    }
    return divergence / tokens;
  }

  std::map<LayerId, FactorValues> result() const {
    std::map<LayerId, FactorValues> values;
    for (const auto& [layer, factors] : m_factors)
      values[layer] = {factors.a.values.cast<double>(), factors.b.values.cast<double>()};
    return values;
  }

 private:
  Model current() const {
    Substitutes substitutes;
    for (const auto& [layer, factors] : m_factors) {
      LinearWeights weights;
      weights.orientation = m_original.checkpoint().layer(layer).orientation;
      weights.a.emplace(storeMatrix(factors.a.values.cast<double>(), {}));
      weights.b.emplace(storeMatrix(factors.b.values.cast<double>(), {}));
      substitutes[layer] = std::make_shared<const Linear>(std::move(weights));
    }
    return m_original.with(substitutes);
  }

  const Model& m_original;
  std::map<LayerId, Factors> m_factors;
};

/// Endless: the sequences in a random order, again and again in another one.
class Feed final {
 public:
  Feed(std::span<const std::vector<int>> sequences, std::uint64_t seed) : m_sequences(sequences), m_engine(seed) {}

  Batch next(std::int64_t tokens) {
    std::vector<std::vector<int>> chosen;
    for (std::int64_t have = 0; have < tokens; have += static_cast<std::int64_t>(chosen.back().size())) {
      if (m_order.empty()) refill();
      chosen.push_back(m_sequences[m_order.back()]);
      m_order.pop_back();
    }
    return batchOf(chosen);
  }

 private:
  void refill() {
    for (std::size_t i = 0; i < m_sequences.size(); ++i) m_order.push_back(i);
    std::shuffle(m_order.begin(), m_order.end(), m_engine);
  }

  std::span<const std::vector<int>> m_sequences;
  std::mt19937_64 m_engine;
  std::vector<std::size_t> m_order;
};

double rateAt(int step, const RefineOptions& options) {
  const double warm = std::min(1.0, (step + 1) / std::min(10.0, std::max(1.0, options.steps / 4.0)));
  return options.learningRate * warm * (1.0 - static_cast<double>(step) / options.steps);
}

}  // namespace

std::map<LayerId, FactorValues> refine(const Model& original, std::map<LayerId, FactorValues> factors,
                                       std::span<const std::vector<int>> sequences, const RefineOptions& options,
                                       const Progress& progress, const std::function<void(int, double)>& sink) {
  assert(!sequences.empty());
  if (factors.empty()) return factors;
  Refinement refinement(original, factors);
  Feed feed(sequences, options.seed);
  for (int step = 0; step < options.steps; ++step) {
    progress.check();
    const double divergence =
        refinement.step(feed.next(options.batchTokens), step + 1, rateAt(step, options), progress.silent());
    if (sink) sink(step, divergence);
    progress.report((step + 1.0) / options.steps);
  }
  return refinement.result();
}

}  // namespace rankscope
