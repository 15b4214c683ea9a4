// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include <Eigen/Core>

#include "core/base/progress.h"
#include "core/linalg/bulge_chase.h"

namespace rankscope {

/// Approximate eigenvectors of the band that belong to the given eigenvalues, as orthonormal columns: inverse iteration
/// from random starts (Ipsen 1997), eight eigenvalues side by side in the lanes of a vector, then orthogonalised in the
/// given order. Without pivoting a factorisation can go wrong, so judge the outcome by bandResiduals().
Eigen::MatrixXd bandEigenvectors(SymmetricBand& band, std::span<const double> eigenvalues, const Progress& progress,
                                 int threads);

/// What such columns z are worth: Rayleigh quotients θ = zᵀ·band·z and residuals ‖band·z − θ·z‖.
struct BandResiduals {
  Eigen::VectorXd quotients;
  Eigen::VectorXd norms;
};
BandResiduals bandResiduals(SymmetricBand& band, const Eigen::MatrixXd& z);

/// Replaces the columns (rows ≥ cols) by an orthonormal basis of what they span, in their order, by Householder
/// reflections: orthonormal to rounding even where the columns are dependent.
void orthonormalise(Eigen::MatrixXd& columns, const Progress& progress, int threads);

} // namespace rankscope
