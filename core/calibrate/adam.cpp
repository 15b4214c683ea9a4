// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/adam.h"

#include <algorithm>
#include <cmath>

namespace rankscope {

AdamMatrix::AdamMatrix(const RowMatrixF& start)
    : AdamMatrix(start, Eigen::ArrayXXf::Constant(
                            start.rows(), start.cols(),
                            start.norm() / std::sqrt(static_cast<float>(std::max<Eigen::Index>(1, start.size()))))) {}

AdamMatrix::AdamMatrix(const RowMatrixF& start, const Eigen::ArrayXXf& sizes)
    : m_values(start), m_first(Eigen::ArrayXXf::Zero(start.rows(), start.cols())), m_second(m_first), m_sizes(sizes) {}

void AdamMatrix::move(const RowMatrixF& gradient, int step, double rate) {
  constexpr float kDecay1 = 0.9f, kDecay2 = 0.95f;
  m_first = kDecay1 * m_first + (1 - kDecay1) * gradient.array();
  m_second = kDecay2 * m_second + (1 - kDecay2) * gradient.array().square();
  const float unbias1 = 1 - std::pow(kDecay1, static_cast<float>(step));
  const float unbias2 = 1 - std::pow(kDecay2, static_cast<float>(step));
  m_values.array() -= m_sizes * static_cast<float>(rate) * (m_first / unbias1) / ((m_second / unbias2).sqrt() + 1e-12f);
}

} // namespace rankscope
