// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/symmetric_band.h"

#include <algorithm>

#include "core/linalg/lapack.h"
#include "core/linalg/padded_matrix.h"
#include "core/linalg/parallel.h"
#include "core/linalg/tile_product.h"

namespace rankscope {

namespace {

constexpr int kBand = SymmetricBand::kBand;
static_assert(kBand == kPanel);
constexpr int kTile = 128;  // columns swept at a time, a multiple of kBand: tiles start at multiples of it
constexpr int kBlock = 512; // rows of a tile at a time
constexpr int kSums = 8;    // that the tiles of a sweep go into, and so the most threads that share one

/// The reduction of one matrix. A step at column k works on the trailing matrix from `top` = k + kBand on: what is left
/// there is S − V·Wᵀ − W·Vᵀ of the step before, applied tile by tile just before the tile is multiplied by the new V.
template <class Scalar>
struct Reduction {
  using Matrix = Eigen::MatrixX<Scalar>;

  Matrix& s;
  const int threads;
  const int n = static_cast<int>(s.cols());
  const int stride = static_cast<int>(s.rows());
  const int padded = paddedRows(n); // stride of the narrow matrices
  Matrix t = Matrix::Zero(kBand, n);
  Matrix vw = Matrix(padded, 2 * kBand); // [V W] of the step before, rows from its top on
  Matrix wv = Matrix(padded, 2 * kBand); // [W V]
  std::vector<Scalar> packedWv = std::vector<Scalar>(packedSize(2 * kBand, n)); // −[W V]ᵀ
  Matrix v = Matrix(padded, kBand);                                             // the new V with its zeros and ones
  std::vector<Scalar> packedV = std::vector<Scalar>(packedSize(n, kBand));
  std::vector<Matrix> products = {}; // padded × kBand
  bool pending = false;

  Scalar* at(int row, int col) {
    return s.data() + static_cast<std::size_t>(col) * static_cast<std::size_t>(stride) + row;
  }

  /// Rows and columns of the trailing matrix brought up to date. `top` is where the pending V and W start, a multiple
  /// of kBand before `col`.
  void update(int row, int rows, int col, int cols, int top) {
    constexpr std::size_t kPanelSize = 2 * kBand * kPanel;
    if (pending)
      addProduct(rows, cols, 2 * kBand, vw.data() + (row - top), padded,
                 packedWv.data() + static_cast<std::size_t>((col - top) / kPanel) * kPanelSize, kPanelSize,
                 at(row, col), stride);
  }

  /// QR of the panel below the band of columns [k, k + kBand); returns the number of reflectors.
  int factorPanel(int k) {
    const int top = k + kBand;
    const int height = n - top;
    const int reflectors = std::min(height, kBand);
    std::vector<Scalar> work(kBand * kBand);
    geqrt(height, kBand, at(top, k), stride, t.data() + static_cast<std::size_t>(k) * kBand, kBand, work.data());
    v.setZero();
    for (int j = 0; j < reflectors; ++j) {
      v(j, j) = 1;
      std::copy_n(at(top + j + 1, k + j), height - j - 1, &v(0, j) + j + 1);
    }
    packPanels('N', height, kBand, Scalar(1), v.data(), padded, packedV.data());
    return reflectors;
  }

  /// products[0] ← S·V for the trailing matrix from `top` on, which is updated on the way. `oldTop` belongs to the
  /// pending update. Every sum always takes the same tiles in the same order, whichever thread does it.
  void sweep(int top, int oldTop) {
    const int firstTile = top / kTile;
    const int tiles = (n + kTile - 1) / kTile - firstTile;
    const int sums = std::min(kSums, tiles);
    parallelItems(sums, threads, [&](int sum, int) {
      Matrix& product = products[static_cast<std::size_t>(sum)];
      product.topRows(n - top).setZero();
      for (int round = 0; round * sums < tiles; ++round) { // there and back again: tiles get smaller
        const int tile = round * sums + (round % 2 == 0 ? sum : sums - 1 - sum);
        if (tile < tiles) multiplyTile(firstTile + tile, top, oldTop, product);
      }
    });
    for (int sum = 1; sum < sums; ++sum)
      products[0].topRows(n - top) += products[static_cast<std::size_t>(sum)].topRows(n - top);
  }

  /// product ← product + (the columns of one tile and their mirror image)·V.
  void multiplyTile(int tile, int top, int oldTop, Matrix& product) {
    const int from = std::max(top, tile * kTile);
    const int to = std::min(n, (tile + 1) * kTile);
    const auto packed = [&](int row) { return packedV.data() + static_cast<std::size_t>(row - top) * kPanel; };
    for (int row = from; row < n; row += kBlock) { // a block stays in the cache while it is updated and multiplied
      const int rows = std::min(kBlock, n - row);
      update(row, rows, from, to - from, oldTop);
      addTransposedProduct(to - from, rows, at(row, from), stride, packed(row), product.data() + (from - top), padded);
      const int below = std::max(row, to);
      if (row + rows > below)
        addProduct(row + rows - below, kBand, to - from, at(below, from), stride, packed(from), 0,
                   product.data() + (below - top), padded);
    }
  }

  /// From Z = S·V: W = Y − ½·V·(Tᵀ·(Vᵀ·Y)) with Y = Z·T, kept with V for the next update.
  void prepareUpdate(int k, int top) {
    const int height = n - top;
    const Scalar* tk = t.data() + static_cast<std::size_t>(k) * kBand;
    Matrix inner(kBand, kBand);
    Matrix correction(kBand, kBand);
    Scalar* w = vw.data() + static_cast<std::size_t>(kBand) * static_cast<std::size_t>(padded);
    gemm('N', 'N', height, kBand, kBand, Scalar(1), products[0].data(), padded, tk, kBand, Scalar(0), w, padded);
    gemm('T', 'N', kBand, kBand, height, Scalar(1), v.data(), padded, w, padded, Scalar(0), inner.data(), kBand);
    gemm('T', 'N', kBand, kBand, kBand, Scalar(-0.5), tk, kBand, inner.data(), kBand, Scalar(0), correction.data(),
         kBand);
    gemm('N', 'N', height, kBand, kBand, Scalar(1), v.data(), padded, correction.data(), kBand, Scalar(1), w, padded);
    vw.leftCols(kBand).topRows(height) = v.topRows(height);
    wv.leftCols(kBand).topRows(height) = vw.rightCols(kBand).topRows(height);
    wv.rightCols(kBand).topRows(height) = v.topRows(height);
    packPanels('T', 2 * kBand, height, Scalar(-1), wv.data(), padded, packedWv.data());
    pending = true;
  }

  /// Tiles on the diagonal are kept whole: their products then need no triangles.
  void fillDiagonalTiles() {
    for (int from = 0; from < n; from += kTile)
      for (int j = from; j < std::min(n, from + kTile); ++j)
        for (int i = from; i < j; ++i) s(i, j) = s(j, i);
  }

  void run(const Progress& progress) {
    fillDiagonalTiles();
    products.assign(kSums, Matrix(padded, kBand));
    int oldTop = 0;
    int k = 0;
    for (; n - k - kBand >= 2; k += kBand) {
      progress.check();
      update(k, n - k, k, kBand, oldTop);
      factorPanel(k);
      sweep(k + kBand, oldTop);
      prepareUpdate(k, k + kBand);
      oldTop = k + kBand;
    }
    update(k, n - k, k, n - k, oldTop);
  }
};

} // namespace

template <class Scalar>
BandReduction<Scalar> toBand(Eigen::MatrixX<Scalar>&& symmetric, const Progress& progress, int threads) {
  useSingleThreadedBlas();
  const auto n = static_cast<int>(symmetric.cols());
  BandReduction<Scalar> result{SymmetricBand(n), std::move(symmetric), {}};
  Reduction<Scalar> reduction{.s = result.v, .threads = threads};
  reduction.run(progress);
  for (int j = 0; j < n; ++j)
    for (int i = j; i < std::min(n, j + kBand + 1); ++i) result.band(i, j) = result.v(i, j);
  result.t = std::move(reduction.t);
  return result;
}

template <class Scalar>
void applyQ(const BandReduction<Scalar>& reduction, Eigen::MatrixX<Scalar>& x, const Progress& progress, int threads) {
  using Matrix = Eigen::MatrixX<Scalar>;
  constexpr Scalar kOne = 1, kNone = 0;
  const auto n = static_cast<int>(reduction.v.cols());
  const auto columns = static_cast<int>(x.cols());
  const int parts = std::max(1, columns / 64); // the same for any number of threads, and so are the results
  int last = 0;
  while (n - (last + kBand) - kBand >= 2) last += kBand;
  if (n - kBand < 2) return;
  for (int k = last; k >= 0; k -= kBand) {
    progress.check();
    const int top = k + kBand;
    const int height = n - top;
    const int reflectors = std::min(height, kBand);
    Matrix v = Matrix::Zero(height, reflectors);
    for (int j = 0; j < reflectors; ++j) {
      v(j, j) = 1;
      v.col(j).tail(height - j - 1) = reduction.v.col(k + j).segment(top + j + 1, height - j - 1);
    }
    const Matrix t = reduction.t.block(0, k, reflectors, reflectors);
    parallelItems(parts, threads, [&](int part, int) {
      const int from = columns * part / parts;
      const int width = columns * (part + 1) / parts - from;
      Scalar* xs = x.data() + static_cast<std::size_t>(from) * static_cast<std::size_t>(n) + top;
      Matrix inner(reflectors, width);
      Matrix scaled(reflectors, width);
      gemm('T', 'N', reflectors, width, height, kOne, v.data(), height, xs, n, kNone, inner.data(), reflectors);
      gemm('N', 'N', reflectors, width, reflectors, kOne, t.data(), reflectors, inner.data(), reflectors, kNone,
           scaled.data(), reflectors);
      gemm('N', 'N', height, width, reflectors, -kOne, v.data(), height, scaled.data(), reflectors, kOne, xs, n);
    });
  }
}

template BandReduction<float> toBand(Eigen::MatrixXf&&, const Progress&, int);
template BandReduction<double> toBand(Eigen::MatrixXd&&, const Progress&, int);
template void applyQ(const BandReduction<float>&, Eigen::MatrixXf&, const Progress&, int);
template void applyQ(const BandReduction<double>&, Eigen::MatrixXd&, const Progress&, int);

} // namespace rankscope
