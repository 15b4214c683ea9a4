// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/refine.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cmath>
#include <random>

#include "core/calibrate/refined_layer.h"
#include "core/model/backward.h"

namespace rankscope {

namespace {

constexpr std::int64_t kLogitRows = 128;
constexpr std::size_t kMostHeldOut = 8;

void normalise(RowMatrixF& logits) {
  for (Eigen::Index i = 0; i < logits.rows(); ++i) kernels().softmax(logits.row(i).data(), logits.cols());
}

/// Σ over rows of KL(wanted ‖ present) for rows of probabilities.
double divergenceOf(const RowMatrixF& wanted, const RowMatrixF& present) {
  double sum = 0;
  for (Eigen::Index i = 0; i < wanted.rows(); ++i) {
    const Eigen::ArrayXf ratio = (wanted.row(i).array() + 1e-30f) / (present.row(i).array() + 1e-30f);
    sum += static_cast<double>((wanted.row(i).array() * ratio.log().transpose()).sum());
  }
  return sum;
}

class Refinement final {
 public:
  Refinement(const Model& original, const std::map<LayerId, LayerParts>& start, Substitutes fixed)
      : m_original(original), m_fixed(std::move(fixed)) {
    for (const auto& [layer, parts] : start)
      m_layers.emplace(layer, RefinedLayer(parts, original.checkpoint().layer(layer).orientation));
  }

  /// Takes up a batch's gradients; returns its KL.
  double look(const Batch& batch, const Progress& progress) {
    const RowMatrixF target = m_original.forward(batch, {}, progress);
    double divergence = 0;
    const auto tokens = static_cast<double>(batch.tokens.size());
    backpropagate(current(), batch,
                  {[&](RowMatrixF& logits, std::int64_t first) {
                     RowMatrixF wanted = m_original.logits(target.middleRows(first, logits.rows()));
                     normalise(wanted);
                     normalise(logits);
                     divergence += divergenceOf(wanted, logits);
                     logits = (logits - wanted) / static_cast<float>(tokens);
                   },
                   [&](LayerId layer, Eigen::Ref<const RowMatrixF> x, Eigen::Ref<const RowMatrixF> g) {
                     if (const auto found = m_layers.find(layer); found != m_layers.end())
                       found->second.addGradient(x, g);
                   }},
                  progress);
    return divergence / tokens;
  }

  void move(int step, double rate) {
    for (auto& [layer, refined] : m_layers) refined.move(step, rate);
  }

  double divergence(const Batch& batch, const Progress& progress) const {
    const Model model = current();
    const RowMatrixF a = m_original.forward(batch, {}, progress), b = model.forward(batch, {}, progress);
    double sum = 0;
    for (std::int64_t first = 0; first < a.rows(); first += kLogitRows) {
      const std::int64_t rows = std::min<std::int64_t>(kLogitRows, a.rows() - first);
      RowMatrixF wanted = m_original.logits(a.middleRows(first, rows)),
                 present = model.logits(b.middleRows(first, rows));
      normalise(wanted);
      normalise(present);
      sum += divergenceOf(wanted, present);
    }
    return sum / static_cast<double>(a.rows());
  }

  std::map<LayerId, LayerParts> parts() const {
    std::map<LayerId, LayerParts> parts;
    for (const auto& [layer, refined] : m_layers) parts[layer] = refined.parts();
    return parts;
  }

 private:
  Model current() const {
    Substitutes substitutes = m_fixed;
    for (const auto& [layer, refined] : m_layers) substitutes[layer] = refined.linear();
    return m_original.with(substitutes);
  }

  const Model& m_original;
  Substitutes m_fixed;
  std::map<LayerId, RefinedLayer> m_layers;
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

/// The last sequences, spread over nothing: records are in no order.
std::size_t heldOutCount(std::size_t sequences, const RefineOptions& options) {
  if (sequences < 4) return 0;
  const auto share = static_cast<std::size_t>(options.heldOut * static_cast<double>(sequences));
  return std::clamp<std::size_t>(share, 1, kMostHeldOut);
}

} // namespace

std::map<LayerId, LayerParts> refine(const Model& original, std::map<LayerId, LayerParts> parts,
                                     std::span<const std::vector<int>> sequences, const RefineOptions& options,
                                     const Progress& progress, const std::function<void(const RefineStep&)>& sink) {
  assert(!sequences.empty());
  if (parts.empty() || options.steps < 1) return parts;
  const auto start = std::chrono::steady_clock::now();
  const auto overdue = [&] {
    return options.seconds > 0 &&
           std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() > options.seconds;
  };
  const std::size_t apart = heldOutCount(sequences.size(), options);
  const Batch unseen =
      batchOf(apart > 0 ? sequences.last(apart) : sequences.first(std::min(sequences.size(), kMostHeldOut)));
  Feed feed(sequences.first(sequences.size() - apart), options.seed);
  Refinement refinement(original, parts, options.fixed);
  double least = 0;
  const auto check = [&](bool first) {
    const double divergence = refinement.divergence(unseen, progress.silent());
    if (first || divergence < least) {
      least = divergence;
      if (!first) parts = refinement.parts();
    }
    return divergence;
  };
  for (int step = 0; step < options.steps && !overdue(); ++step) {
    progress.check();
    RefineStep told{step, 0, {}};
    if (step % options.stepsPerCheck == 0) told.heldOut = check(step == 0);
    told.divergence = refinement.look(feed.next(options.batchTokens), progress.silent());
    refinement.move(step + 1, rateAt(step, options));
    if (sink) sink(told);
    progress.report((step + 1.0) / options.steps);
  }
  check(false);
  return parts;
}

} // namespace rankscope
