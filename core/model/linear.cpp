// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/linear.h"

#include <cassert>

#include "core/tensor/convert.h"

namespace rankscope {

namespace {

void through(const WeightMatrix& matrix, Orientation orientation, const float* x, std::int64_t tokens, float* y) {
  if (orientation == Orientation::OutIn)
    matrix.multiplyTransposed(x, tokens, y);
  else
    matrix.multiply(x, tokens, y);
}

Orientation opposite(Orientation orientation) {
  return orientation == Orientation::OutIn ? Orientation::InOut : Orientation::OutIn;
}

double size(const std::optional<WeightMatrix>& matrix) {
  return matrix ? static_cast<double>(matrix->rows()) * static_cast<double>(matrix->cols()) : 0.0;
}

void roundToBf16(std::span<float> values) {
  std::vector<std::byte> bytes(2 * values.size());
  store(std::span<const float>(values), DType::BF16, bytes.data());
  convert(bytes.data(), DType::BF16, 0, values);
}

std::uint64_t bytesOf(const std::optional<WeightMatrix>& matrix) {
  return matrix ? matrix->bytes() : 0;
}

} // namespace

Linear::Linear(LinearWeights weights) : m_weights(std::move(weights)) {
  assert(m_weights.base || m_weights.a);
  assert(m_weights.a.has_value() == m_weights.b.has_value());
  assert(!m_weights.a || m_weights.a->cols() == m_weights.b->rows());
  assert(m_weights.biasShift.empty() || static_cast<std::int64_t>(m_weights.biasShift.size()) == outputs());
}

std::int64_t Linear::rows() const {
  return m_weights.base ? m_weights.base->rows() : m_weights.a->rows();
}
std::int64_t Linear::cols() const {
  return m_weights.base ? m_weights.base->cols() : m_weights.b->cols();
}
std::int64_t Linear::inputs() const {
  return m_weights.orientation == Orientation::OutIn ? cols() : rows();
}
std::int64_t Linear::outputs() const {
  return m_weights.orientation == Orientation::OutIn ? rows() : cols();
}

std::uint64_t Linear::bytes() const {
  return bytesOf(m_weights.base) + bytesOf(m_weights.a) + bytesOf(m_weights.b) + 4 * m_weights.biasShift.size();
}

std::optional<std::int64_t> Linear::rank() const {
  return m_weights.a ? std::optional(m_weights.a->cols()) : std::nullopt;
}

double Linear::flopsPerToken() const {
  return 2 * (size(m_weights.base) + size(m_weights.a) + size(m_weights.b));
}

void Linear::apply(const float* x, std::int64_t tokens, float* y) const {
  if (!m_weights.bf16Activations) return applyExactly(x, tokens, y);
  std::vector<float> rounded(x, x + tokens * inputs());
  roundToBf16(rounded);
  applyExactly(rounded.data(), tokens, y);
  roundToBf16({y, static_cast<std::size_t>(tokens * outputs())});
}

void Linear::applyExactly(const float* x, std::int64_t tokens, float* y) const {
  const std::int64_t out = outputs();
  if (m_weights.base) through(*m_weights.base, m_weights.orientation, x, tokens, y);
  if (m_weights.a) {
    const bool outIn = m_weights.orientation == Orientation::OutIn;
    const WeightMatrix& first = outIn ? *m_weights.b : *m_weights.a;
    const WeightMatrix& second = outIn ? *m_weights.a : *m_weights.b;
    std::vector<float> inner(static_cast<std::size_t>(tokens * *rank()));
    through(first, m_weights.orientation, x, tokens, inner.data());
    if (!m_weights.base) {
      through(second, m_weights.orientation, inner.data(), tokens, y);
    } else {
      std::vector<float> correction(static_cast<std::size_t>(tokens * out));
      through(second, m_weights.orientation, inner.data(), tokens, correction.data());
      for (std::int64_t i = 0; i < tokens * out; ++i) y[i] += correction[static_cast<std::size_t>(i)];
    }
  }
  if (m_weights.biasShift.empty()) return;
  for (std::int64_t t = 0; t < tokens; ++t)
    for (std::int64_t i = 0; i < out; ++i) y[t * out + i] += m_weights.biasShift[static_cast<std::size_t>(i)];
}

void Linear::applyTransposed(const float* dy, std::int64_t tokens, float* dx) const {
  const Orientation back = opposite(m_weights.orientation);
  if (m_weights.base) through(*m_weights.base, back, dy, tokens, dx);
  if (!m_weights.a) return;
  const bool outIn = m_weights.orientation == Orientation::OutIn;
  std::vector<float> inner(static_cast<std::size_t>(tokens * *rank()));
  through(outIn ? *m_weights.a : *m_weights.b, back, dy, tokens, inner.data());
  std::vector<float> part(m_weights.base ? static_cast<std::size_t>(tokens * inputs()) : 0);
  through(outIn ? *m_weights.b : *m_weights.a, back, inner.data(), tokens, m_weights.base ? part.data() : dx);
  for (std::size_t i = 0; i < part.size(); ++i) dx[i] += part[i];
}

void Linear::row(std::int64_t i, float* out) const {
  if (m_weights.base) m_weights.base->row(i, out);
  if (!m_weights.a) return;
  std::vector<float> coefficients(static_cast<std::size_t>(*rank())), sum(static_cast<std::size_t>(cols()));
  m_weights.a->row(i, coefficients.data());
  m_weights.b->multiply(coefficients.data(), 1, sum.data());
  for (std::int64_t j = 0; j < cols(); ++j) {
    const float value = sum[static_cast<std::size_t>(j)];
    out[j] = m_weights.base ? out[j] + value : value;
  }
}

LinearPtr linearOf(const std::shared_ptr<const Checkpoint>& checkpoint, LayerId layer) {
  const LayerInfo& info = checkpoint->layer(layer);
  if (const StoredLayer* stored = checkpoint->stored(layer)) return linearOf(info, *stored);
  const Checkpoint::Matrix matrix = checkpoint->matrix(layer);
  LinearWeights weights;
  weights.orientation = info.orientation;
  // The view points into the mapped file, which the checkpoint keeps open.
  weights.base.emplace(matrix.view,
                       std::make_shared<std::pair<std::shared_ptr<const Checkpoint>, std::shared_ptr<const void>>>(
                           checkpoint, matrix.owner));
  return std::make_shared<const Linear>(std::move(weights));
}

LinearPtr linearOf(const LayerInfo& layer, const StoredLayer& stored) {
  LinearWeights weights;
  weights.orientation = layer.orientation;
  if (stored.base) weights.base.emplace(*stored.base);
  if (stored.factors) {
    weights.a.emplace(stored.factors->a);
    weights.b.emplace(stored.factors->b);
  }
  weights.biasShift = stored.biasShift;
  return std::make_shared<const Linear>(std::move(weights));
}

} // namespace rankscope
