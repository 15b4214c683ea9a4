// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/stored_matrix.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "core/base/error.h"

namespace rankscope {
namespace {

constexpr std::array<std::pair<Storage, std::string_view>, 6> kNames{{{Storage::F32, "f32"},
                                                                      {Storage::F16, "f16"},
                                                                      {Storage::BF16, "bf16"},
                                                                      {Storage::Int8, "int8"},
                                                                      {Storage::Int4, "int4"},
                                                                      {Storage::Int3, "int3"}}};

DType floatType(Storage storage) {
  assert(!isInteger(storage));
  return storage == Storage::F32 ? DType::F32 : storage == Storage::F16 ? DType::F16 : DType::BF16;
}

std::int64_t groups(std::int64_t length, int group) {
  return group == 0 ? 1 : (length + group - 1) / group;
}

/// Which scale each element of a row uses: element j the one at begin + slot(j).
struct ScaleRow {
  std::int64_t begin;
  std::int64_t width; ///< neighbours that share one: 1 for PerColumn
};

ScaleRow scaleRow(std::int64_t row, std::int64_t cols, const StorageFormat& format) {
  if (format.axis == ScaleAxis::PerRow) {
    const std::int64_t width = format.group == 0 ? std::max<std::int64_t>(cols, 1) : format.group;
    return {row * groups(cols, format.group), width};
  }
  return {format.group == 0 ? 0 : row / format.group * cols, 1};
}

/// Calls visit(first, count, scale index) for each stretch of a row that shares a scale.
template <class Visit>
void forStretches(std::int64_t row, std::int64_t cols, const StorageFormat& format, Visit visit) {
  const ScaleRow scales = scaleRow(row, cols, format);
  for (std::int64_t j = 0, k = scales.begin; j < cols; j += scales.width, ++k)
    visit(j, std::min(scales.width, cols - j), static_cast<std::size_t>(k));
}

std::vector<double> largestPerScale(const RowMatrixD& values, const StorageFormat& format) {
  std::vector<double> largest(scaleCount(values.rows(), values.cols(), format));
  for (std::int64_t i = 0; i < values.rows(); ++i) {
    const double* row = values.data() + i * values.cols();
    forStretches(i, values.cols(), format, [&](std::int64_t first, std::int64_t count, std::size_t k) {
      for (std::int64_t j = first; j < first + count; ++j) {
        if (!std::isfinite(row[j])) throw Error(ErrorKind::BadValues, "NaN or infinity cannot be stored as an integer");
        largest[k] = std::max(largest[k], std::abs(row[j]));
      }
    });
  }
  return largest;
}

std::vector<float> scalesFor(const RowMatrixD& values, const StorageFormat& format, int most) {
  const std::vector<double> largest = largestPerScale(values, format);
  std::vector<float> scales(largest.size());
  std::transform(largest.begin(), largest.end(), scales.begin(),
                 [&](double x) { return roundedScale(static_cast<float>(x / most), format); });
  if (std::any_of(scales.begin(), scales.end(), [](float s) { return !std::isfinite(s); }))
    throw Error(ErrorKind::BadValues,
                fmt::format("values are too large for {} with {} scales", name(format.storage), name(format.scales)));
  return scales;
}

/// Into bytes that are zero so far.
void putCode(std::byte* row, std::int64_t j, int code, Storage storage) {
  if (storage == Storage::Int8) {
    row[j] = static_cast<std::byte>(code);
  } else if (storage == Storage::Int4) {
    row[j / 2] |= static_cast<std::byte>((code & 0xF) << (j % 2 * 4));
  } else {
    const std::int64_t bit = 3 * j;
    const int shifted = (code & 7) << bit % 8;
    row[bit / 8] |= static_cast<std::byte>(shifted);
    if (bit % 8 > 5) row[bit / 8 + 1] |= static_cast<std::byte>(shifted >> 8);
  }
}

int codeAt(const std::byte* row, std::int64_t j, Storage storage) {
  if (storage == Storage::Int8) return static_cast<std::int8_t>(row[j]);
  if (storage == Storage::Int3) {
    const std::int64_t bit = 3 * j;
    int bits = std::to_integer<int>(row[bit / 8]);
    if (bit % 8 > 5) bits |= std::to_integer<int>(row[bit / 8 + 1]) << 8;
    return ((bits >> bit % 8 & 7) ^ 4) - 4;
  }
  const int nibble = std::to_integer<int>(row[j / 2]) >> (j % 2 * 4) & 0xF;
  return nibble < 8 ? nibble : nibble - 16;
}

struct OwnedBytes {
  std::vector<std::byte> codes;
  std::vector<float> scales;
};

} // namespace

std::string_view name(Storage storage) {
  for (const auto& [value, text] : kNames)
    if (value == storage) return text;
  return {};
}

std::optional<Storage> parseStorage(std::string_view name) {
  for (const auto& [value, text] : kNames)
    if (text == name) return value;
  return std::nullopt;
}

std::optional<Storage> storageForBits(int quantBits) {
  switch (quantBits) {
  case 32:
    return Storage::F32;
  case 16:
    return Storage::F16;
  case 8:
    return Storage::Int8;
  case 4:
    return Storage::Int4;
  default:
    return std::nullopt;
  }
}

bool isInteger(Storage storage) {
  return storage == Storage::Int8 || storage == Storage::Int4 || storage == Storage::Int3;
}

int largestCode(Storage storage) {
  assert(isInteger(storage));
  return storage == Storage::Int8 ? 127 : storage == Storage::Int4 ? 7 : 3;
}

std::int64_t codesPerRow(std::int64_t cols, Storage storage) {
  if (storage == Storage::Int4) return (cols + 1) / 2;
  if (storage == Storage::Int3) return (cols + 7) / 8 * 3;
  return cols;
}

std::uint64_t codeBytes(std::int64_t rows, std::int64_t cols, Storage storage) {
  const auto m = static_cast<std::uint64_t>(rows);
  return m * static_cast<std::uint64_t>(codesPerRow(cols, storage)) *
         (isInteger(storage) ? 1 : byteSize(floatType(storage)));
}

std::uint64_t scaleCount(std::int64_t rows, std::int64_t cols, const StorageFormat& format) {
  if (!isInteger(format.storage)) return 0;
  return static_cast<std::uint64_t>(format.axis == ScaleAxis::PerRow ? rows * groups(cols, format.group)
                                                                     : groups(rows, format.group) * cols);
}

std::uint64_t storedBytes(std::int64_t rows, std::int64_t cols, const StorageFormat& format) {
  return codeBytes(rows, cols, format.storage) + scaleCount(rows, cols, format) * scaleBytes(format);
}

std::size_t scaleBytes(const StorageFormat& format) {
  return format.scales == Storage::F16 ? 2 : 4;
}

float roundedScale(float scale, const StorageFormat& format) {
  return format.scales == Storage::F16 ? static_cast<float>(rounded(static_cast<double>(scale), DType::F16)) : scale;
}

std::vector<std::byte> writtenScales(const StoredMatrix& matrix) {
  std::vector<std::byte> bytes(matrix.scales.size() * scaleBytes(matrix.format));
  store(matrix.scales, floatType(matrix.format.scales), bytes.data());
  return bytes;
}

std::vector<float> readScales(std::span<const std::byte> bytes, const StorageFormat& format) {
  std::vector<float> scales(bytes.size() / scaleBytes(format));
  convert(bytes.data(), floatType(format.scales), 0, std::span(scales));
  return scales;
}

int codeAt(const StoredMatrix& matrix, std::int64_t row, std::int64_t col) {
  const std::size_t rowBytes = codeBytes(1, matrix.cols, matrix.format.storage);
  return codeAt(matrix.codes.data() + static_cast<std::size_t>(row) * rowBytes, col, matrix.format.storage);
}

StoredMatrix packCodes(std::int64_t rows, std::int64_t cols, const StorageFormat& format,
                       std::span<const std::int8_t> codes, std::vector<float> scales) {
  assert(codes.size() == static_cast<std::size_t>(rows * cols) && scales.size() == scaleCount(rows, cols, format));
  const auto owned = std::make_shared<OwnedBytes>();
  owned->codes.resize(codeBytes(rows, cols, format.storage));
  owned->scales = std::move(scales);
  const std::size_t rowBytes = codeBytes(1, cols, format.storage);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < cols; ++j)
      putCode(owned->codes.data() + static_cast<std::size_t>(i) * rowBytes, j,
              codes[static_cast<std::size_t>(i * cols + j)], format.storage);
  return {rows, cols, format, owned->codes, owned->scales, owned};
}

StoredMatrix storeMatrix(const RowMatrixD& values, const StorageFormat& format) {
  const std::int64_t cols = values.cols();
  const auto owned = std::make_shared<OwnedBytes>();
  owned->codes.resize(codeBytes(values.rows(), cols, format.storage));
  if (isInteger(format.storage)) {
    const int most = largestCode(format.storage);
    owned->scales = scalesFor(values, format, most);
    const auto rowBytes = static_cast<std::int64_t>(codeBytes(1, cols, format.storage));
    for (std::int64_t i = 0; i < values.rows(); ++i) {
      const double* row = values.data() + i * cols;
      std::byte* codes = owned->codes.data() + i * rowBytes;
      forStretches(i, cols, format, [&](std::int64_t first, std::int64_t count, std::size_t k) {
        const double scale = owned->scales[k];
        if (scale == 0) return; // also where the largest value underflows
        for (std::int64_t j = first; j < first + count; ++j)
          // Clamped because a scale that is subnormal in F32 may have been rounded far down.
          putCode(codes, j, static_cast<int>(std::clamp<double>(std::nearbyint(row[j] / scale), -most, most)),
                  format.storage);
      });
    }
  } else {
    store(std::span(values.data(), static_cast<std::size_t>(values.size())), floatType(format.storage),
          owned->codes.data());
  }
  return {values.rows(), cols, format, owned->codes, owned->scales, owned};
}

RowMatrixF load(const StoredMatrix& matrix) {
  return loadRows(matrix, 0, matrix.rows);
}

RowMatrixF loadRows(const StoredMatrix& matrix, std::int64_t begin, std::int64_t rows) {
  RowMatrixF values(rows, matrix.cols);
  if (!isInteger(matrix.format.storage)) {
    convert(matrix.codes.data(), floatType(matrix.format.storage), begin * matrix.cols,
            std::span(values.data(), static_cast<std::size_t>(values.size())));
    return values;
  }
  const auto rowBytes = static_cast<std::int64_t>(codeBytes(1, matrix.cols, matrix.format.storage));
  for (std::int64_t i = begin; i < begin + rows; ++i) {
    const std::byte* codes = matrix.codes.data() + i * rowBytes;
    float* row = values.data() + (i - begin) * matrix.cols;
    forStretches(i, matrix.cols, matrix.format, [&](std::int64_t first, std::int64_t count, std::size_t k) {
      const float scale = matrix.scales[k];
      for (std::int64_t j = first; j < first + count; ++j)
        row[j] = static_cast<float>(codeAt(codes, j, matrix.format.storage)) * scale;
    });
  }
  return values;
}

} // namespace rankscope
