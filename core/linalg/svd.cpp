// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/svd.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/linalg/lapack.h"
#include "core/linalg/scaled.h"
#include "core/tensor/convert.h"

namespace rankscope {

double singularValuesFlops(std::int64_t rows, std::int64_t cols) {
  const double m = static_cast<double>(std::max(rows, cols));
  const double n = static_cast<double>(std::min(rows, cols));
  return m * n * n + 4.0 / 3.0 * n * n * n;
}

/// The matrix in double, scaled by 2^-exponent. Row-major is what LAPACK reads as the transpose.
static RowMatrixD scaledDouble(const MatrixView& matrix, int exponent) {
  RowMatrixD values = toDouble(matrix);
  double* x = values.data();
  for (std::int64_t i = 0; i < values.size(); ++i) x[i] = std::ldexp(x[i], -exponent);
  return values;
}

std::vector<double> singularValues(const MatrixView& matrix, const Progress& progress, int threads) {
  static_cast<void>(threads);
  useSingleThreadedBlas();
  const auto n = static_cast<int>(matrix.smallSide());
  std::vector<double> sigma(static_cast<std::size_t>(n), 0.0);
  const Magnitude size = magnitude(matrix);
  if (size.zero) return sigma;
  progress.check();

  Eigen::MatrixXd gram(n, n);
  {
    const RowMatrixD w = scaledDouble(matrix, size.exponent);
    const int lda = static_cast<int>(matrix.cols);
    const int k = static_cast<int>(std::max(matrix.rows, matrix.cols));
    const double one = 1;
    const double zero = 0;
    // Column-major, the stored bytes are Wᵀ (cols × rows).
    dsyrk_("L", matrix.cols <= matrix.rows ? "N" : "T", &n, &k, &one, w.data(), &lda, &zero, gram.data(), &n);
  }
  progress.check();
  std::vector<double> e(static_cast<std::size_t>(n));
  std::vector<double> tau(static_cast<std::size_t>(n));
  int info = 0;
  int lwork = -1;
  double wanted = 0;
  dsytrd_("L", &n, gram.data(), &n, sigma.data(), e.data(), tau.data(), &wanted, &lwork, &info);
  lwork = static_cast<int>(wanted);
  std::vector<double> work(static_cast<std::size_t>(lwork));
  dsytrd_("L", &n, gram.data(), &n, sigma.data(), e.data(), tau.data(), work.data(), &lwork, &info);
  progress.check();
  dsterf_(&n, sigma.data(), e.data(), &info);
  std::reverse(sigma.begin(), sigma.end());
  for (double& s : sigma) s = std::ldexp(std::sqrt(std::max(s, 0.0)), size.exponent);
  return sigma;
}

TruncatedSvd truncatedSvd(const MatrixView& matrix, std::int64_t rank, const std::vector<double>& knownSigma,
                          const Progress& progress, int threads) {
  static_cast<void>(knownSigma);
  static_cast<void>(threads);
  assert(rank >= 1 && rank <= matrix.smallSide());
  useSingleThreadedBlas();
  const Magnitude size = magnitude(matrix);
  progress.check();
  RowMatrixD w = scaledDouble(matrix, size.exponent);
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
  for (double& s : sigma) s = std::ldexp(s, size.exponent);
  return {.u = vt.topRows(rank).transpose(), .sigma = std::move(sigma), .v = u.leftCols(rank)};
}

} // namespace rankscope
