// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/backward.h"

#include <cmath>
#include <numbers>

#include "core/model/attention_backward.h"
#include "core/model/model_parts.h"
#include "core/model/parallel.h"

namespace rankscope {

namespace {


/// d activation(x) / dx.
float slope(Activation activation, float x) {
  switch (activation) {
    case Activation::Relu: return x > 0 ? 1.0f : 0.0f;
    case Activation::Silu: {
      const float s = 1 / (1 + std::exp(-x));
      return s * (1 + x * (1 - s));
    }
    case Activation::QuickGelu: {
      const float s = 1 / (1 + std::exp(-1.702f * x));
      return s * (1 + 1.702f * x * (1 - s));
    }
    case Activation::Gelu: {
      const float density = std::exp(-0.5f * x * x) / std::sqrt(2 * std::numbers::pi_v<float>);
      return 0.5f * (1 + std::erf(x / std::numbers::sqrt2_v<float>)) + x * density;
    }
    case Activation::GeluNew: {
      const float c = std::sqrt(2 / std::numbers::pi_v<float>);
      const float t = std::tanh(c * (x + 0.044715f * x * x * x));
      return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * c * (1 + 3 * 0.044715f * x * x);
    }
  }
  return 0;
}

void normaliseBackwardRow(const Architecture& a, const Norm& norm, Eigen::Index n, const float* x, const float* dy,
                          float* dx) {
  using Row = Eigen::Map<const Eigen::ArrayXf>;
  const Eigen::ArrayXd values = Row(x, n).cast<double>();
  const double mean = a.rmsNorm ? 0.0 : values.mean();
  const double factor = 1.0 / std::sqrt((values - mean).square().mean() + static_cast<double>(a.normEpsilon));
  const Eigen::ArrayXd normalised = (values - mean) * factor;
  const Eigen::ArrayXd g = Row(dy, n).cast<double>() * Row(norm.weight.data(), n).cast<double>();
  const double centre = a.rmsNorm ? 0.0 : g.mean();
  Eigen::Map<Eigen::ArrayXf>(dx, n) = (factor * (g - centre - normalised * (g * normalised).mean())).cast<float>();
}

RowMatrixF normaliseBackward(const Architecture& a, const Norm& norm, const RowMatrixF& x, const RowMatrixF& dy) {
  RowMatrixF dx(x.rows(), x.cols());
  parallelFor(x.rows(), 16, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t t = from; t < to; ++t)
      normaliseBackwardRow(a, norm, x.cols(), x.row(t).data(), dy.row(t).data(), dx.row(t).data());
  });
  return dx;
}

}  // namespace

/// Recomputes one block and goes back through it.
class BackwardPass final {
 public:
  BackwardPass(const Model& model, const Batch& batch, const BackwardHooks& hooks)
      : m_model(model), m_batch(batch), m_hooks(hooks), m_parts(*model.m_parts), m_architecture(m_parts.architecture) {}

  void run(const Progress& progress) const;

 private:
  RowMatrixF apply(const BoundLinear& linear, const RowMatrixF& x) const;
  RowMatrixF back(const BoundLinear& linear, const RowMatrixF& x, const RowMatrixF& dy) const;
  RowMatrixF fromLogits(const RowMatrixF& normalised) const;
  RowMatrixF mlp(const Block& block, const RowMatrixF& x, const RowMatrixF& dy) const;
  RowMatrixF attention(std::size_t index, const RowMatrixF& x, const RowMatrixF* dy, RowMatrixF* output) const;
  RowMatrixF block(std::size_t index, const RowMatrixF& hidden, const RowMatrixF& dy) const;
  AttentionInputs split(const Block& block, const RowMatrixF& x) const;
  RowMatrixF join(const Block& block, const RowMatrixF& x, const AttentionInputs& gradients) const;
  void turn(AttentionInputs& sequence, std::int64_t length, bool back) const;

  const Model& m_model;
  const Batch& m_batch;
  const BackwardHooks& m_hooks;
  const Model::Parts& m_parts;
  const Architecture& m_architecture;
};

RowMatrixF BackwardPass::apply(const BoundLinear& linear, const RowMatrixF& x) const {
  const Linear& map = *m_model.linear(linear.layer);
  RowMatrixF y(x.rows(), map.outputs());
  map.apply(x.data(), x.rows(), y.data());
  if (!linear.bias.empty()) y.rowwise() += Eigen::Map<const Eigen::RowVectorXf>(linear.bias.data(), y.cols());
  return y;
}

/// Tells the hook and returns the gradient with respect to the linear's inputs.
RowMatrixF BackwardPass::back(const BoundLinear& linear, const RowMatrixF& x, const RowMatrixF& dy) const {
  if (m_hooks.linear) m_hooks.linear(linear.layer, x, dy);
  const Linear& map = *m_model.linear(linear.layer);
  RowMatrixF dx(dy.rows(), map.inputs());
  map.applyTransposed(dy.data(), dy.rows(), dx.data());
  return dx;
}

RowMatrixF BackwardPass::fromLogits(const RowMatrixF& normalised) const {
  RowMatrixF gradients(normalised.rows(), normalised.cols());
  const Linear& head = *m_model.linear(m_parts.head);
  const std::int64_t together = m_model.logitRows();
  for (std::int64_t first = 0; first < normalised.rows(); first += together) {
    const std::int64_t rows = std::min<std::int64_t>(together, normalised.rows() - first);
    RowMatrixF logits = m_model.logits(normalised.middleRows(first, rows));
    m_hooks.logits(logits, first);
    head.applyTransposed(logits.data(), rows, gradients.row(first).data());
  }
  return gradients;
}

RowMatrixF BackwardPass::mlp(const Block& block, const RowMatrixF& x, const RowMatrixF& dy) const {
  const bool gated = !m_architecture.blocks.front().gate.weight.empty();
  const RowMatrixF before = apply(gated ? block.gate : block.up, x);
  RowMatrixF active = before;
  kernels().activate(m_architecture.activation, active.data(), active.size());
  const RowMatrixF up = gated ? apply(block.up, x) : RowMatrixF();
  const RowMatrixF inner = gated ? RowMatrixF(active.cwiseProduct(up)) : active;
  RowMatrixF dInner = back(block.down, inner, dy);
  RowMatrixF dBefore = gated ? RowMatrixF(dInner.cwiseProduct(up)) : dInner;
  parallelFor(before.size(), 8192, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t i = from; i < to; ++i) dBefore.data()[i] *= slope(m_architecture.activation, before.data()[i]);
  });
  if (!gated) return back(block.up, x, dBefore);
  const RowMatrixF dUp = dInner.cwiseProduct(active);
  return back(block.up, x, dUp) + back(block.gate, x, dBefore);
}

/// Queries, keys and values of all sequences, not yet turned.
AttentionInputs BackwardPass::split(const Block& block, const RowMatrixF& x) const {
  const Architecture& a = m_architecture;
  if (a.packing == QkvPacking::Separate) return {apply(block.query, x), apply(block.key, x), apply(block.value, x)};
  const RowMatrixF fused = apply(block.query, x);
  const std::int64_t q = a.queryWidth(), kv = a.kvWidth();
  if (a.packing == QkvPacking::Concatenated) return {fused.leftCols(q), fused.middleCols(q, kv), fused.rightCols(kv)};
  AttentionInputs parts{RowMatrixF(x.rows(), q), RowMatrixF(x.rows(), kv), RowMatrixF(x.rows(), kv)};
  for (std::int64_t h = 0; h < a.heads; ++h) {
    RowMatrixF* to[]{&parts.queries, &parts.keys, &parts.values};
    for (std::int64_t part = 0; part < 3; ++part)
      to[part]->middleCols(h * a.headDim, a.headDim) = fused.middleCols((3 * h + part) * a.headDim, a.headDim);
  }
  return parts;
}

/// Goes back through the linears of split().
RowMatrixF BackwardPass::join(const Block& block, const RowMatrixF& x, const AttentionInputs& gradients) const {
  const Architecture& a = m_architecture;
  if (a.packing == QkvPacking::Separate)
    return back(block.query, x, gradients.queries) + back(block.key, x, gradients.keys) +
           back(block.value, x, gradients.values);
  RowMatrixF fused(x.rows(), a.queryWidth() + 2 * a.kvWidth());
  if (a.packing == QkvPacking::Concatenated) {
    fused << gradients.queries, gradients.keys, gradients.values;
  } else {
    const RowMatrixF* from[]{&gradients.queries, &gradients.keys, &gradients.values};
    for (std::int64_t h = 0; h < a.heads; ++h)
      for (std::int64_t part = 0; part < 3; ++part)
        fused.middleCols((3 * h + part) * a.headDim, a.headDim) = from[part]->middleCols(h * a.headDim, a.headDim);
  }
  return back(block.query, x, fused);
}

/// Rotary positions of one sequence; turning back is turning by the opposite angles, the transpose of a rotation.
void BackwardPass::turn(AttentionInputs& sequence, std::int64_t length, bool back) const {
  const Architecture& a = m_architecture;
  if (!a.rope) return;
  RopeTable table = ropeTable(*a.rope, 0, length);
  if (back)
    for (float& sine : table.sines) sine = -sine;
  rotate(*a.rope, table, sequence.queries.data(), sequence.queries.cols(), length, a.heads, a.headDim);
  rotate(*a.rope, table, sequence.keys.data(), sequence.keys.cols(), length, a.kvHeads, a.headDim);
}

/// With `dy` null only the output is computed; else also the gradient with respect to x.
RowMatrixF BackwardPass::attention(std::size_t index, const RowMatrixF& x, const RowMatrixF* dy, RowMatrixF* output) const {
  const Architecture& a = m_architecture;
  const Block& block = m_parts.blocks[index];
  const BlockDescription& names = a.blocks[index];
  const AttentionShape shape{a.heads, a.kvHeads, a.headDim, names.scoreScale, names.window};
  const AttentionInputs all = split(block, x);
  RowMatrixF attended(x.rows(), a.queryWidth());
  std::vector<AttentionInputs> sequences;
  std::int64_t row = 0;
  for (const std::int64_t length : m_batch.lengths) {
    AttentionInputs& sequence = sequences.emplace_back(AttentionInputs{
        all.queries.middleRows(row, length), all.keys.middleRows(row, length), all.values.middleRows(row, length)});
    turn(sequence, length, false);
    attend(shape, sequence.queries.data(), a.queryWidth(), sequence.keys.data(), sequence.values.data(), a.kvWidth(), 0,
           length, attended.row(row).data());
    row += length;
  }
  if (!dy) {
    *output = apply(block.attentionOutput, attended);
    return {};
  }
  const RowMatrixF dAttended = back(block.attentionOutput, attended, *dy);
  AttentionInputs gradients{RowMatrixF(x.rows(), a.queryWidth()), RowMatrixF(x.rows(), a.kvWidth()),
                            RowMatrixF(x.rows(), a.kvWidth())};
  row = 0;
  for (std::size_t s = 0; s < sequences.size(); ++s) {
    const std::int64_t length = m_batch.lengths[s];
    AttentionInputs part = attendBackward(shape, sequences[s], dAttended.middleRows(row, length));
    turn(part, length, true);
    gradients.queries.middleRows(row, length) = part.queries;
    gradients.keys.middleRows(row, length) = part.keys;
    gradients.values.middleRows(row, length) = part.values;
    row += length;
  }
  return join(block, x, gradients);
}

RowMatrixF BackwardPass::block(std::size_t index, const RowMatrixF& hidden, const RowMatrixF& dy) const {
  const Architecture& a = m_architecture;
  const Block& parts = m_parts.blocks[index];
  const RowMatrixF normalised = normaliseRows(a, parts.attentionNorm, hidden);
  RowMatrixF middle = hidden;  // what the MLP's norm reads
  if (!a.parallelResidual) {
    RowMatrixF attended;
    attention(index, normalised, nullptr, &attended);
    middle += attended;
  }
  const RowMatrixF dMlp = mlp(parts, normaliseRows(a, parts.mlpNorm, middle), dy);
  const RowMatrixF dMiddle = dy + normaliseBackward(a, parts.mlpNorm, middle, dMlp);
  const RowMatrixF dAttention = attention(index, normalised, a.parallelResidual ? &dy : &dMiddle, nullptr);
  return dMiddle + normaliseBackward(a, parts.attentionNorm, hidden, dAttention);
}

void BackwardPass::run(const Progress& progress) const {
  const int blocks = m_model.blockCount();
  std::vector<RowMatrixF> before;
  RowMatrixF hidden = m_model.embed(m_batch);
  for (int i = 0; i < blocks; ++i) {
    before.push_back(hidden);
    m_model.runBlocks(hidden, m_batch, i, i + 1, {}, progress);
  }
  RowMatrixF gradient = normaliseBackward(m_architecture, m_parts.finalNorm, hidden, fromLogits(m_model.finalNorm(hidden)));
  for (int i = blocks; i-- > 0;) {
    progress.check();
    gradient = block(static_cast<std::size_t>(i), before[static_cast<std::size_t>(i)], gradient);
    before.pop_back();
  }
}

void backpropagate(const Model& model, const Batch& batch, const BackwardHooks& hooks, const Progress& progress) {
  BackwardPass(model, batch, hooks).run(progress);
}

}  // namespace rankscope
