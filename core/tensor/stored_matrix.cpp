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

constexpr std::array<std::pair<Storage, std::string_view>, 5> kNames{{{Storage::F32, "f32"},
                                                                      {Storage::F16, "f16"},
                                                                      {Storage::BF16, "bf16"},
                                                                      {Storage::Int8, "int8"},
                                                                      {Storage::Int4, "int4"}}};

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
                 [&](double x) { return static_cast<float>(x / most); });
  if (std::any_of(scales.begin(), scales.end(), [](float s) { return !std::isfinite(s); }))
    throw Error(ErrorKind::BadValues, fmt::format("values are too large for {} with f32 scales", name(format.storage)));
  return scales;
}

void putCode(std::byte* row, std::int64_t j, int code, Storage storage) {
  if (storage == Storage::Int8)
    row[j] = static_cast<std::byte>(code);
  else
    row[j / 2] |= static_cast<std::byte>((code & 0xF) << (j % 2 * 4));
}

int codeAt(const std::byte* row, std::int64_t j, Storage storage) {
  if (storage == Storage::Int8) return static_cast<std::int8_t>(row[j]);
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
  return storage == Storage::Int8 || storage == Storage::Int4;
}

std::uint64_t codeBytes(std::int64_t rows, std::int64_t cols, Storage storage) {
  const auto m = static_cast<std::uint64_t>(rows);
  const auto n = static_cast<std::uint64_t>(cols);
  if (storage == Storage::Int4) return m * ((n + 1) / 2);
  return m * n * (storage == Storage::Int8 ? 1 : byteSize(floatType(storage)));
}

std::uint64_t scaleCount(std::int64_t rows, std::int64_t cols, const StorageFormat& format) {
  if (!isInteger(format.storage)) return 0;
  return static_cast<std::uint64_t>(format.axis == ScaleAxis::PerRow ? rows * groups(cols, format.group)
                                                                     : groups(rows, format.group) * cols);
}

std::uint64_t storedBytes(std::int64_t rows, std::int64_t cols, const StorageFormat& format) {
  return codeBytes(rows, cols, format.storage) + scaleCount(rows, cols, format) * sizeof(float);
}

StoredMatrix storeMatrix(const RowMatrixD& values, const StorageFormat& format) {
  const std::int64_t cols = values.cols();
  const auto owned = std::make_shared<OwnedBytes>();
  owned->codes.resize(codeBytes(values.rows(), cols, format.storage));
  if (isInteger(format.storage)) {
    const int most = format.storage == Storage::Int8 ? 127 : 7;
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
  RowMatrixF values(matrix.rows, matrix.cols);
  if (!isInteger(matrix.format.storage)) {
    convert(matrix.codes.data(), floatType(matrix.format.storage), 0,
            std::span(values.data(), static_cast<std::size_t>(values.size())));
    return values;
  }
  const auto rowBytes = static_cast<std::int64_t>(codeBytes(1, matrix.cols, matrix.format.storage));
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    const std::byte* codes = matrix.codes.data() + i * rowBytes;
    float* row = values.data() + i * matrix.cols;
    forStretches(i, matrix.cols, matrix.format, [&](std::int64_t first, std::int64_t count, std::size_t k) {
      const float scale = matrix.scales[k];
      for (std::int64_t j = first; j < first + count; ++j)
        row[j] = static_cast<float>(codeAt(codes, j, matrix.format.storage)) * scale;
    });
  }
  return values;
}

} // namespace rankscope
