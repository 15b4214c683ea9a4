// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/attention_backward.h"

#include <algorithm>
#include <cmath>

#include "core/model/parallel.h"

namespace rankscope {

namespace {

/// Softmax of the scaled scores of one head, zero where query i does not see key j.
RowMatrixF attentionWeights(const AttentionShape& shape, const RowMatrixF& queries, const RowMatrixF& keys) {
  RowMatrixF weights = shape.scale * queries * keys.transpose();
  const Eigen::Index count = weights.rows();
  for (Eigen::Index i = 0; i < count; ++i) {
    const Eigen::Index first = shape.window > 0 ? std::max<Eigen::Index>(0, i - shape.window + 1) : 0;
    auto seen = weights.row(i).segment(first, i - first + 1);
    seen = (seen.array() - seen.maxCoeff()).exp().matrix();
    seen /= seen.sum();
    weights.row(i).head(first).setZero();
    weights.row(i).tail(count - i - 1).setZero();
  }
  return weights;
}

void backwardHead(const AttentionShape& shape, const AttentionInputs& inputs, const RowMatrixF& gradients,
                  std::int64_t head, AttentionInputs& result) {
  const std::int64_t dim = shape.headDim, own = head * dim, shared = head / (shape.heads / shape.kvHeads) * dim;
  const RowMatrixF q = inputs.queries.middleCols(own, dim), k = inputs.keys.middleCols(shared, dim);
  const RowMatrixF v = inputs.values.middleCols(shared, dim), dOut = gradients.middleCols(own, dim);
  const RowMatrixF weights = attentionWeights(shape, q, k);
  RowMatrixF dScores = dOut * v.transpose();
  const Eigen::VectorXf mean = (dScores.array() * weights.array()).rowwise().sum();
  dScores = (weights.array() * (dScores.colwise() - mean).array()).matrix() * shape.scale;
  result.queries.middleCols(own, dim) = dScores * k;
  result.keys.middleCols(shared, dim) += dScores.transpose() * q;
  result.values.middleCols(shared, dim) += weights.transpose() * dOut;
}

RowMatrixF zeroLike(const RowMatrixF& matrix) { return RowMatrixF::Zero(matrix.rows(), matrix.cols()); }

}  // namespace

AttentionInputs attendBackward(const AttentionShape& shape, const AttentionInputs& inputs, const RowMatrixF& gradients) {
  AttentionInputs result{zeroLike(inputs.queries), zeroLike(inputs.keys), zeroLike(inputs.values)};
  const std::int64_t group = shape.heads / shape.kvHeads;
  parallelFor(shape.kvHeads, 1, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t head = from * group; head < to * group; ++head) backwardHead(shape, inputs, gradients, head, result);
  });
  return result;
}

}  // namespace rankscope
