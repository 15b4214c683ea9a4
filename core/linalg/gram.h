// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <Eigen/Core>

#include "core/base/progress.h"
#include "core/linalg/scaled_matrix.h"

namespace rankscope {

/// The n × n Gram matrix over the long side, in float or double throughout, stored with paddedRows(n) rows; only the
/// lower half is filled. m·n² flops. Reads the matrix in pieces: its memory does not depend on m.
template <class Scalar>
Eigen::MatrixX<Scalar> gram(const ScaledMatrix& matrix, const Progress& progress, int threads);

extern template Eigen::MatrixXf gram(const ScaledMatrix&, const Progress&, int);
extern template Eigen::MatrixXd gram(const ScaledMatrix&, const Progress&, int);

} // namespace rankscope
