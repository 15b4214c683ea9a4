// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include <Eigen/Core>

#include "core/tensor/tensor_view.h"

namespace rankscope {

/// A stored matrix seen as W·2⁻ᵉ, with e such that every |entry| is below 1 and the largest at least ¼: exact, and its
/// squares are far from over- and underflow. Long and short are its sides, m ≥ n; rows or columns may be the long one.
class ScaledMatrix final {
 public:
  /// Reads every entry once. Throws Error(BadValues) naming the place of a NaN or infinity.
  explicit ScaledMatrix(const MatrixView& view);

  bool zero() const { return m_zero; }
  int exponent() const { return m_exponent; }
  std::int64_t rows() const { return m_view.rows; }
  std::int64_t cols() const { return m_view.cols; }
  int longSide() const { return static_cast<int>(m_view.rows < m_view.cols ? m_view.cols : m_view.rows); }
  int shortSide() const { return static_cast<int>(m_view.smallSide()); }
  bool rowsAreLong() const { return m_view.rows >= m_view.cols; }

  /// `count` entries from (row, col) on along the row.
  void read(std::int64_t row, std::int64_t col, std::int64_t count, double* out) const;

  /// The whole matrix, m × n, transposed when its columns are the long side; stored with paddedRows(m) rows.
  Eigen::MatrixXf tallFloat() const;

  /// Rows [first, first + count) of the m × n matrix, one a column, in the first n rows and `count` columns of `out`,
  /// which is made larger when it is too small.
  template <class Scalar>
  void readLong(int first, int count, Eigen::MatrixX<Scalar>& out) const;

  /// Σ of the squares of the entries.
  double squaredNorm() const;

 private:
  MatrixView m_view;
  bool m_zero = true;
  int m_exponent = 0;
  double m_scale = 1; // twice: 2⁻ᵉ itself may overflow
};

extern template void ScaledMatrix::readLong(int, int, Eigen::MatrixXf&) const;
extern template void ScaledMatrix::readLong(int, int, Eigen::MatrixXd&) const;

} // namespace rankscope
