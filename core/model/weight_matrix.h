// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/model/kernels.h"
#include "core/tensor/stored_matrix.h"
#include "core/tensor/tensor_view.h"

namespace rankscope {

/// A rows × cols matrix that is multiplied by as it lies in memory or in the file: one vector streams through it, many
/// vectors meet panels converted to F32. Activations are F32, row-major, one token a row. Immutable; copies share.
class WeightMatrix final {
 public:
  /// A dense tensor; `owner` keeps its bytes alive. F64 is rounded to an F32 copy.
  WeightMatrix(const MatrixView& matrix, std::shared_ptr<const void> owner);
  explicit WeightMatrix(StoredMatrix matrix);

  std::int64_t rows() const { return m_rows; }
  std::int64_t cols() const { return m_cols; }
  std::uint64_t bytes() const { return m_bytes; } ///< as stored, scales included
  bool isInteger() const { return m_code == Code::Int8 || m_code == Code::Int4 || m_code == Code::Int3; }

  /// y (tokens × rows) = x (tokens × cols) · Mᵀ.
  void multiplyTransposed(const float* x, std::int64_t tokens, float* y) const;
  /// y (tokens × cols) = x (tokens × rows) · M.
  void multiply(const float* x, std::int64_t tokens, float* y) const;
  /// Row i as numbers, cols() of them.
  void row(std::int64_t i, float* out) const;

 private:
  const std::byte* rowData(std::int64_t i) const { return m_data + static_cast<std::size_t>(i) * m_rowBytes; }
  bool scaled() const { return !m_scales.empty(); }
  std::size_t codeOffset(std::int64_t col) const;
  void dotVector(const float* x, float* y) const;
  void addVector(const float* x, float* y) const;
  void dotRange(std::int64_t first, std::int64_t last, const float* x, float* y) const;
  void addRange(std::int64_t first, std::int64_t last, const float* x, float* y) const;
  void expand(std::int64_t row, std::int64_t firstCol, std::int64_t count, float* out) const;

  std::int64_t m_rows = 0;
  std::int64_t m_cols = 0;
  Code m_code = Code::F32;
  ScaleAxis m_axis = ScaleAxis::PerRow;
  std::int64_t m_group = 0;
  const std::byte* m_data = nullptr;
  std::size_t m_rowBytes = 0;
  std::span<const float> m_scales;
  std::uint64_t m_bytes = 0;
  std::shared_ptr<const void> m_owner;
};

/// y (tokens × rows) = x (tokens × cols) · Wᵀ for F32 numbers, on all cores.
void multiplyTransposed(const float* x, std::int64_t tokens, const float* w, std::int64_t rows, std::int64_t cols,
                        float* y);

} // namespace rankscope
