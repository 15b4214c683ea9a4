// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <Eigen/Core>

#include "core/base/progress.h"
#include "core/linalg/bulge_chase.h"

namespace rankscope {

/// How a symmetric matrix was brought to a band: S = Q·band·Qᵀ with Q = H₀·H₁·…; panel k's H is I − V·T·Vᵀ.
struct BandReduction {
  SymmetricBand band;
  Eigen::MatrixXd v; ///< n columns, n rows or more; block k holds panel k's V (unit lower trapezoidal, below the band)
  Eigen::MatrixXd t; ///< kBand × n, column block k holds its T
};

/// Reduces the symmetric n × n matrix, given by the lower half of the first n rows of n columns (fastest with
/// paddedRows(n) of them), to bandwidth SymmetricBand::kBand in double, in 4/3·n³ flops, nearly all of them matrix
/// products (Bischof, Lang & Sun 2000, SBR; as LAPACK's dsytrd_sy2sb).
BandReduction toBand(Eigen::MatrixXd&& symmetric, const Progress& progress, int threads);

/// x ← Q·x for n × r columns x.
void applyQ(const BandReduction& reduction, Eigen::MatrixXd& x, const Progress& progress, int threads);

} // namespace rankscope
