// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <Eigen/Core>

#include "core/base/progress.h"
#include "core/linalg/bulge_chase.h"
#include "core/linalg/scaled_matrix.h"

namespace rankscope {

// What the ways to a truncated SVD share. W is the scaled matrix, m × n with m ≥ n.

/// The leading part of the SVD over the long side m and the short side n.
struct TallSvd {
  Eigen::MatrixXd longVectors;  ///< m × r
  std::vector<double> sigma;    ///< r values, descending, scaled
  Eigen::MatrixXd shortVectors; ///< n × r
};

/// The `count` largest eigenvalues, descending.
std::vector<double> largestEigenvalues(SymmetricBand band, int count, const Progress& progress, int threads);

/// W·v (m × r) for n × r columns v, reading W in pieces.
Eigen::MatrixXd timesColumns(const ScaledMatrix& w, const Eigen::MatrixXd& v, const Progress& progress, int threads);

/// Wᵀ·y (n × r) for m × r columns y, reading W in pieces.
Eigen::MatrixXd transposedTimesColumns(const ScaledMatrix& w, const Eigen::MatrixXd& y, const Progress& progress,
                                       int threads);

/// y = u·diag(sigma) for the columns y = W·v when they are orthogonal to within 1e-11, as images of well-separated
/// leading eigenvectors are; nothing when they are not.
std::optional<TallSvd> normalisedColumns(Eigen::MatrixXd&& y, Eigen::MatrixXd&& v, const Progress& progress,
                                         int threads);

/// op(a)·b with op 'N' or 'T'.
Eigen::MatrixXd product(char opA, const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, const Progress& progress,
                        int threads);

} // namespace rankscope
