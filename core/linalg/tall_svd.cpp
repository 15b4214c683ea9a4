// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/tall_svd.h"

#include <algorithm>
#include <cmath>

#include "core/linalg/lapack.h"
#include "core/linalg/parallel.h"
#include "core/linalg/tridiagonal.h"

namespace rankscope {

std::vector<double> largestEigenvalues(SymmetricBand band, int count, const Progress& progress, int threads) {
  return largestEigenvalues(toTridiagonal(band, progress), count, threads);
}

Eigen::MatrixXd timesColumns(const ScaledMatrix& w, const Eigen::MatrixXd& v, const Progress& progress, int threads) {
  constexpr int kDepth = 256;
  const int m = w.longSide();
  const int n = w.shortSide();
  const auto r = static_cast<int>(v.cols());
  Eigen::MatrixXd y(m, r);
  std::vector<Eigen::MatrixXd> pieces(static_cast<std::size_t>(std::max(threads, 1)));
  parallelItems((m + kDepth - 1) / kDepth, threads, [&](int item, int slot) {
    progress.check();
    const int first = item * kDepth;
    const int count = std::min(kDepth, m - first);
    Eigen::MatrixXd& piece = pieces[static_cast<std::size_t>(slot)];
    w.readLong(first, count, piece);
    gemm('T', 'N', count, r, n, 1.0, piece.data(), static_cast<int>(piece.rows()), v.data(), n, 0.0, y.data() + first,
         m);
  });
  return y;
}

Eigen::MatrixXd transposedTimesColumns(const ScaledMatrix& w, const Eigen::MatrixXd& y, const Progress& progress,
                                       int threads) {
  constexpr int kDepth = 256;
  const int m = w.longSide();
  const int n = w.shortSide();
  const auto r = static_cast<int>(y.cols());
  const auto slots = static_cast<std::size_t>(std::max(threads, 1));
  std::vector<Eigen::MatrixXd> pieces(slots);
  std::vector<Eigen::MatrixXd> sums(slots, Eigen::MatrixXd::Zero(n, r));
  parallelItems((m + kDepth - 1) / kDepth, threads, [&](int item, int slot) {
    progress.check();
    const int first = item * kDepth;
    const int count = std::min(kDepth, m - first);
    Eigen::MatrixXd& piece = pieces[static_cast<std::size_t>(slot)];
    w.readLong(first, count, piece);
    gemm('N', 'N', n, r, count, 1.0, piece.data(), static_cast<int>(piece.rows()), y.data() + first, m, 1.0,
         sums[static_cast<std::size_t>(slot)].data(), n);
  });
  for (std::size_t slot = 1; slot < slots; ++slot) sums[0] += sums[slot];
  return std::move(sums[0]);
}

std::optional<TallSvd> normalisedColumns(Eigen::MatrixXd&& y, Eigen::MatrixXd&& v, const Progress& progress,
                                         int threads) {
  constexpr int kTile = 64;
  const auto m = static_cast<int>(y.rows());
  const auto r = static_cast<int>(y.cols());
  Eigen::MatrixXd products(r, r); // lower half of yᵀ·y
  parallelItems((r + kTile - 1) / kTile, threads, [&](int tile, int) {
    progress.check();
    const int first = tile * kTile;
    gemm('T', 'N', r - first, std::min(kTile, r - first), m, 1.0, y.col(first).data(), m, y.col(first).data(), m, 0.0,
         &products(first, first), r);
  });
  std::vector<double> sigma(static_cast<std::size_t>(r));
  for (int i = 0; i < r; ++i) {
    sigma[static_cast<std::size_t>(i)] = std::sqrt(products(i, i));
    if (sigma[static_cast<std::size_t>(i)] == 0) return std::nullopt;
  }
  if (!std::is_sorted(sigma.rbegin(), sigma.rend())) return std::nullopt;
  double largest = 0;
  for (int j = 0; j < r; ++j)
    for (int i = j + 1; i < r; ++i)
      largest = std::max(largest, std::abs(products(i, j)) /
                                      (sigma[static_cast<std::size_t>(i)] * sigma[static_cast<std::size_t>(j)]));
  if (largest > 1e-11) return std::nullopt;
  for (int i = 0; i < r; ++i) y.col(i) /= sigma[static_cast<std::size_t>(i)];
  return TallSvd{std::move(y), std::move(sigma), std::move(v)};
}

Eigen::MatrixXd product(char opA, const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, const Progress& progress,
                        int threads) {
  constexpr int kColumns = 64;
  const auto m = static_cast<int>(opA == 'N' ? a.rows() : a.cols());
  const auto k = static_cast<int>(opA == 'N' ? a.cols() : a.rows());
  const auto n = static_cast<int>(b.cols());
  Eigen::MatrixXd result(m, n);
  parallelItems((n + kColumns - 1) / kColumns, threads, [&](int item, int) {
    progress.check();
    const int first = item * kColumns;
    gemm(opA, 'N', m, std::min(kColumns, n - first), k, 1.0, a.data(), static_cast<int>(a.rows()),
         b.data() + static_cast<std::size_t>(first) * static_cast<std::size_t>(k), k, 0.0,
         result.data() + static_cast<std::size_t>(first) * static_cast<std::size_t>(m), m);
  });
  return result;
}

} // namespace rankscope
