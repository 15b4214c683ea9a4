// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include <Eigen/Dense>

#include "core/linalg/lapack.h"
#include "core/tensor/convert.h"

namespace rankscope::test {

inline RowMatrixD gaussian(std::int64_t rows, std::int64_t cols, unsigned seed, double scale = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, scale);
  RowMatrixD matrix(rows, cols);
  for (std::int64_t i = 0; i < matrix.size(); ++i) matrix.data()[i] = normal(random);
  return matrix;
}

inline Eigen::MatrixXd orthonormal(std::int64_t rows, std::int64_t cols, unsigned seed) {
  const Eigen::MatrixXd g = gaussian(rows, cols, seed);
  return Eigen::HouseholderQR<Eigen::MatrixXd>(g).householderQ() * Eigen::MatrixXd::Identity(rows, cols);
}

/// A rows × cols matrix with (up to rounding) the given singular values, min(rows, cols) of them.
inline RowMatrixD withSingularValues(std::int64_t rows, std::int64_t cols, const std::vector<double>& sigma,
                                     unsigned seed) {
  const auto p = static_cast<std::int64_t>(sigma.size());
  const Eigen::Map<const Eigen::VectorXd> s(sigma.data(), p);
  return orthonormal(rows, p, seed) * s.asDiagonal() * orthonormal(cols, p, seed + 1).transpose();
}

/// A matrix in the dtype it would be stored in, and a view of it.
struct Stored {
  Stored(const RowMatrixD& values, DType dtype)
      : bytes(static_cast<std::size_t>(values.size()) * byteSize(dtype)), view{values.rows(), values.cols(), dtype,
                                                                               bytes.data()} {
    store(std::span(values.data(), static_cast<std::size_t>(values.size())), dtype, bytes.data());
  }
  Stored(const Stored&) = delete;
  Stored& operator=(const Stored&) = delete;

  std::vector<std::byte> bytes;
  MatrixView view;
};

/// What LAPACK says in double.
inline std::vector<double> dgesddValues(const MatrixView& matrix) {
  RowMatrixD w = toDouble(matrix);
  const int m = static_cast<int>(matrix.cols);
  const int n = static_cast<int>(matrix.rows);
  const int one = 1;
  std::vector<double> sigma(static_cast<std::size_t>(std::min(m, n)));
  std::vector<int> iwork(8 * sigma.size());
  double unused = 0;
  double wanted = 0;
  int lwork = -1;
  int info = 0;
  dgesdd_("N", &m, &n, w.data(), &m, sigma.data(), &unused, &one, &unused, &one, &wanted, &lwork, iwork.data(), &info);
  lwork = static_cast<int>(wanted);
  std::vector<double> work(static_cast<std::size_t>(lwork));
  dgesdd_("N", &m, &n, w.data(), &m, sigma.data(), &unused, &one, &unused, &one, work.data(), &lwork, iwork.data(),
          &info);
  return info == 0 ? sigma : std::vector<double>{};
}

/// Largest deviation of the values in units of the largest expected one; infinite where the counts differ.
inline double deviation(const std::vector<double>& actual, const std::vector<double>& expected) {
  if (actual.size() != expected.size()) return INFINITY;
  double largest = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (!std::isfinite(actual[i])) return INFINITY;
    largest = std::max(largest, std::abs(actual[i] - expected[i]));
  }
  return expected.front() > 0 ? largest / expected.front() : largest;
}

} // namespace rankscope::test
