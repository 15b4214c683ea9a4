// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/convert.h"

#include <bit>
#include <cassert>
#include <cstring>

namespace rankscope {

namespace {

template <class T>
T load(const std::byte* data) {
  T value;
  std::memcpy(&value, data, sizeof value);
  return value;
}

float fromBFloat16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

float fromHalf(std::uint16_t bits) {
  return Eigen::half_impl::half_to_float(Eigen::half_impl::raw_uint16_to_half(bits));
}

template <class Out>
void convertAny(const std::byte* data, DType dtype, std::int64_t first, std::span<Out> out) {
  const std::byte* from = data + static_cast<std::size_t>(first) * byteSize(dtype);
  const std::size_t count = out.size();
  switch (dtype) {
    case DType::F64:
      for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<Out>(load<double>(from + 8 * i));
      break;
    case DType::F32:
      for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<Out>(load<float>(from + 4 * i));
      break;
    case DType::F16:
      for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<Out>(fromHalf(load<std::uint16_t>(from + 2 * i)));
      break;
    case DType::BF16:
      for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<Out>(fromBFloat16(load<std::uint16_t>(from + 2 * i)));
      break;
    default: assert(!"only weight dtypes are converted");
  }
}

/// double to float rounding to odd, so that a second rounding to 16 bits is the correct one.
float toOddFloat(double value) {
  const float nearest = static_cast<float>(value);
  if (!(std::abs(value) < 3.5e38) || static_cast<double>(nearest) == value) return nearest;
  auto bits = std::bit_cast<std::uint32_t>(nearest);
  if (std::abs(static_cast<double>(nearest)) > std::abs(value)) --bits;
  return std::bit_cast<float>(bits | 1u);
}

float toOddFloat(float value) { return value; }

std::uint16_t toBFloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>((bits >> 16) | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

std::uint16_t toHalf(float value) { return Eigen::half_impl::float_to_half_rtne(value).x; }

template <class T>
void put(std::byte* out, T value) {
  std::memcpy(out, &value, sizeof value);
}

template <class In>
void storeAny(std::span<const In> values, DType dtype, std::byte* out) {
  const std::size_t count = values.size();
  switch (dtype) {
    case DType::F64:
      for (std::size_t i = 0; i < count; ++i) put(out + 8 * i, static_cast<double>(values[i]));
      break;
    case DType::F32:
      for (std::size_t i = 0; i < count; ++i) put(out + 4 * i, static_cast<float>(values[i]));
      break;
    case DType::F16:
      for (std::size_t i = 0; i < count; ++i) put(out + 2 * i, toHalf(toOddFloat(values[i])));
      break;
    case DType::BF16:
      for (std::size_t i = 0; i < count; ++i) put(out + 2 * i, toBFloat16(toOddFloat(values[i])));
      break;
    default: assert(!"only weight dtypes are stored");
  }
}

template <class Matrix>
Matrix toMatrix(const MatrixView& view) {
  Matrix matrix(view.rows, view.cols);
  convert(view.data, view.dtype, 0, std::span(matrix.data(), static_cast<std::size_t>(matrix.size())));
  return matrix;
}

}  // namespace

void convert(const std::byte* data, DType dtype, std::int64_t first, std::span<float> out) {
  convertAny(data, dtype, first, out);
}

void convert(const std::byte* data, DType dtype, std::int64_t first, std::span<double> out) {
  convertAny(data, dtype, first, out);
}

RowMatrixF toFloat(const MatrixView& matrix) { return toMatrix<RowMatrixF>(matrix); }

RowMatrixD toDouble(const MatrixView& matrix) { return toMatrix<RowMatrixD>(matrix); }

void store(std::span<const float> values, DType dtype, std::byte* out) { storeAny(values, dtype, out); }

void store(std::span<const double> values, DType dtype, std::byte* out) { storeAny(values, dtype, out); }

double rounded(double value, DType dtype) {
  std::byte bytes[8];
  double result = 0;
  store(std::span(&value, 1), dtype, bytes);
  convert(bytes, dtype, 0, std::span(&result, 1));
  return result;
}

}  // namespace rankscope
