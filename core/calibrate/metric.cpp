// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/metric.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>

namespace rankscope {

namespace {

constexpr double kGradientDamping = 1e-4;

} // namespace

RowMatrixD turned(const RowMatrixD& matrix, Orientation orientation) {
  return orientation == Orientation::OutIn ? matrix : RowMatrixD(matrix.transpose());
}

Eigen::MatrixXd dampedRoot(const Eigen::MatrixXd& matrix, double damping) {
  const double mean = matrix.diagonal().mean();
  if (!(mean > 0)) return Eigen::MatrixXd::Identity(matrix.rows(), matrix.cols());
  for (;; damping *= 10) {
    Eigen::MatrixXd damped = matrix;
    damped.diagonal().array() += damping * mean;
    const Eigen::LLT<Eigen::MatrixXd> cholesky(damped);
    if (cholesky.info() == Eigen::Success) return cholesky.matrixL();
  }
}

Eigen::MatrixXd dampedGradients(const Moments& moments) {
  Eigen::MatrixXd damped = moments.gradients;
  damped.diagonal().array() += kGradientDamping * damped.diagonal().mean();
  return damped;
}

Moments centred(const Moments& moments) {
  const Eigen::VectorXd& mean = *moments.inputMean;
  Moments result = moments;
  result.inputs = std::make_shared<const Eigen::MatrixXd>(*moments.inputs - mean * mean.transpose());
  return result;
}

double weightedError(const RowMatrixD& difference, Orientation orientation, const Moments& moments, Metric metric) {
  const RowMatrixD d = turned(difference, orientation);
  const RowMatrixD spread = d * *moments.inputs;
  if (metric == Metric::Outputs) return std::max(0.0, spread.cwiseProduct(d).sum());
  return std::max(0.0, (dampedGradients(moments) * spread).cwiseProduct(d).sum());
}

double predictedDivergence(const RowMatrixD& difference, Orientation orientation, const Moments& moments) {
  return 0.5 * weightedError(difference, orientation, moments, Metric::Predictions);
}

std::vector<double> divergenceByRank(const std::vector<double>& sigma) {
  std::vector<double> left(sigma.size() + 1, 0.0);
  for (std::size_t i = sigma.size(); i-- > 0;) left[i] = left[i + 1] + 0.5 * sigma[i] * sigma[i];
  return left;
}

double relativeOutputError(const RowMatrixD& stored, const RowMatrixD& approximation, Orientation orientation,
                           const Moments& moments) {
  const double before = weightedError(stored, orientation, moments, Metric::Outputs);
  const double error = weightedError(stored - approximation, orientation, moments, Metric::Outputs);
  return before > 0 ? std::sqrt(error / before) : 0.0;
}

} // namespace rankscope
