// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "core/base/progress.h"
#include "core/tensor/tensor_view.h"

namespace rankscope {

/// All min(rows, cols) singular values, descending, each within 1e-6·σ₁ of LAPACK dgesdd on the matrix in double.
/// Any shape from 1×n up, zero and rank-deficient matrices included. Throws Error(BadValues) when an entry is NaN or
/// infinite (the sentence has no name in it; the caller adds it), Cancelled within one step of the algorithm.
/// `threads` cores may be used for this one matrix.
std::vector<double> singularValues(const MatrixView& matrix, const Progress& progress = {}, int threads = 1);

/// Floating-point operations of the above, m·n² + 4/3·n³ with n the smaller side: what schedules and ETAs count by.
double singularValuesFlops(std::int64_t rows, std::int64_t cols);

/// The leading part of an SVD: W ≈ u · diag(sigma) · vᵀ.
struct TruncatedSvd {
  Eigen::MatrixXd u;         ///< rows × r, orthonormal columns
  std::vector<double> sigma; ///< r values, descending
  Eigen::MatrixXd v;         ///< cols × r, orthonormal columns
};

/// The best rank-r approximation in the Frobenius norm (Eckart–Young), 1 ≤ rank ≤ min(rows, cols); its distance from W
/// is at most (1 + 1e-6) × the optimum + 1e-13·‖W‖_F, for graded and ill-conditioned matrices too. `knownSigma`, when
/// the spectrum was just computed, is all min(rows, cols) values and saves work; empty otherwise. The same for any number
/// of threads, to the last bit.
TruncatedSvd truncatedSvd(const MatrixView& matrix, std::int64_t rank, const std::vector<double>& knownSigma = {},
                          const Progress& progress = {}, int threads = 1);

} // namespace rankscope
