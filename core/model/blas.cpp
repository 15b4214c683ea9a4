// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blas.h"

#include "core/model/parallel.h"

#include <algorithm>
#include <cmath>
#include <utility>

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

namespace {

/// Pieces of C's rows and columns: each piece packs its own part of A and B, so the two sides shrink together.
struct Grid {
  std::int64_t rows = 1, columns = 1;
};

Grid gridFor(std::int64_t m, std::int64_t n, std::int64_t k) {
  const double flops = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  // A piece is worth some 10 µs at least; where pieces are long, two a core even out what else the machine does.
  const auto worth = static_cast<std::int64_t>(flops / 1e6);
  const std::int64_t wanted = parallelThreads() * (flops > 2e9 * parallelThreads() ? 2 : 1);
  const std::int64_t pieces = std::max<std::int64_t>(1, std::min(worth, wanted));
  Grid best;
  double least = 1e300;
  for (std::int64_t rows = 1; rows <= pieces; ++rows) {
    const Grid grid{std::min(rows, (m + 15) / 16), std::min((pieces + rows - 1) / rows, (n + 15) / 16)};
    const double load = std::ceil(static_cast<double>(m) / static_cast<double>(grid.rows)) *
                        std::ceil(static_cast<double>(n) / static_cast<double>(grid.columns));
    const double rounds = std::ceil(static_cast<double>(grid.rows * grid.columns) / static_cast<double>(wanted));
    // Packing an element costs about as much as 24 multiplications and additions.
    const double packing = static_cast<double>(m) / static_cast<double>(grid.rows) +
                           static_cast<double>(n) / static_cast<double>(grid.columns);
    const double cost = rounds * (load + 24 * packing);
    if (cost < least) {
      least = cost;
      best = grid;
    }
  }
  return best;
}

/// Rows or columns first … of piece `index` of `pieces`, in multiples of 16.
std::pair<std::int64_t, std::int64_t> part(std::int64_t size, std::int64_t pieces, std::int64_t index) {
  const std::int64_t step = ((size + pieces - 1) / pieces + 15) / 16 * 16;
  return {std::min(size, index * step), std::min(size, (index + 1) * step)};
}

} // namespace

void parallelSgemm(std::int64_t m, std::int64_t n, std::int64_t k, float factor, ConstMatrixRef a, ConstMatrixRef b,
                   float* c, std::int64_t cStride) {
  const Grid grid = gridFor(m, n, k);
  parallelFor(grid.rows * grid.columns, 1, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t i = from; i < to; ++i) {
      const auto [top, bottom] = part(m, grid.rows, i / grid.columns);
      const auto [left, right] = part(n, grid.columns, i % grid.columns);
      if (top == bottom || left == right) continue;
      const ConstMatrixRef rows{a.data + (a.transposed ? top : top * a.stride), a.stride, a.transposed};
      const ConstMatrixRef columns{b.data + (b.transposed ? left * b.stride : left), b.stride, b.transposed};
      sgemm(bottom - top, right - left, k, factor, rows, columns, c + top * cStride + left, cStride);
    }
  });
}

} // namespace rankscope
