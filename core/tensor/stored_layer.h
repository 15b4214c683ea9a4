// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/tensor/stored_matrix.h"

namespace rankscope {

/// Two factors: the matrix is a·b, a rows × r, b r × cols.
struct FactorPair {
  StoredMatrix a;
  StoredMatrix b;
};

/// What a compressed model stores for one weight matrix: W ≈ base + a·b, either part alone (a quantised matrix, or
/// factors) or both (a quantised matrix with a low-rank correction). Immutable once made; copies share the bytes.
struct StoredLayer {
  std::optional<StoredMatrix> base;
  std::optional<FactorPair> factors;
  std::vector<float> biasShift; ///< added to the linear's bias; empty or one number an output

  bool empty() const { return !base && !factors; }
  std::int64_t rows() const { return base ? base->rows : factors->a.rows; }
  std::int64_t cols() const { return base ? base->cols : factors->b.cols; }
  std::optional<std::int64_t> rank() const { return factors ? std::optional(factors->a.cols) : std::nullopt; }
  std::uint64_t bytes() const; ///< as written, scales and bias shift included
};

/// Rows of base + a·b as numbers, multiplied in double.
class ExpandedRows final {
 public:
  /// Not empty.
  explicit ExpandedRows(const StoredLayer& layer);
  /// Rows [first, first + count).
  RowMatrixD rows(std::int64_t first, std::int64_t count) const;

 private:
  std::optional<StoredMatrix> m_base;
  RowMatrixD m_a;
  RowMatrixD m_b;
};

} // namespace rankscope
