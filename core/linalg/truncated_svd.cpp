// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/svd.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/linalg/lapack.h"
#include "core/linalg/scaled_matrix.h"
#include "core/tensor/convert.h"

namespace rankscope {

TruncatedSvd truncatedSvd(const MatrixView& matrix, std::int64_t rank, const std::vector<double>& knownSigma,
                          const Progress& progress, int threads) {
  static_cast<void>(knownSigma);
  static_cast<void>(threads);
  assert(rank >= 1 && rank <= matrix.smallSide());
  useSingleThreadedBlas();
  const ScaledMatrix scaled(matrix);
  progress.check();
  RowMatrixD w(matrix.rows, matrix.cols);
  scaled.read(0, 0, w.size(), w.data());
  const int m = static_cast<int>(matrix.cols); // column-major, the stored bytes are Wᵀ
  const int n = static_cast<int>(matrix.rows);
  const int p = std::min(m, n);
  Eigen::MatrixXd u(m, p);
  Eigen::MatrixXd vt(p, n);
  std::vector<double> sigma(static_cast<std::size_t>(p));
  std::vector<int> iwork(static_cast<std::size_t>(8 * p));
  int info = 0;
  int lwork = -1;
  double wanted = 0;
  dgesdd_("S", &m, &n, w.data(), &m, sigma.data(), u.data(), &m, vt.data(), &p, &wanted, &lwork, iwork.data(), &info);
  lwork = static_cast<int>(wanted);
  std::vector<double> work(static_cast<std::size_t>(lwork));
  dgesdd_("S", &m, &n, w.data(), &m, sigma.data(), u.data(), &m, vt.data(), &p, work.data(), &lwork, iwork.data(),
          &info);
  progress.check();
  sigma.resize(static_cast<std::size_t>(rank));
  for (double& s : sigma) s = std::ldexp(s, scaled.exponent());
  return {.u = vt.topRows(rank).transpose(), .sigma = std::move(sigma), .v = u.leftCols(rank)};
}

} // namespace rankscope
