// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace rankscope {

/// A row-major matrix of F32 whose rows lie `stride` numbers apart.
struct ConstMatrixRef {
  const float* data = nullptr;
  std::int64_t stride = 0;
  bool transposed = false; ///< it is meant the other way round
};

/// c (m × n) = factor · a (m × k) · b (k × n) on this thread, through OpenBLAS; rows of c lie cStride apart.
void sgemm(std::int64_t m, std::int64_t n, std::int64_t k, float factor, ConstMatrixRef a, ConstMatrixRef b, float* c,
           std::int64_t cStride);

/// The same on all cores.
void parallelSgemm(std::int64_t m, std::int64_t n, std::int64_t k, float factor, ConstMatrixRef a, ConstMatrixRef b,
                   float* c, std::int64_t cStride);

} // namespace rankscope
