// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/refined_layer.h"

namespace rankscope {

namespace {

constexpr double kScaleShare = 0.3; // of the factors' rate: a scale moves a whole group

/// A base with other scales; the codes are shared.
struct Rescaled {
  std::shared_ptr<const void> codes;
  std::vector<float> scales;
};

RowMatrixF rowOf(const std::vector<float>& values) {
  return Eigen::Map<const RowMatrixF>(values.data(), 1, static_cast<Eigen::Index>(values.size()));
}

/// Which scale the element at (i, j) has: PerRow ones follow each other along the row, PerColumn ones down the column.
Eigen::Index scaleIndex(const StorageFormat& format, Eigen::Index cols, Eigen::Index i, Eigen::Index j) {
  if (format.axis == ScaleAxis::PerRow) {
    const Eigen::Index width = format.group == 0 ? cols : format.group;
    return i * ((cols + width - 1) / width) + j / width;
  }
  return (format.group == 0 ? 0 : i / format.group) * cols + j;
}

} // namespace

RefinedLayer::RefinedLayer(const LayerParts& start, Orientation orientation)
    : m_start(start), m_orientation(orientation) {
  if (start.factors) {
    m_a.emplace(start.factors->a.cast<float>());
    m_b.emplace(start.factors->b.cast<float>());
  }
  if (start.base) {
    const StoredMatrix& base = *start.base;
    m_codes.resize(base.rows, base.cols);
    for (Eigen::Index i = 0; i < base.rows; ++i)
      for (Eigen::Index j = 0; j < base.cols; ++j) m_codes(i, j) = static_cast<float>(codeAt(base, i, j));
    const RowMatrixF scales = rowOf({base.scales.begin(), base.scales.end()});
    m_scales.emplace(scales, scales.array());
  }
  if (!start.biasShift.empty()) {
    const RowMatrixF shift = rowOf(start.biasShift);
    m_shift.emplace(shift);
  }
}

/// W = base + ab; dA = dW·bᵀ, dB = aᵀ·dW with dW = gᵀx for out×in and xᵀg for in×out; a scale's gradient is the sum of
/// dW times the codes that it scales.
void RefinedLayer::addGradient(Eigen::Ref<const RowMatrixF> x, Eigen::Ref<const RowMatrixF> g) {
  const Eigen::Ref<const RowMatrixF>& left = m_orientation == Orientation::OutIn ? g : x;
  const Eigen::Ref<const RowMatrixF>& right = m_orientation == Orientation::OutIn ? x : g;
  if (m_a) {
    m_gradientA.noalias() = left.transpose() * (right * m_b->values().transpose());
    m_gradientB.noalias() = (left * m_a->values()).transpose() * right;
  }
  if (m_scales) {
    const RowMatrixF weights = (left.transpose() * right).cwiseProduct(m_codes);
    m_gradientScales = RowMatrixF::Zero(1, m_scales->values().cols());
    for (Eigen::Index i = 0; i < weights.rows(); ++i)
      for (Eigen::Index j = 0; j < weights.cols(); ++j)
        m_gradientScales(0, scaleIndex(m_start.base->format, weights.cols(), i, j)) += weights(i, j);
  }
  if (m_shift) m_gradientShift = g.colwise().sum();
}

void RefinedLayer::move(int step, double rate) {
  if (m_a) {
    m_a->move(m_gradientA, step, rate);
    m_b->move(m_gradientB, step, rate);
  }
  if (m_scales) m_scales->move(m_gradientScales, step, kScaleShare * rate);
  if (m_shift) m_shift->move(m_gradientShift, step, rate);
}

StoredMatrix RefinedLayer::base(bool written) const {
  StoredMatrix base = *m_start.base;
  const auto owner = std::make_shared<Rescaled>();
  owner->codes = base.owner;
  const RowMatrixF& scales = m_scales->values();
  for (Eigen::Index i = 0; i < scales.cols(); ++i)
    owner->scales.push_back(written ? roundedScale(scales(0, i), base.format) : scales(0, i));
  base.scales = owner->scales;
  base.owner = owner;
  return base;
}

LinearPtr RefinedLayer::linear() const {
  LinearWeights weights;
  weights.orientation = m_orientation;
  if (m_scales) weights.base.emplace(base(false));
  if (m_a) {
    weights.a.emplace(storeMatrix(m_a->values().cast<double>(), {}));
    weights.b.emplace(storeMatrix(m_b->values().cast<double>(), {}));
  }
  if (m_shift) weights.biasShift.assign(m_shift->values().data(), m_shift->values().data() + m_shift->values().size());
  return std::make_shared<const Linear>(std::move(weights));
}

LayerParts RefinedLayer::parts() const {
  LayerParts parts = m_start;
  if (m_scales) parts.base = base(true);
  if (m_a) parts.factors = FactorValues{m_a->values().cast<double>(), m_b->values().cast<double>()};
  if (m_shift) parts.biasShift.assign(m_shift->values().data(), m_shift->values().data() + m_shift->values().size());
  return parts;
}

} // namespace rankscope
