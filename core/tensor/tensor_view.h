// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/tensor/dtype.h"
#include "core/tensor/mapped_file.h"

namespace rankscope {

/// One tensor of an open file: row-major elements, little-endian, as stored. The bytes stay valid while `file` lives.
struct TensorView {
  std::string name;
  DType dtype = DType::F32;
  std::vector<std::uint64_t> shape;
  std::span<const std::byte> bytes;
  std::shared_ptr<const MappedFile> file;

  std::uint64_t elements() const {
    std::uint64_t count = 1;
    for (const std::uint64_t extent : shape) count *= extent;
    return count;
  }
};

/// A rows × cols matrix in the dtype it is stored in: what the numerical kernels read. Row-major, contiguous; the bytes
/// need not be aligned for the dtype. Only weight dtypes (see isWeight).
struct MatrixView {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  DType dtype = DType::F32;
  const std::byte* data = nullptr;

  std::int64_t smallSide() const { return rows < cols ? rows : cols; }
};

}  // namespace rankscope
