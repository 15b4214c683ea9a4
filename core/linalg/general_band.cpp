// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/general_band.h"

#include <algorithm>

#include "core/linalg/lapack.h"
#include "core/linalg/padded_matrix.h"
#include "core/linalg/parallel.h"
#include "core/linalg/tile_product.h"

namespace rankscope {

namespace {

constexpr int kBand = SymmetricBand::kBand;
static_assert(kBand == kPanel);
constexpr int kTile = 256; // rows or columns swept at a time

/// One side's block reflector I − V·T·Vᵀ.
struct BlockReflector {
  Eigen::MatrixXf v; // with its zeros and ones; as many rows as are left
  Eigen::MatrixXf t = Eigen::MatrixXf(kBand, kBand);
  std::vector<float> packed; // v as a panel
  int reflectors = 0;

  explicit BlockReflector(int rows) : v(paddedRows(rows), kBand), packed(packedSize(rows, kBand)) {}

  int stride() const { return static_cast<int>(v.rows()); }

  /// QR of the height × width panel, which keeps R; the rest of it is cleared.
  void factor(float* panel, int panelStride, int height, int width) {
    reflectors = std::min(height, width);
    t.setZero();
    v.topRows(height).setZero();
    float work[kBand * kBand];
    geqrt(height, width, panel, panelStride, t.data(), kBand, work);
    for (int j = 0; j < reflectors; ++j) {
      float* column = panel + static_cast<std::size_t>(j) * static_cast<std::size_t>(panelStride);
      v(j, j) = 1;
      std::copy(column + j + 1, column + height, &v(0, j) + j + 1);
      std::fill(column + j + 1, column + height, 0.0f);
    }
    packPanels('N', height, kBand, 1.0f, v.data(), stride(), packed.data());
  }
};

/// A step at column k factors columns [k, k + kBand) (rows k on) and then rows [k, k + kBand) (columns k + kBand on).
/// What is left, rows and columns from k + kBand on, is A − P·Qᵀ, subtracted tile by tile just before the next step
/// reads it.
struct Reduction {
  Eigen::MatrixXf& a;
  const int m;
  const int threads;
  const int n = static_cast<int>(a.cols());
  const int stride = static_cast<int>(a.rows());
  BlockReflector left{m};
  BlockReflector right{n};
  Eigen::MatrixXf p = Eigen::MatrixXf(paddedRows(m), 2 * kBand); // [V₁ Y₂], rows from the trailing corner on
  Eigen::MatrixXf q = Eigen::MatrixXf(paddedRows(n), 2 * kBand); // [W₁ V₂]
  std::vector<float> packedQ = std::vector<float>(packedSize(2 * kBand, n)); // −Qᵀ
  Eigen::MatrixXf w = Eigen::MatrixXf(paddedRows(n), kBand);
  Eigen::MatrixXf y = Eigen::MatrixXf(paddedRows(m), kBand);
  Eigen::MatrixXf rows = Eigen::MatrixXf(paddedRows(n), kBand);
  bool pending = false; // whether p and q are to be subtracted

  const int pStride = static_cast<int>(p.rows());
  const int qStride = static_cast<int>(q.rows()); // of w and rows, too

  float* at(int row, int col) {
    return a.data() + static_cast<std::size_t>(col) * static_cast<std::size_t>(stride) + row;
  }

  /// Columns [from, to) of the trailing matrix that starts at (k, k) brought up to date; from − k is a multiple of
  /// kBand.
  void update(int k, int from, int to) {
    constexpr std::size_t kPanelSize = 2 * kBand * kPanel;
    if (pending)
      addProduct(m - k, to - from, 2 * kBand, p.data(), pStride,
                 packedQ.data() + static_cast<std::size_t>((from - k) / kPanel) * kPanelSize, kPanelSize, at(k, from),
                 stride);
  }

  /// w ← Aᵀ·V₁·T₁ for the columns from k + kBand on, which are brought up to date on the way.
  void sweepColumns(int k) {
    const int first = k + kBand;
    Eigen::MatrixXf& product = rows; // not in use yet
    product.topRows(n - first).setZero();
    parallelItems((n - first + kTile - 1) / kTile, threads, [&](int tile, int) {
      const int from = first + tile * kTile;
      const int to = std::min(n, from + kTile);
      update(k, from, to);
      addTransposedProduct(to - from, m - k, at(k, from), stride, left.packed.data(), product.data() + (from - first),
                           qStride);
    });
    gemm('N', 'N', n - first, kBand, kBand, 1.0f, product.data(), qStride, left.t.data(), kBand, 0.0f, w.data(),
         qStride);
  }

  /// Rows [k, k + kBand) right of the panel: brought up to date with V₁, transposed, factored and written back.
  void factorRows(int k) {
    const int first = k + kBand;
    const int width = n - first;
    gemm('N', 'T', kBand, width, kBand, -1.0f, left.v.data(), left.stride(), w.data(), qStride, 1.0f, at(k, first),
         stride);
    rows.topRows(width) = a.block(k, first, kBand, width).transpose();
    right.factor(rows.data(), qStride, width, kBand);
    a.block(k, first, kBand, width) = rows.topRows(width).transpose();
  }

  /// y ← (A·V₂ − V₁·(W₁ᵀ·V₂))·T₂ for the rows from k + kBand on.
  void sweepRows(int k) {
    const int first = k + kBand;
    const int height = m - first;
    Eigen::MatrixXf inner(kBand, kBand);
    gemm('T', 'N', kBand, kBand, n - first, 1.0f, w.data(), qStride, right.v.data(), right.stride(), 0.0f, inner.data(),
         kBand);
    const int parts = std::clamp((height + kTile - 1) / kTile, 1, threads);
    parallelItems(parts, threads, [&](int part, int) {
      const int from = height * part / parts;
      const int count = height * (part + 1) / parts - from;
      Eigen::MatrixXf product(count, kBand);
      gemm('N', 'N', count, kBand, kBand, -1.0f, left.v.data() + kBand + from, left.stride(), inner.data(), kBand, 0.0f,
           product.data(), count);
      addProduct(count, kBand, n - first, at(first + from, first), stride, right.packed.data(), 0, product.data(),
                 count);
      gemm('N', 'N', count, kBand, kBand, 1.0f, product.data(), count, right.t.data(), kBand, 0.0f, y.data() + from,
           pStride);
    });
  }

  void keepUpdate(int k) {
    const int first = k + kBand;
    p.leftCols(kBand).topRows(m - first) = left.v.middleRows(kBand, m - first);
    p.rightCols(kBand).topRows(m - first) = y.topRows(m - first);
    q.leftCols(kBand).topRows(n - first) = w.topRows(n - first);
    q.rightCols(kBand).topRows(n - first) = right.v.topRows(n - first);
    packPanels('T', 2 * kBand, n - first, -1.0f, q.data(), qStride, packedQ.data());
    pending = true;
  }

  void run(const Progress& progress) {
    int k = 0;
    for (; n - k > kBand; k += kBand) {
      progress.check();
      update(k, k, k + kBand);
      left.factor(at(k, k), stride, m - k, kBand);
      sweepColumns(k);
      factorRows(k);
      sweepRows(k);
      keepUpdate(k);
    }
    update(k, k, n);
    left.factor(at(k, k), stride, m - k, n - k);
  }
};

} // namespace

SymmetricBand toBandSquared(Eigen::MatrixXf& matrix, int m, const Progress& progress, int threads) {
  useSingleThreadedBlas();
  Reduction reduction{.a = matrix, .m = m, .threads = threads};
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
