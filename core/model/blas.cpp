// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blas.h"

#include "core/model/parallel.h"

#include <algorithm>

#include <cblas.h>

namespace rankscope {

static int narrow(std::int64_t value) {
  return static_cast<int>(value);
}

void sgemm(std::int64_t m, std::int64_t n, std::int64_t k, float factor, ConstMatrixRef a, ConstMatrixRef b, float* c,
           std::int64_t cStride) {
  // OpenBLAS's thread count is global to the process; parallelism is ours (TBB), so each call stays on its thread.
  [[maybe_unused]] static const bool once = (openblas_set_num_threads(1), true);
  cblas_sgemm(CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans, b.transposed ? CblasTrans : CblasNoTrans,
              narrow(m), narrow(n), narrow(k), factor, a.data, narrow(a.stride), b.data, narrow(b.stride), 0.0f, c,
              narrow(cStride));
}

void parallelSgemm(std::int64_t m, std::int64_t n, std::int64_t k, float factor, ConstMatrixRef a, ConstMatrixRef b,
                   float* c, std::int64_t cStride) {
  // Pieces of the longer side, each worth some 10 µs at least and no more of them than two a core.
  const bool byColumns = n >= m;
  const std::int64_t side = byColumns ? n : m;
  const std::int64_t other = std::max<std::int64_t>(1, (byColumns ? m : n) * k);
  const std::int64_t least =
      std::max<std::int64_t>({16, 500'000 / other, (side + 2 * parallelThreads() - 1) / (2 * parallelThreads())});
  const std::int64_t piece = (least + 15) / 16 * 16;
  parallelFor((side + piece - 1) / piece, 1, [&](std::int64_t from, std::int64_t to) {
    const std::int64_t first = from * piece;
    const std::int64_t count = std::min(side, to * piece) - first;
    if (byColumns) {
      const ConstMatrixRef part{b.data + (b.transposed ? first * b.stride : first), b.stride, b.transposed};
      sgemm(m, count, k, factor, a, part, c + first, cStride);
    } else {
      const ConstMatrixRef part{a.data + (a.transposed ? first : first * a.stride), a.stride, a.transposed};
      sgemm(count, n, k, factor, part, b, c + first * cStride, cStride);
    }
  });
}

} // namespace rankscope
