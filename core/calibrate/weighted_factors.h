// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "core/calibrate/metric.h"
#include "core/compress/compress.h"

namespace rankscope {

/// One linear's matrix M (out × in) seen with a text's eyes: T = RᵀML with C = LLᵀ and, for Predictions, G = RRᵀ
/// (R = I for Outputs). The error of a rank-r approximation Δ = M − M̂ in the metric is ‖RᵀΔL‖_F², so T's truncated SVD
/// USVᵀ gives the best: M̂ = R⁻ᵀ U_r U_rᵀ Rᵀ M, which needs no inverse of C. G is damped by 1e-4 of its mean diagonal,
/// as directions that never mattered in the text could matter in another; C by 1e-9, to have a root at all.
class WeightedMatrix final {
 public:
  /// `stored` is the matrix as it lies in the checkpoint.
  WeightedMatrix(const RowMatrixD& stored, Orientation orientation, const Moments& moments, Metric metric);

  /// All singular values of T, descending: with Predictions ½Σ_{i>r}σ_i² is the KL that rank r is predicted to cost.
  std::vector<double> sigma(const Progress& progress = {}, int threads = 1) const;

  /// The best factors of rank r in the metric, scaled so that the columns of a and the rows of b are equally long.
  FactorValues factors(std::int64_t rank, const Progress& progress = {}, int threads = 1) const;

 private:
  RowMatrixD m_matrix;    ///< M
  RowMatrixD m_weighted;  ///< T
  Eigen::MatrixXd m_root; ///< R, lower triangular; empty for Outputs
  Orientation m_orientation;
};

} // namespace rankscope
