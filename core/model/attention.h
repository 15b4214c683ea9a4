// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace rankscope {

struct AttentionShape {
  std::int64_t heads = 0;
  std::int64_t kvHeads = 0; ///< head h reads key-value head h / (heads / kvHeads)
  std::int64_t headDim = 0;
  float scale = 1;
  std::int64_t window = 0; ///< query i sees keys j > i − window; 0: all j ≤ i
};

/// Causal attention of `rows` queries at positions first, first + 1, … over the keys and values of positions
/// 0 … first + rows − 1. All matrices are row-major with one position a row, heads side by side; strides in numbers.
void attend(const AttentionShape& shape, const float* queries, std::int64_t queryStride, const float* keys,
            const float* values, std::int64_t kvStride, std::int64_t first, std::int64_t rows, float* out);

} // namespace rankscope
