// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <Eigen/Core>

#include "core/base/progress.h"
#include "core/linalg/bulge_chase.h"

namespace rankscope {

/// How a symmetric matrix was brought to a band: S = Q·band·Qᵀ with Q = H₀·H₁·…; panel k's H is I − V·T·Vᵀ.
/// The band is double whatever the Scalar, float or double.
template <class Scalar>
struct BandReduction {
  SymmetricBand band;
  Eigen::MatrixX<Scalar>
      v; ///< n columns, n rows or more; block k: panel k's V (unit lower trapezoidal, below the band)
  Eigen::MatrixX<Scalar> t; ///< kBand × n, column block k holds its T
};

/// Reduces the symmetric n × n matrix, given by the lower half of the first n rows of n columns (fastest with
/// paddedRows(n) of them), to bandwidth SymmetricBand::kBand in the precision of its entries, in 4/3·n³ flops, nearly
/// all of them matrix products (Bischof, Lang & Sun 2000, SBR; as LAPACK's dsytrd_sy2sb).
template <class Scalar>
BandReduction<Scalar> toBand(Eigen::MatrixX<Scalar>&& symmetric, const Progress& progress, int threads);

/// x ← Q·x for n × r columns x.
template <class Scalar>
void applyQ(const BandReduction<Scalar>& reduction, Eigen::MatrixX<Scalar>& x, const Progress& progress, int threads);

extern template BandReduction<float> toBand(Eigen::MatrixXf&&, const Progress&, int);
extern template BandReduction<double> toBand(Eigen::MatrixXd&&, const Progress&, int);
extern template void applyQ(const BandReduction<float>&, Eigen::MatrixXf&, const Progress&, int);
extern template void applyQ(const BandReduction<double>&, Eigen::MatrixXd&, const Progress&, int);

} // namespace rankscope
