// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/symmetric_band.h"

#include <algorithm>

#include "core/linalg/lapack.h"
#include "core/linalg/parallel.h"

namespace rankscope {

namespace {

constexpr int kBand = SymmetricBand::kBand;
constexpr int kTile = 256; // columns swept at a time, a multiple of kBand: tiles start at multiples of it

/// The reduction of one matrix. A step at column k works on the trailing matrix from `top` = k + kBand on: what is left
/// there is S − V·Wᵀ − W·Vᵀ of the step before, applied tile by tile just before the tile is multiplied by the new V.
struct Reduction {
  Eigen::MatrixXd& s;
  const int n = static_cast<int>(s.rows());
  const int threads;
  Eigen::MatrixXd t = Eigen::MatrixXd::Zero(kBand, n);
  Eigen::MatrixXd vw = Eigen::MatrixXd(n, 2 * kBand); // [V W] of the step before, rows from its top on
  Eigen::MatrixXd wv = Eigen::MatrixXd(n, 2 * kBand); // [W V]
  Eigen::MatrixXd v = Eigen::MatrixXd(n, kBand);      // the new V with its zeros and ones
  std::vector<Eigen::MatrixXd> products = {};         // per thread, n × kBand
  bool pending = false;

  double* at(int row, int col) { return s.data() + static_cast<std::size_t>(col) * static_cast<std::size_t>(n) + row; }

  /// Columns [from, to) of the trailing matrix that starts at row `from`, brought up to date. `top` is where the
  /// pending V and W start.
  void update(int from, int to, int top) {
    if (pending)
      gemm('N', 'T', n - from, to - from, 2 * kBand, -1.0, vw.data() + (from - top), n, wv.data() + (from - top), n,
           1.0, at(from, from), n);
  }

  /// QR of the panel below the band of columns [k, k + kBand); returns the number of reflectors.
  int factorPanel(int k) {
    const int top = k + kBand;
    const int height = n - top;
    const int reflectors = std::min(height, kBand);
    std::vector<double> work(kBand * kBand);
    geqrt(height, kBand, at(top, k), n, t.data() + static_cast<std::size_t>(k) * kBand, kBand, work.data());
    v.setZero();
    for (int j = 0; j < reflectors; ++j) {
      v(j, j) = 1;
      std::copy_n(at(top + j + 1, k + j), height - j - 1, &v(0, j) + j + 1);
    }
    return reflectors;
  }

  /// products[0] ← S·V for the trailing matrix from `top` on, which is updated on the way. `oldTop` belongs to the
  /// pending update.
  void sweep(int top, int oldTop) {
    const int firstTile = top / kTile;
    const int tiles = (n + kTile - 1) / kTile - firstTile;
    const int slots = std::clamp(threads, 1, tiles);
    for (int slot = 0; slot < slots; ++slot) products[static_cast<std::size_t>(slot)].topRows(n - top).setZero();
    parallelItems(tiles, slots, [&](int tile, int slot) {
      const int from = std::max(top, (firstTile + tile) * kTile);
      const int to = std::min(n, (firstTile + tile + 1) * kTile);
      update(from, to, oldTop);
      Eigen::MatrixXd& product = products[static_cast<std::size_t>(slot)];
      gemm('T', 'N', to - from, kBand, n - from, 1.0, at(from, from), n, v.data() + (from - top), n, 1.0,
           product.data() + (from - top), n);
      gemm('N', 'N', n - to, kBand, to - from, 1.0, at(to, from), n, v.data() + (from - top), n, 1.0,
           product.data() + (to - top), n);
    });
    for (int slot = 1; slot < slots; ++slot)
      products[0].topRows(n - top) += products[static_cast<std::size_t>(slot)].topRows(n - top);
  }

  /// From Z = S·V: W = Y − ½·V·(Tᵀ·(Vᵀ·Y)) with Y = Z·T, kept with V for the next update.
  void prepareUpdate(int k, int top) {
    const int height = n - top;
    const double* tk = t.data() + static_cast<std::size_t>(k) * kBand;
    Eigen::MatrixXd inner(kBand, kBand);
    Eigen::MatrixXd correction(kBand, kBand);
    double* w = vw.data() + static_cast<std::size_t>(kBand) * static_cast<std::size_t>(n);
    gemm('N', 'N', height, kBand, kBand, 1.0, products[0].data(), n, tk, kBand, 0.0, w, n);
    gemm('T', 'N', kBand, kBand, height, 1.0, v.data(), n, w, n, 0.0, inner.data(), kBand);
    gemm('T', 'N', kBand, kBand, kBand, -0.5, tk, kBand, inner.data(), kBand, 0.0, correction.data(), kBand);
    gemm('N', 'N', height, kBand, kBand, 1.0, v.data(), n, correction.data(), kBand, 1.0, w, n);
    vw.leftCols(kBand).topRows(height) = v.topRows(height);
    wv.leftCols(kBand).topRows(height) = vw.rightCols(kBand).topRows(height);
    wv.rightCols(kBand).topRows(height) = v.topRows(height);
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
    products.assign(static_cast<std::size_t>(std::max(threads, 1)), Eigen::MatrixXd(n, kBand));
    int oldTop = 0;
    int k = 0;
    for (; n - k - kBand >= 2; k += kBand) {
      progress.check();
      update(k, k + kBand, oldTop);
      factorPanel(k);
      sweep(k + kBand, oldTop);
      prepareUpdate(k, k + kBand);
      oldTop = k + kBand;
    }
    update(k, n, oldTop);
  }
};

} // namespace

BandReduction toBand(Eigen::MatrixXd&& symmetric, const Progress& progress, int threads) {
  useSingleThreadedBlas();
  const auto n = static_cast<int>(symmetric.rows());
  BandReduction result{SymmetricBand(n), std::move(symmetric), {}};
  Reduction reduction{.s = result.v, .threads = threads};
  reduction.run(progress);
  for (int j = 0; j < n; ++j)
    for (int i = j; i < std::min(n, j + kBand + 1); ++i) result.band(i, j) = result.v(i, j);
  result.t = std::move(reduction.t);
  return result;
}

void applyQ(const BandReduction& reduction, Eigen::MatrixXd& x, const Progress& progress, int threads) {
  const auto n = static_cast<int>(reduction.v.rows());
  const auto columns = static_cast<int>(x.cols());
  const int slots = std::clamp(threads, 1, std::max(1, columns / 32));
  int last = 0;
  while (n - (last + kBand) - kBand >= 2) last += kBand;
  if (n - kBand < 2) return;
  for (int k = last; k >= 0; k -= kBand) {
    progress.check();
    const int top = k + kBand;
    const int height = n - top;
    const int reflectors = std::min(height, kBand);
    Eigen::MatrixXd v = Eigen::MatrixXd::Zero(height, reflectors);
    for (int j = 0; j < reflectors; ++j) {
      v(j, j) = 1;
      v.col(j).tail(height - j - 1) = reduction.v.col(k + j).tail(height - j - 1);
    }
    const Eigen::MatrixXd t = reduction.t.block(0, k, reflectors, reflectors);
    parallelItems(slots, slots, [&](int part, int) {
      const int from = columns * part / slots;
      const int width = columns * (part + 1) / slots - from;
      double* xs = x.data() + static_cast<std::size_t>(from) * static_cast<std::size_t>(n) + top;
      Eigen::MatrixXd inner(reflectors, width);
      Eigen::MatrixXd scaled(reflectors, width);
      gemm('T', 'N', reflectors, width, height, 1.0, v.data(), height, xs, n, 0.0, inner.data(), reflectors);
      gemm('N', 'N', reflectors, width, reflectors, 1.0, t.data(), reflectors, inner.data(), reflectors, 0.0,
           scaled.data(), reflectors);
      gemm('N', 'N', height, width, reflectors, -1.0, v.data(), height, scaled.data(), reflectors, 1.0, xs, n);
    });
  }
}

} // namespace rankscope
