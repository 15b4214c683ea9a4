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
enum class Storage { F32, F16, BF16, Int8, Int4, Int3 };

/// "f32", "f16", "bf16", "int8", "int4", "int3": the spelling of plan files.
std::string_view name(Storage storage);
std::optional<Storage> parseStorage(std::string_view name);
/// The study's `quant_bits`: 32, 16, 8, 4 are f32, f16, int8, int4.
std::optional<Storage> storageForBits(int quantBits);
bool isInteger(Storage storage);
/// The largest code of an integer storage: 127, 7 or 3.
int largestCode(Storage storage);

/// Which elements share a scale. PerRow: one scale for each row (or for each `group` neighbours within a row);
/// PerColumn: one for each column (or for each `group` neighbours within a column).
enum class ScaleAxis { PerRow, PerColumn };

struct StorageFormat {
  Storage storage = Storage::F32;
  ScaleAxis axis = ScaleAxis::PerRow;  ///< meaningful for integers only
  int group = 0;                       ///< 0: one scale per axis slice; else 32, 64 or 128 neighbours share one
  Storage scales = Storage::F32;       ///< how the scales of integers are written: F32 or F16
  bool operator==(const StorageFormat&) const = default;
};

/// A rows × cols matrix as it is written: symmetric integers (no −128; no −8; no −4) with scales, or floats. Immutable
/// once made; `owner` keeps the bytes alive, whether a file or memory.
///
/// codes: row-major, two's complement. Int4 packs nibbles along each row, low nibble first, an odd row padded with 0.
/// Int3 packs each 8 neighbours of a row into 3 bytes: code j of the row is bits 3j … 3j + 2 of the row's bytes read as
/// one little-endian number; a row is padded with 0 to a multiple of 8.
/// scales: row-major. PerRow, group 0: rows; PerRow, group g: rows × ⌈cols/g⌉; PerColumn, group 0: cols;
/// PerColumn, group g: ⌈rows/g⌉ × cols. Empty for floats. Scales that are written in F16 are held here as the F32 of the
/// same value.
struct StoredMatrix {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  StorageFormat format;
  std::span<const std::byte> codes;
  std::span<const float> scales;
  std::shared_ptr<const void> owner;

  std::uint64_t bytes() const { return codes.size() + scales.size() * (format.scales == Storage::F16 ? 2 : 4); }
};

/// Bytes that storedMatrix() of this shape and format holds, scales included.
std::uint64_t storedBytes(std::int64_t rows, std::int64_t cols, const StorageFormat& format);
std::uint64_t codeBytes(std::int64_t rows, std::int64_t cols, Storage storage);
/// Elements of a row of codes: cols, ⌈cols/2⌉ bytes for Int4, 3·⌈cols/8⌉ for Int3.
std::int64_t codesPerRow(std::int64_t cols, Storage storage);
std::uint64_t scaleCount(std::int64_t rows, std::int64_t cols, const StorageFormat& format);

std::size_t scaleBytes(const StorageFormat& format);  ///< of one scale as written

/// The scales as they are written, and back. `bytes` holds scaleBytes() for each and need not be aligned.
std::vector<std::byte> writtenScales(const StoredMatrix& matrix);
std::vector<float> readScales(std::span<const std::byte> bytes, const StorageFormat& format);

/// The integer at (row, col); the storage must be an integer's.
int codeAt(const StoredMatrix& matrix, std::int64_t row, std::int64_t col);
/// A matrix of given codes (row-major rows × cols, each at most largestCode() in size) and scales (as laid out in
/// StoredMatrix, already rounded where they are written in F16): what a rounding of its own makes.
StoredMatrix packCodes(std::int64_t rows, std::int64_t cols, const StorageFormat& format,
                       std::span<const std::int8_t> codes, std::vector<float> scales);
/// `scale` as it will be written.
float roundedScale(float scale, const StorageFormat& format);

/// Rounds `values` (row-major rows × cols) into the format: to nearest, scale = max|x| / largestCode() of the elements
/// that share it; a zero slice has scale 0. Floats overflow to infinity as in PyTorch; for integers NaN, infinity and
/// values whose scale would overflow throw Error(BadValues), in a sentence without a name.
StoredMatrix storeMatrix(const RowMatrixD& values, const StorageFormat& format);

/// What is really stored, as numbers.
RowMatrixF load(const StoredMatrix& matrix);
RowMatrixF loadRows(const StoredMatrix& matrix, std::int64_t first, std::int64_t count);

}  // namespace rankscope
