// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/linalg/bulge_chase.h"

namespace rankscope {

/// The `count` largest eigenvalues, descending, each to 1e-11 of itself and a few roundings of the largest magnitude.
/// Sturm counts (Barth, Martin & Wilkinson 1967) at ever finer points separate them; each is then found by Newton's
/// method on the characteristic polynomial, kept within its bounds. Points are worked on side by side in vector lanes,
/// which hides the latency of the divisions that a QL iteration waits for.
std::vector<double> largestEigenvalues(const Tridiagonal& tridiagonal, int count, int threads);

} // namespace rankscope
