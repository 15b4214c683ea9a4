// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/base/progress.h"

namespace rankscope {

/// Lower half of a symmetric n × n matrix of bandwidth kBand, with room for the bulges of the reduction.
class SymmetricBand final {
 public:
  static constexpr int kBand = 32;

  explicit SymmetricBand(int n)
      : m_n(n), m_values(static_cast<std::size_t>(n + 2 * kBand + 1) * (kStride + 1) + 2 * kBand, 0.0) {}

  int size() const { return m_n; }

  /// 0 ≤ row − col ≤ kBand. A column's entries are contiguous.
  double& operator()(int row, int col) { return *at(row, col); }

 private:
  friend struct Chase;
  static constexpr int kStride = 2 * kBand;
  double* at(int row, int col) { return m_values.data() + static_cast<std::size_t>(col) * kStride + row; }

  int m_n;
  std::vector<double> m_values;
};

struct Tridiagonal {
  std::vector<double> diagonal;    ///< n
  std::vector<double> offDiagonal; ///< n, the last one unused
};

/// The tridiagonal matrix with the same eigenvalues, by Householder reflections that chase each column's bulge down the
/// band (Murata & Horikoshi 1975; Lang 1993), several columns in a wave so that what they touch stays in the cache.
/// Overwrites the band.
Tridiagonal toTridiagonal(SymmetricBand& band, const Progress& progress);

} // namespace rankscope
