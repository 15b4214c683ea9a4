// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <Eigen/Core>

#include "core/tensor/convert.h"

namespace rankscope {

/// Numbers that are moved down a gradient (Adam: Kingma & Ba 2015). The largest step of a number is `rate` times its
/// `size`.
class AdamMatrix final {
 public:
  /// All numbers of one size: the root of the mean square.
  explicit AdamMatrix(const RowMatrixF& start);
  /// Each of its own.
  AdamMatrix(const RowMatrixF& start, const Eigen::ArrayXXf& sizes);

  const RowMatrixF& values() const { return m_values; }
  /// `step` counts from 1.
  void move(const RowMatrixF& gradient, int step, double rate);

 private:
  RowMatrixF m_values;
  Eigen::ArrayXXf m_first, m_second, m_sizes;
};

} // namespace rankscope
