// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/calibration.h"

#include <algorithm>
#include <random>

#include "core/calibrate/shared_inputs.h"
#include "core/model/backward.h"
#include "core/model/blas.h"

namespace rankscope {

namespace {

using RowMatrixRef = Eigen::Ref<const RowMatrixF>;

/// Sums of one matrix's rows: Σ xᵀx and Σ x.
struct Sums {
  Eigen::MatrixXd products;
  Eigen::VectorXd values;

  void add(const RowMatrixRef& x) {
    if (products.size() == 0) {
      products = Eigen::MatrixXd::Zero(x.cols(), x.cols());
      values = Eigen::VectorXd::Zero(x.cols());
    }
    RowMatrixF part(x.cols(), x.cols());
    const ConstMatrixRef rows{x.data(), x.outerStride(), false};
    parallelSgemm(x.cols(), x.cols(), x.rows(), 1.0f, {rows.data, rows.stride, true}, rows, part.data(), part.cols());
    products += part.cast<double>();
    values += x.cast<double>().colwise().sum().transpose();
  }
};

/// Rows of logits become p − e_ŷ with ŷ drawn from p = softmax: the gradient of −log p(ŷ).
class SampledLikelihood final {
 public:
  explicit SampledLikelihood(std::uint64_t seed) : m_engine(seed) {}

  void operator()(RowMatrixF& logits) {
    for (Eigen::Index i = 0; i < logits.rows(); ++i) {
      kernels().softmax(logits.row(i).data(), logits.cols());
      logits(i, draw(logits.row(i))) -= 1.0f;
    }
  }

 private:
  Eigen::Index draw(const Eigen::Ref<const Eigen::RowVectorXf>& probabilities) {
    double left = std::uniform_real_distribution<double>()(m_engine);
    Eigen::Index i = 0;
    for (; i + 1 < probabilities.size(); ++i)
      if ((left -= static_cast<double>(probabilities[i])) < 0) break;
    return i;
  }

  std::mt19937_64 m_engine;
};

/// Rounded to F32, as the cache keeps them: a text that was run and one that was found there give the same numbers.
template <class Matrix>
Matrix meanOf(const Matrix& sum, double count) {
  return (sum / count).template cast<float>().template cast<double>();
}

class Accumulator final {
 public:
  Accumulator(const Model& model, const CalibrationOptions& options)
      : m_model(model), m_options(options), m_owners(inputOwners(model)), m_likelihood(options.seed) {}

  void add(const Batch& batch, const Progress& progress) {
    if (m_options.gradients)
      backpropagate(m_model, batch,
                    {[&](RowMatrixF& logits, std::int64_t) { m_likelihood(logits); },
                     [&](LayerId layer, RowMatrixRef x, RowMatrixRef g) {
                       addInputs(layer, x);
                       if (meets(layer)) m_gradients[layer].add(g);
                     }},
                    progress);
    else
      m_model.forward(batch, {[&](LayerId layer, RowMatrixRef x) { addInputs(layer, x); }, {}, {}}, progress);
    m_tokens += static_cast<std::int64_t>(batch.tokens.size());
  }

  Calibration result() {
    const double count = static_cast<double>(std::max<std::int64_t>(1, m_tokens));
    std::map<LayerId, Moments> byOwner;
    for (auto& [layer, sums] : m_inputs)
      byOwner[layer] = {std::make_shared<Eigen::MatrixXd>(meanOf(sums.products, count)),
                        std::make_shared<Eigen::VectorXd>(meanOf(sums.values, count)),
                        {}};
    Calibration calibration;
    calibration.tokens = m_tokens;
    for (const auto& [layer, owner] : m_owners) {
      if (!meets(layer)) continue;
      Moments moments = byOwner.at(owner);
      if (m_options.gradients) moments.gradients = meanOf(m_gradients.at(layer).products, count);
      calibration.widest = std::max<std::int64_t>(calibration.widest, moments.inputs->rows());
      calibration.layers.emplace(layer, std::move(moments));
    }
    return calibration;
  }

 private:
  bool meets(LayerId layer) const {
    const int block = m_model.blockOf(layer);
    return block >= m_options.firstBlock && block < m_options.lastBlock;
  }

  void addInputs(LayerId layer, const RowMatrixRef& x) {
    if (meets(layer) && m_owners.at(layer) == layer) m_inputs[layer].add(x);
  }

  const Model& m_model;
  const CalibrationOptions& m_options;
  std::map<LayerId, LayerId> m_owners;
  SampledLikelihood m_likelihood;
  std::map<LayerId, Sums> m_inputs;
  std::map<LayerId, Sums> m_gradients;
  std::int64_t m_tokens = 0;
};

} // namespace

bool Calibration::coversWidth() const {
  return widest <= tokens;
}

Moments Calibration::at(LayerId layer) const {
  const Moments& here = layers.at(layer);
  return here.inputs ? here : elsewhere(layer);
}

Calibration calibrate(const Model& model, std::span<const std::vector<int>> sequences,
                      const CalibrationOptions& options, const Progress& progress) {
  Accumulator accumulator(model, options);
  std::size_t first = 0;
  while (first < sequences.size()) {
    progress.check();
    std::size_t last = first;
    for (std::int64_t tokens = 0; last < sequences.size() && (last == first || tokens < options.batchTokens); ++last)
      tokens += static_cast<std::int64_t>(sequences[last].size());
    accumulator.add(batchOf(sequences.subspan(first, last - first)), progress.silent());
    first = last;
    progress.report(static_cast<double>(first) / static_cast<double>(sequences.size()));
  }
  return accumulator.result();
}

} // namespace rankscope
