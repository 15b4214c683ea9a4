// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/general_band.h"

#include <algorithm>

#include "core/linalg/lapack.h"
#include "core/linalg/parallel.h"

namespace rankscope {

namespace {

constexpr int kBand = SymmetricBand::kBand;
constexpr int kTile = 256; // rows or columns swept at a time

/// One side's block reflector I − V·T·Vᵀ.
struct BlockReflector {
  Eigen::MatrixXf v; // with its zeros and ones; as many rows as are left
  Eigen::MatrixXf t = Eigen::MatrixXf(kBand, kBand);
  int reflectors = 0;

  explicit BlockReflector(int rows) : v(rows, kBand) {}

  /// QR of the height × width panel, which keeps R; the rest of it is cleared.
  void factor(float* panel, int stride, int height, int width) {
    reflectors = std::min(height, width);
    t.setZero();
    v.topRows(height).setZero();
    float work[kBand * kBand];
    geqrt(height, width, panel, stride, t.data(), kBand, work);
    for (int j = 0; j < reflectors; ++j) {
      float* column = panel + static_cast<std::size_t>(j) * static_cast<std::size_t>(stride);
      v(j, j) = 1;
      std::copy(column + j + 1, column + height, &v(0, j) + j + 1);
      std::fill(column + j + 1, column + height, 0.0f);
    }
  }
};

/// A step at column k factors columns [k, k + kBand) (rows k on) and then rows [k, k + kBand) (columns k + kBand on).
/// What is left, rows and columns from k + kBand on, is A − P·Qᵀ, subtracted tile by tile just before the next step
/// reads it.
struct Reduction {
  Eigen::MatrixXf& a;
  const int m = static_cast<int>(a.rows());
  const int n = static_cast<int>(a.cols());
  const int threads;
  BlockReflector left{m};
  BlockReflector right{n};
  Eigen::MatrixXf p = Eigen::MatrixXf(m, 2 * kBand); // [V₁ Y₂], rows from the trailing corner on
  Eigen::MatrixXf q = Eigen::MatrixXf(n, 2 * kBand); // [W₁ V₂]
  Eigen::MatrixXf w = Eigen::MatrixXf(n, kBand);
  Eigen::MatrixXf y = Eigen::MatrixXf(m, kBand);
  Eigen::MatrixXf rows = Eigen::MatrixXf(n, kBand);
  int pending = 0; // columns of p and q in use

  float* at(int row, int col) { return a.data() + static_cast<std::size_t>(col) * static_cast<std::size_t>(m) + row; }

  /// Columns [from, to) of the trailing matrix that starts at (k, k) brought up to date.
  void update(int k, int from, int to) {
    if (pending > 0)
      gemm('N', 'T', m - k, to - from, pending, -1.0f, p.data(), m, q.data() + (from - k), n, 1.0f, at(k, from), m);
  }

  /// w ← Aᵀ·V₁·T₁ for the columns from k + kBand on, which are brought up to date on the way.
  void sweepColumns(int k) {
    const int first = k + kBand;
    Eigen::MatrixXf& product = rows; // not in use yet
    parallelItems((n - first + kTile - 1) / kTile, threads, [&](int tile, int) {
      const int from = first + tile * kTile;
      const int to = std::min(n, from + kTile);
      update(k, from, to);
      gemm('T', 'N', to - from, kBand, m - k, 1.0f, at(k, from), m, left.v.data(), m, 0.0f,
           product.data() + (from - first), n);
    });
    gemm('N', 'N', n - first, kBand, kBand, 1.0f, product.data(), n, left.t.data(), kBand, 0.0f, w.data(), n);
  }

  /// Rows [k, k + kBand) right of the panel: brought up to date with V₁, transposed, factored and written back.
  void factorRows(int k) {
    const int first = k + kBand;
    const int width = n - first;
    gemm('N', 'T', kBand, width, kBand, -1.0f, left.v.data(), m, w.data(), n, 1.0f, at(k, first), m);
    rows.topRows(width) = a.block(k, first, kBand, width).transpose();
    right.factor(rows.data(), n, width, kBand);
    a.block(k, first, kBand, width) = rows.topRows(width).transpose();
  }

  /// y ← (A·V₂ − V₁·(W₁ᵀ·V₂))·T₂ for the rows from k + kBand on.
  void sweepRows(int k) {
    const int first = k + kBand;
    const int height = m - first;
    Eigen::MatrixXf inner(kBand, kBand);
    gemm('T', 'N', kBand, kBand, n - first, 1.0f, w.data(), n, right.v.data(), n, 0.0f, inner.data(), kBand);
    const int parts = std::clamp((height + kTile - 1) / kTile, 1, threads);
    parallelItems(parts, threads, [&](int part, int) {
      const int from = height * part / parts;
      const int count = height * (part + 1) / parts - from;
      Eigen::MatrixXf product(count, kBand);
      gemm('N', 'N', count, kBand, n - first, 1.0f, at(first + from, first), m, right.v.data(), n, 0.0f, product.data(),
           count);
      gemm('N', 'N', count, kBand, kBand, -1.0f, left.v.data() + kBand + from, m, inner.data(), kBand, 1.0f,
           product.data(), count);
      gemm('N', 'N', count, kBand, kBand, 1.0f, product.data(), count, right.t.data(), kBand, 0.0f, y.data() + from, m);
    });
  }

  void keepUpdate(int k) {
    const int first = k + kBand;
    p.leftCols(kBand).topRows(m - first) = left.v.middleRows(kBand, m - first);
    p.rightCols(kBand).topRows(m - first) = y.topRows(m - first);
    q.leftCols(kBand).topRows(n - first) = w.topRows(n - first);
    q.rightCols(kBand).topRows(n - first) = right.v.topRows(n - first);
    pending = 2 * kBand;
  }

  void run(const Progress& progress) {
    int k = 0;
    for (; n - k > kBand; k += kBand) {
      progress.check();
      update(k, k, k + kBand);
      left.factor(at(k, k), m, m - k, kBand);
      sweepColumns(k);
      factorRows(k);
      sweepRows(k);
      keepUpdate(k);
    }
    update(k, k, n);
    left.factor(at(k, k), m, m - k, n - k);
  }
};

} // namespace

SymmetricBand toBandSquared(Eigen::MatrixXf& matrix, const Progress& progress, int threads) {
  useSingleThreadedBlas();
  Reduction reduction{.a = matrix, .threads = threads};
  reduction.run(progress);
  const int n = reduction.n;
  SymmetricBand band(n);
  for (int j = 0; j < n; ++j)
    for (int i = j; i < std::min(n, j + kBand + 1); ++i) {
      double sum = 0;
      for (int k = std::max(0, i - kBand); k <= j; ++k)
        sum += static_cast<double>(matrix(k, i)) * static_cast<double>(matrix(k, j));
      band(i, j) = sum;
    }
  return band;
}

} // namespace rankscope
