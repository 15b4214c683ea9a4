// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>

#include "core/linalg/tall_svd.h"

namespace rankscope {

/// The leading `rank` singular triplets, found in single precision and finished in double: the eigenvectors of the
/// Gram matrix, both in float at twice the speed, span a space that a Rayleigh–Ritz step with W in double turns into
/// singular vectors. How much energy that space misses is then measured in double, and nothing is returned unless it is
/// below 1e-6 of what every space of this rank must miss; so it is for graded matrices, and where singular values come
/// too close about the rank. `knownEigenvalues` are the squares of all (scaled) singular values, to about 1e-7·σ₁², or
/// none.
std::optional<TallSvd> truncatedInSingle(const ScaledMatrix& w, int rank, std::span<const double> knownEigenvalues,
                                         const Progress& progress, int threads);

} // namespace rankscope
