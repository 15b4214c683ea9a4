// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/weighted_factors.h"

#include <cmath>

#include "core/linalg/svd.h"

namespace rankscope {

namespace {

constexpr double kInputDamping = 1e-9;

MatrixView view(const RowMatrixD& matrix) {
  return {matrix.rows(), matrix.cols(), DType::F64, reinterpret_cast<const std::byte*>(matrix.data())};
}

/// Column i of a and row i of b get the same length; their product does not change.
void balance(RowMatrixD& a, RowMatrixD& b) {
  for (Eigen::Index i = 0; i < a.cols(); ++i) {
    const double left = a.col(i).norm(), right = b.row(i).norm();
    if (left == 0 || right == 0) continue;
    const double scale = std::sqrt(right / left);
    a.col(i) *= scale;
    b.row(i) /= scale;
  }
}

} // namespace

WeightedMatrix::WeightedMatrix(const RowMatrixD& stored, Orientation orientation, const Moments& moments, Metric metric)
    : m_matrix(turned(stored, orientation)), m_orientation(orientation) {
  const Eigen::MatrixXd inputRoot = dampedRoot(*moments.inputs, kInputDamping);
  m_weighted = m_matrix * inputRoot.triangularView<Eigen::Lower>();
  if (metric == Metric::Outputs) return;
  m_root = dampedRoot(dampedGradients(moments), kInputDamping);
  m_weighted = RowMatrixD(m_root.transpose().triangularView<Eigen::Upper>() * m_weighted);
}

std::vector<double> WeightedMatrix::sigma(const Progress& progress, int threads) const {
  return singularValues(view(m_weighted), progress, threads);
}

FactorValues WeightedMatrix::factors(std::int64_t rank, const Progress& progress, int threads) const {
  const TruncatedSvd svd = truncatedSvd(view(m_weighted), rank, {}, progress, threads);
  RowMatrixD a = svd.u;
  RowMatrixD b;
  if (m_root.size() == 0) {
    b = svd.u.transpose() * m_matrix;
  } else {
    b = (m_root * svd.u).transpose() * m_matrix;
    m_root.transpose().triangularView<Eigen::Upper>().solveInPlace(a);
  }
  balance(a, b);
  if (m_orientation == Orientation::OutIn) return {std::move(a), std::move(b)};
  return {b.transpose(), a.transpose()};
}

} // namespace rankscope
