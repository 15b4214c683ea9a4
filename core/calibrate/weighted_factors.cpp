// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/weighted_factors.h"

#include <cmath>

#include <Eigen/Cholesky>

#include "core/linalg/svd.h"

namespace rankscope {

namespace {

constexpr double kInputDamping = 1e-9;
constexpr double kGradientDamping = 1e-4;

/// Lower triangular L with LLᵀ = matrix + damping·mean(diagonal)·I; more damping where rounding has made it indefinite.
Eigen::MatrixXd root(const Eigen::MatrixXd& matrix, double damping) {
  const double mean = matrix.diagonal().mean();
  if (!(mean > 0)) return Eigen::MatrixXd::Identity(matrix.rows(), matrix.cols());
  for (;; damping *= 10) {
    Eigen::MatrixXd damped = matrix;
    damped.diagonal().array() += damping * mean;
    const Eigen::LLT<Eigen::MatrixXd> cholesky(damped);
    if (cholesky.info() == Eigen::Success) return cholesky.matrixL();
  }
}

RowMatrixD outIn(const RowMatrixD& stored, Orientation orientation) {
  return orientation == Orientation::OutIn ? stored : RowMatrixD(stored.transpose());
}

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

}  // namespace

WeightedMatrix::WeightedMatrix(const RowMatrixD& stored, Orientation orientation, const Moments& moments, Metric metric)
    : m_matrix(outIn(stored, orientation)), m_orientation(orientation) {
  const Eigen::MatrixXd inputRoot = root(*moments.inputs, kInputDamping);
  m_weighted = m_matrix * inputRoot.triangularView<Eigen::Lower>();
  if (metric == Metric::Outputs) return;
  m_root = root(moments.gradients, kGradientDamping);
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

double relativeOutputError(const RowMatrixD& stored, const RowMatrixD& approximation, Orientation orientation,
                           const Moments& moments) {
  const Eigen::MatrixXd inputRoot = root(*moments.inputs, kInputDamping);
  const RowMatrixD matrix = outIn(stored, orientation);
  const RowMatrixD difference = matrix - outIn(approximation, orientation);
  const double before = (matrix * inputRoot).norm(), error = (difference * inputRoot).norm();
  return before > 0 ? error / before : 0.0;
}

}  // namespace rankscope
