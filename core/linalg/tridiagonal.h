// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/linalg/bulge_chase.h"

namespace rankscope {

/// All eigenvalues, descending, by the root-free QL iteration (LAPACK dsterf). Overwrites the matrix.
std::vector<double> eigenvalues(Tridiagonal&& tridiagonal);

/// The `count` largest, descending, to 1e-13 of the largest magnitude: bisection on Sturm counts (Barth, Martin &
/// Wilkinson 1967), 32 at a time in vector lanes. Cheaper than all of them for up to a third.
std::vector<double> largestEigenvalues(const Tridiagonal& tridiagonal, int count, int threads);

} // namespace rankscope
