// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/stored_matrix.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

namespace rankscope {

namespace {

constexpr std::array<std::string_view, 5> kNames{"f32", "f16", "bf16", "int8", "int4"};

constexpr double kLargestScale = std::numeric_limits<float>::max();

DType floatType(Storage storage) {
  assert(!isInteger(storage));
  return storage == Storage::F32 ? DType::F32 : storage == Storage::F16 ? DType::F16 : DType::BF16;
}

int largestCode(Storage storage) { return storage == Storage::Int8 ? 127 : 7; }

/// Slots of one line (a row, or a column) that have a scale of their own.
std::int64_t groups(std::int64_t length, int group) { return group == 0 ? 1 : (length + group - 1) / group; }

/// Which scale element (row, col) uses.
struct ScaleIndex {
  ScaleIndex(std::int64_t rows, std::int64_t cols, const StorageFormat& format)
      : perRow(format.axis == ScaleAxis::PerRow), group(format.group == 0 ? std::max(rows, cols) : format.group),
        stride(perRow ? groups(cols, format.group) : cols) {}

  std::int64_t operator()(std::int64_t row, std::int64_t col) const {
    return perRow ? row * stride + col / group : row / group * stride + col;
  }

  bool perRow;
  std::int64_t group;
  std::int64_t stride;
};

std::vector<float> scalesFor(const RowMatrixD& values, const StorageFormat& format) {
  const ScaleIndex index(values.rows(), values.cols(), format);
  std::vector<double> largest(scaleCount(values.rows(), values.cols(), format), 0.0);
  for (std::int64_t row = 0; row < values.rows(); ++row)
    for (std::int64_t col = 0; col < values.cols(); ++col) {
      double& slot = largest[static_cast<std::size_t>(index(row, col))];
      slot = std::max(slot, std::abs(values(row, col)));
    }
  std::vector<float> scales(largest.size());
  std::transform(largest.begin(), largest.end(), scales.begin(), [&](double value) {
    return static_cast<float>(std::min(value / largestCode(format.storage), kLargestScale));
  });
  return scales;
}

int codeOf(double value, float scale, int largest) {
  if (scale == 0.0f) return 0;
  const double code = std::nearbyint(value / static_cast<double>(scale));
  return static_cast<int>(std::clamp(code, -static_cast<double>(largest), static_cast<double>(largest)));
}

void packCodes(const RowMatrixD& values, const StorageFormat& format, std::span<const float> scales, std::byte* out) {
  const ScaleIndex index(values.rows(), values.cols(), format);
  const int largest = largestCode(format.storage);
  for (std::int64_t row = 0; row < values.rows(); ++row) {
    for (std::int64_t col = 0; col < values.cols(); ++col) {
      const int code = codeOf(values(row, col), scales[static_cast<std::size_t>(index(row, col))], largest);
      if (format.storage == Storage::Int8) out[col] = static_cast<std::byte>(code);
      else out[col / 2] |= static_cast<std::byte>((code & 0xf) << (col % 2 * 4));
    }
    out += codeBytes(1, values.cols(), format.storage);
  }
}

struct Buffers {
  std::vector<std::byte> codes;
  std::vector<float> scales;
};

}  // namespace

std::string_view name(Storage storage) { return kNames[static_cast<std::size_t>(storage)]; }

std::optional<Storage> parseStorage(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Storage>(found - kNames.begin());
}

std::optional<Storage> storageForBits(int quantBits) {
  switch (quantBits) {
    case 32: return Storage::F32;
    case 16: return Storage::F16;
    case 8: return Storage::Int8;
    case 4: return Storage::Int4;
    default: return std::nullopt;
  }
}

bool isInteger(Storage storage) { return storage == Storage::Int8 || storage == Storage::Int4; }

std::uint64_t codeBytes(std::int64_t rows, std::int64_t cols, Storage storage) {
  const auto lines = static_cast<std::uint64_t>(rows), length = static_cast<std::uint64_t>(cols);
  switch (storage) {
    case Storage::F32: return lines * length * 4;
    case Storage::F16:
    case Storage::BF16: return lines * length * 2;
    case Storage::Int8: return lines * length;
    case Storage::Int4: return lines * ((length + 1) / 2);
  }
  return 0;
}

std::uint64_t scaleCount(std::int64_t rows, std::int64_t cols, const StorageFormat& format) {
  if (!isInteger(format.storage)) return 0;
  return static_cast<std::uint64_t>(format.axis == ScaleAxis::PerRow ? rows * groups(cols, format.group)
                                                                     : groups(rows, format.group) * cols);
}

std::uint64_t storedBytes(std::int64_t rows, std::int64_t cols, const StorageFormat& format) {
  return codeBytes(rows, cols, format.storage) + 4 * scaleCount(rows, cols, format);
}

StoredMatrix storeMatrix(const RowMatrixD& values, const StorageFormat& format) {
  auto buffers = std::make_shared<Buffers>();
  buffers->codes.resize(codeBytes(values.rows(), values.cols(), format.storage));
  if (isInteger(format.storage)) {
    buffers->scales = scalesFor(values, format);
    packCodes(values, format, buffers->scales, buffers->codes.data());
  } else {
    store(std::span(values.data(), static_cast<std::size_t>(values.size())), floatType(format.storage),
          buffers->codes.data());
  }
  return {values.rows(), values.cols(), format, buffers->codes, buffers->scales, buffers};
}

RowMatrixF load(const StoredMatrix& matrix) {
  RowMatrixF values(matrix.rows, matrix.cols);
  const Storage storage = matrix.format.storage;
  if (!isInteger(storage)) {
    convert(matrix.codes.data(), floatType(storage), 0, std::span(values.data(), static_cast<std::size_t>(values.size())));
    return values;
  }
  const ScaleIndex index(matrix.rows, matrix.cols, matrix.format);
  const std::byte* line = matrix.codes.data();
  for (std::int64_t row = 0; row < matrix.rows; ++row) {
    for (std::int64_t col = 0; col < matrix.cols; ++col) {
      int code = 0;
      if (storage == Storage::Int8) code = static_cast<std::int8_t>(line[col]);
      else code = static_cast<std::int8_t>(static_cast<unsigned>(line[col / 2]) << (col % 2 == 0 ? 4 : 0) & 0xf0u) >> 4;
      values(row, col) = static_cast<float>(code) * matrix.scales[static_cast<std::size_t>(index(row, col))];
    }
    line += codeBytes(1, matrix.cols, storage);
  }
  return values;
}

}  // namespace rankscope
