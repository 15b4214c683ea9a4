// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/sequential.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <Eigen/Cholesky>
#include <fmt/format.h>

#include "core/base/schedule.h"
#include "core/calibrate/metric.h"
#include "core/calibrate/shared_inputs.h"
#include "core/model/blas.h"

namespace rankscope {

namespace {

/// sum += aᵀ b, products in F32.
void addProduct(Eigen::MatrixXd& sum, const RowMatrixF& a, const RowMatrixF& b) {
  if (sum.size() == 0) sum = Eigen::MatrixXd::Zero(a.cols(), b.cols());
  RowMatrixF part(a.cols(), b.cols());
  parallelSgemm(a.cols(), b.cols(), a.rows(), 1.0f, {a.data(), a.cols(), true}, {b.data(), b.cols(), false},
                part.data(), part.cols());
  sum += part.cast<double>();
}

/// Sums over the text of what one stage's linears read in both models, and of what the residual stream lacks.
struct StageSums {
  Eigen::MatrixXd inputs;   ///< Σ x̃ x̃ᵀ
  Eigen::MatrixXd crossed;  ///< Σ x x̃ᵀ
  Eigen::MatrixXd residual; ///< Σ (h − h̃) x̃ᵀ; empty where it is not made up for
  Eigen::VectorXd inputMean, originalMean, residualMean;
};

/// Ends a pass that has shown what it was for.
struct Enough {};

/// What one model shows of a stage in one batch.
struct Seen {
  RowMatrixF inputs;
  RowMatrixF stream; ///< residual stream that the stage writes to, before it does; empty where it writes to none
};

using Stages = std::map<LayerId, Seen>; ///< by the first of each stage's linears

class InOrder final {
 public:
  InOrder(const Model& original, std::span<const std::vector<int>> sequences, const SequentialOptions& options)
      : m_original(original), m_compressed(original.with(options.others)), m_options(options),
        m_substitutes(options.others) {
    std::size_t first = 0;
    while (first < sequences.size()) {
      std::size_t last = first;
      for (std::int64_t tokens = 0; last < sequences.size() && (last == first || tokens < options.batchTokens); ++last)
        tokens += static_cast<std::int64_t>(sequences[last].size());
      m_batches.push_back(batchOf(sequences.subspan(first, last - first)));
      m_tokens += static_cast<double>(m_batches.back().tokens.size());
      m_wanted.push_back(original.embed(m_batches.back()));
      first = last;
    }
    m_present = m_wanted;
  }

  /// Runs a block of the original once and for all, where what its stages show can be kept.
  void enter(int block, const Progress& progress) {
    m_kept.clear();
    if (bytesToKeep(block) > m_options.keptBytes) return;
    std::set<LayerId> fronts;
    for (const std::vector<LayerId>& stage : stagesOf(m_original, block)) fronts.insert(stage.front());
    for (std::size_t i = 0; i < m_batches.size(); ++i)
      m_kept.push_back(look(m_original, m_wanted[i], i, block, fronts, {}, progress));
  }

  StageSums sums(int block, const std::vector<LayerId>& stage, const Progress& progress) const {
    StageSums sums;
    const LayerId front = stage.front();
    for (std::size_t i = 0; i < m_batches.size(); ++i) {
      progress.check();
      const auto lookAgain = [&](const Model& model, RowMatrixF hidden) {
        return look(model, hidden, i, block, {front}, front, progress);
      };
      const Stages again = m_kept.empty() ? lookAgain(m_original, m_wanted[i]) : Stages();
      const Seen& wanted = (m_kept.empty() ? again : m_kept[i]).at(front);
      const Seen present = lookAgain(m_compressed, m_present[i]).at(front);
      addProduct(sums.inputs, present.inputs, present.inputs);
      addProduct(sums.crossed, wanted.inputs, present.inputs);
      addMean(sums.inputMean, present.inputs);
      addMean(sums.originalMean, wanted.inputs);
      if (!m_options.correctResidual || !writesStream(front)) continue;
      const RowMatrixF lacking = wanted.stream - present.stream;
      addProduct(sums.residual, lacking, present.inputs);
      addMean(sums.residualMean, lacking);
    }
    return sums;
  }

  SequentialTarget target(LayerId layer, const StageSums& sums, Eigen::MatrixXd gradients) const {
    const Orientation orientation = m_original.checkpoint().layer(layer).orientation;
    const RowMatrixD matrix = turned(toDouble(m_original.checkpoint().matrix(layer).view), orientation);
    Moments moments{std::make_shared<const Eigen::MatrixXd>(sums.inputs / m_tokens),
                    std::make_shared<const Eigen::VectorXd>(sums.inputMean / m_tokens), std::move(gradients)};
    const bool shifts = m_options.shiftsBias && m_options.shiftsBias(layer);
    const auto aboutMean = [&](const Eigen::MatrixXd& sum, const Eigen::VectorXd& mean) -> Eigen::MatrixXd {
      if (!shifts) return sum / m_tokens;
      return sum / m_tokens - mean * moments.inputMean->transpose();
    };
    const Eigen::VectorXd originalMean = sums.originalMean / m_tokens;
    Eigen::MatrixXd damped = aboutMean(sums.inputs, *moments.inputMean);
    const double lambda = std::max(m_options.damping * damped.diagonal().mean(), 1e-30);
    damped.diagonal().array() += lambda;
    Eigen::MatrixXd wanted = matrix * aboutMean(sums.crossed, originalMean) + lambda * matrix;
    Eigen::VectorXd mean = matrix * originalMean;
    if (sums.residual.size() > 0) {
      const Eigen::VectorXd residualMean = sums.residualMean / m_tokens;
      wanted += aboutMean(sums.residual, residualMean);
      mean += residualMean;
    }
    const Eigen::MatrixXd solved = damped.llt().solve(wanted.transpose()).transpose();
    return {layer, turned(solved, orientation), std::move(moments), std::move(mean), 1};
  }

  void replace(LayerId layer, const LinearPtr& linear) {
    m_substitutes[layer] = linear;
    m_compressed = m_original.with(m_substitutes);
  }

  void advance(int block, const Progress& progress) {
    for (std::size_t i = 0; i < m_batches.size(); ++i) {
      if (m_kept.empty()) m_original.runBlocks(m_wanted[i], m_batches[i], block, block + 1, {}, progress);
      m_compressed.runBlocks(m_present[i], m_batches[i], block, block + 1, {}, progress);
    }
  }

  const Substitutes& substitutes() const { return m_substitutes; }

 private:
  bool writesStream(LayerId layer) const {
    const Role role = m_original.checkpoint().layer(layer).role;
    return role == Role::AttentionOutput || role == Role::MlpDown;
  }

  std::uint64_t bytesToKeep(int block) const {
    std::int64_t numbers = 0;
    for (const std::vector<LayerId>& stage : stagesOf(m_original, block))
      numbers += m_original.linear(stage.front())->inputs() +
                 (writesStream(stage.front()) ? m_original.architecture().hidden : 0);
    return static_cast<std::uint64_t>(m_tokens) * static_cast<std::uint64_t>(numbers) * sizeof(float);
  }

  /// What a model shows of the stages that begin with `fronts`. The pass takes `hidden` through the block unless it
  /// ends with what `last` reads.
  Stages look(const Model& model, RowMatrixF& hidden, std::size_t batch, int block, const std::set<LayerId>& fronts,
              std::optional<LayerId> last, const Progress& progress) const {
    Stages all;
    RowMatrixF stream = hidden;
    ForwardHooks hooks;
    hooks.linearInput = [&](LayerId layer, Eigen::Ref<const RowMatrixF> inputs) {
      if (fronts.contains(layer)) all[layer] = {inputs, writesStream(layer) ? stream : RowMatrixF()};
      if (layer == last) throw Enough(); // what the block does from here on is not needed
    };
    hooks.linearOutput = [&](LayerId layer, Eigen::Ref<const RowMatrixF> outputs) {
      if (m_original.checkpoint().layer(layer).role == Role::AttentionOutput) stream += outputs;
    };
    try {
      model.runBlocks(hidden, m_batches[batch], block, block + 1, hooks, progress);
    } catch (const Enough&) {
    }
    return all;
  }

  static void addMean(Eigen::VectorXd& sum, const RowMatrixF& x) {
    if (sum.size() == 0) sum = Eigen::VectorXd::Zero(x.cols());
    sum += x.cast<double>().colwise().sum().transpose();
  }

  const Model& m_original;
  Model m_compressed;
  SequentialOptions m_options;
  Substitutes m_substitutes;
  std::vector<Batch> m_batches;
  std::vector<RowMatrixF> m_wanted, m_present; ///< residual streams before the present block
  std::vector<Stages> m_kept;                  ///< of the original in the present block; empty where it does not fit
  double m_tokens = 0;
};

} // namespace

Substitutes fitInOrder(const Model& original, std::span<const std::vector<int>> sequences,
                       const std::vector<LayerId>& layers, const std::function<Eigen::MatrixXd(LayerId)>& gradients,
                       const SequentialFit& fit, const SequentialOptions& options, const Progress& progress) {
  const std::set<LayerId> chosen(layers.begin(), layers.end());
  InOrder state(original, sequences, options);
  for (int block = 0; block < original.blockCount(); ++block) {
    const std::string name = fmt::format("fitting in order, block {} of {}", block + 1, original.blockCount());
    const auto stages = stagesOf(original, block);
    std::size_t done = 0;
    const auto report = [&] {
      const double part = static_cast<double>(done) / static_cast<double>(stages.size() + 1);
      progress.report((block + part) / original.blockCount(), name);
    };
    report();
    state.enter(block, progress.silent());
    for (std::vector<LayerId> stage : stages) {
      const StageSums sums = std::ranges::any_of(stage, [&](LayerId layer) { return chosen.contains(layer); })
                                 ? state.sums(block, stage, progress.silent())
                                 : StageSums{};
      std::erase_if(stage, [&](LayerId layer) { return !chosen.contains(layer); });
      std::vector<LinearPtr> linears(stage.size());
      runScheduled(Schedule(std::vector<double>(stage.size(), 1.0)), 0, progress.silent(),
                   [&](std::size_t item, int threads) {
                     SequentialTarget target = state.target(stage[item], sums, gradients(stage[item]));
                     target.threads = threads;
                     linears[item] = fit(target);
                   });
      for (std::size_t i = 0; i < stage.size(); ++i)
        if (linears[i]) state.replace(stage[i], linears[i]);
      ++done;
      report();
    }
    state.advance(block, progress.silent());
  }
  progress.report(1);
  return state.substitutes();
}

} // namespace rankscope
