// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tensor/tensor_view.h"

namespace rankscope {

/// The exponent e for which every |x|·2⁻ᵉ is below 1 and the largest at least ½. Scaling by a power of two is exact and
/// keeps squares far from over- and underflow.
struct Magnitude {
  bool zero = true;
  int exponent = 0;
};

/// Throws Error(BadValues) when an entry is NaN or infinite.
Magnitude magnitude(const MatrixView& matrix);

} // namespace rankscope
