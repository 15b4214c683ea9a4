// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/tensor/convert.h"
#include "core/tensor/tensor_view.h"

namespace rankscope {

/// How the numbers of a factor (or of a whole matrix) are written.
enum class Storage { F32, F16, BF16, Int8, Int4 };

/// "f32", "f16", "bf16", "int8", "int4": the spelling of plan files.
std::string_view name(Storage storage);
std::optional<Storage> parseStorage(std::string_view name);
/// The study's `quant_bits`: 32, 16, 8, 4 are f32, f16, int8, int4.
std::optional<Storage> storageForBits(int quantBits);
bool isInteger(Storage storage);

/// Which elements share a scale. PerRow: one scale for each row (or for each `group` neighbours within a row);
/// PerColumn: one for each column (or for each `group` neighbours within a column).
enum class ScaleAxis { PerRow, PerColumn };

struct StorageFormat {
  Storage storage = Storage::F32;
  ScaleAxis axis = ScaleAxis::PerRow;  ///< meaningful for integers only
  int group = 0;                       ///< 0: one scale per axis slice; else 32, 64 or 128 neighbours share one
  bool operator==(const StorageFormat&) const = default;
};

/// A rows × cols matrix as it is written: symmetric integers (no −128; no −8) with F32 scales, or floats. Immutable
/// once made; `owner` keeps the bytes alive, whether a file or memory.
///
/// codes: row-major; Int4 packs two's-complement nibbles along each row, low nibble first, an odd row padded with 0.
/// scales: row-major. PerRow, group 0: rows; PerRow, group g: rows × ⌈cols/g⌉; PerColumn, group 0: cols;
/// PerColumn, group g: ⌈rows/g⌉ × cols. Empty for floats.
struct StoredMatrix {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  StorageFormat format;
  std::span<const std::byte> codes;
  std::span<const float> scales;
  std::shared_ptr<const void> owner;

  std::uint64_t bytes() const { return codes.size() + scales.size_bytes(); }
};

/// Bytes that storedMatrix() of this shape and format holds, scales included.
std::uint64_t storedBytes(std::int64_t rows, std::int64_t cols, const StorageFormat& format);
std::uint64_t codeBytes(std::int64_t rows, std::int64_t cols, Storage storage);
std::uint64_t scaleCount(std::int64_t rows, std::int64_t cols, const StorageFormat& format);

/// Rounds `values` (row-major rows × cols) into the format: to nearest, scale = max|x| / 127 (or 7) of the elements
/// that share it; a zero slice has scale 0. Floats overflow to infinity as in PyTorch; for integers NaN, infinity and
/// values whose scale would overflow throw Error(BadValues), in a sentence without a name.
StoredMatrix storeMatrix(const RowMatrixD& values, const StorageFormat& format);

/// What is really stored, as numbers.
RowMatrixF load(const StoredMatrix& matrix);

}  // namespace rankscope
