// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <Eigen/Core>

#include "core/base/progress.h"
#include "core/linalg/bulge_chase.h"

namespace rankscope {

/// BᵀB in double, where B is the upper triangular matrix of bandwidth SymmetricBand::kBand to which the m × n matrix
/// (m ≥ n) is reduced in single precision by reflections from both sides, in 4mn² − 4/3·n³ flops, nearly all of them
/// matrix products (Großer & Lang 1999). The singular values of B are those of the matrix to within a few 1e-8·σ₁ for
/// well-scaled matrices; squaring it in double adds no more than 1e-8·σ₁. The matrix is the first m
/// rows of `matrix`, fastest with paddedRows(m) of them. Overwrites it.
SymmetricBand toBandSquared(Eigen::MatrixXf& matrix, int m, const Progress& progress, int threads);

} // namespace rankscope
