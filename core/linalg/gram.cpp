// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/gram.h"

#include <algorithm>

#include "core/linalg/lapack.h"
#include "core/linalg/padded_matrix.h"
#include "core/linalg/parallel.h"

namespace rankscope {

template <class Scalar>
Eigen::MatrixX<Scalar> gram(const ScaledMatrix& matrix, const Progress& progress, int threads) {
  useSingleThreadedBlas();
  constexpr int kPieceEntries = 2 << 20;
  constexpr int kTile = 512;
  const int n = matrix.shortSide();
  const int m = matrix.longSide();
  const int depth = std::clamp(kPieceEntries / n, 64, 1024);
  const int tiles = (n + kTile - 1) / kTile; // for one thread, too: results must not depend on their number
  const int width = (n + tiles - 1) / tiles;
  auto result = paddedMatrix<Eigen::MatrixX<Scalar>>(n, n);
  result.setZero();
  const int stride = static_cast<int>(result.rows());
  auto piece = paddedMatrix<Eigen::MatrixX<Scalar>>(n, std::min(depth, m));
  for (int first = 0; first < m; first += depth) {
    progress.check();
    const int count = std::min(depth, m - first);
    matrix.readLong(first, count, piece);
    parallelItems(tiles, threads, [&](int tile, int) {
      const int from = tile * width;
      const int to = std::min(n, from + width);
      const int size = to - from;
      Scalar* corner = result.data() + static_cast<std::size_t>(from) * static_cast<std::size_t>(stride) + from;
      addSquare(size, count, piece.data() + from, stride, corner, stride);
      gemm('N', 'T', n - to, size, count, Scalar(1), piece.data() + to, stride, piece.data() + from, stride, Scalar(1),
           corner + size, stride);
    });
  }
  return result;
}

template Eigen::MatrixXf gram(const ScaledMatrix&, const Progress&, int);
template Eigen::MatrixXd gram(const ScaledMatrix&, const Progress&, int);

} // namespace rankscope
