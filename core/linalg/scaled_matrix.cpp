// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/scaled_matrix.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/linalg/padded_matrix.h"
#include "core/tensor/convert.h"

namespace rankscope {

namespace {

/// Largest bit pattern of the entries without their sign. Patterns order as the magnitudes do, with infinity and NaN
/// above all numbers, and integers are compared many at a time.
template <class Bits>
Bits largestPattern(const std::byte* data, std::int64_t count) {
  constexpr Bits kSign = static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1));
  constexpr std::int64_t kPiece = 1024;
  Bits piece[kPiece];
  Bits largest = 0;
  for (std::int64_t first = 0; first < count; first += kPiece) {
    const std::int64_t size = std::min(kPiece, count - first);
    std::memcpy(piece, data + static_cast<std::size_t>(first) * sizeof(Bits),
                static_cast<std::size_t>(size) * sizeof(Bits));
    Bits here = 0;
    for (std::int64_t i = 0; i < size; ++i)
      here = std::max(here, static_cast<Bits>(piece[i] & static_cast<Bits>(~kSign)));
    largest = std::max(largest, here);
  }
  return largest;
}

double largestMagnitude(const MatrixView& view) {
  const std::int64_t count = view.rows * view.cols;
  std::uint64_t pattern = 0;
  switch (byteSize(view.dtype)) {
  case 8:
    pattern = largestPattern<std::uint64_t>(view.data, count);
    break;
  case 4:
    pattern = largestPattern<std::uint32_t>(view.data, count);
    break;
  default:
    pattern = largestPattern<std::uint16_t>(view.data, count);
    break;
  }
  std::array<std::byte, 8> bytes;
  std::memcpy(bytes.data(), &pattern, sizeof pattern); // little-endian, as the file
  double value = 0;
  convert(bytes.data(), view.dtype, 0, std::span(&value, 1));
  return value;
}

[[noreturn]] void reportBadEntry(const MatrixView& view) {
  for (std::int64_t i = 0;; ++i) {
    double x = 0;
    convert(view.data, view.dtype, i, std::span(&x, 1));
    if (!std::isfinite(x))
      throw Error(ErrorKind::BadValues, fmt::format("entry ({}, {}) is {}", i / view.cols, i % view.cols,
                                                    std::isnan(x) ? "NaN" : "infinite"));
  }
}

} // namespace

ScaledMatrix::ScaledMatrix(const MatrixView& view) : m_view(view) {
  const double largest = largestMagnitude(view);
  if (!std::isfinite(largest)) reportBadEntry(view);
  m_zero = largest == 0;
  if (m_zero) return;
  std::frexp(largest, &m_exponent);
  m_exponent += m_exponent & 1; // even, so that half of it is whole: the largest is then at least ¼
  m_scale = std::ldexp(1.0, -m_exponent / 2);
}

void ScaledMatrix::read(std::int64_t row, std::int64_t col, std::int64_t count, double* out) const {
  convert(m_view.data, m_view.dtype, row * m_view.cols + col, std::span(out, static_cast<std::size_t>(count)));
  if (m_exponent == 0) return;
  for (std::int64_t i = 0; i < count; ++i) out[i] = out[i] * m_scale * m_scale;
}

Eigen::MatrixXf ScaledMatrix::tallFloat() const {
  auto tall = paddedMatrix<Eigen::MatrixXf>(longSide(), shortSide());
  if (!rowsAreLong() || rows() == cols()) { // a stored row is a column of the tall matrix; square needs no transposing
    std::vector<double> row(static_cast<std::size_t>(cols()));
    for (std::int64_t i = 0; i < rows(); ++i) {
      read(i, 0, cols(), row.data());
      std::copy(row.begin(), row.end(), tall.col(i).data());
    }
    return tall;
  }
  constexpr std::int64_t kBlock = 32; // rows transposed together
  Eigen::MatrixXd block(cols(), kBlock);
  for (std::int64_t first = 0; first < rows(); first += kBlock) {
    const std::int64_t count = std::min(kBlock, rows() - first);
    for (std::int64_t i = 0; i < count; ++i) read(first + i, 0, cols(), block.col(i).data());
    tall.middleRows(first, count) = block.leftCols(count).transpose().cast<float>();
  }
  return tall;
}

template <class Scalar>
void ScaledMatrix::readLong(int first, int count, Eigen::MatrixX<Scalar>& out) const {
  if (out.rows() < shortSide() || out.cols() < count) out.resize(shortSide(), count);
  if (rowsAreLong()) {
    Eigen::VectorXd row(shortSide());
    for (int i = 0; i < count; ++i) {
      read(first + i, 0, cols(), row.data());
      out.col(i).head(shortSide()) = row.cast<Scalar>();
    }
    return;
  }
  constexpr int kBlock = 32;
  Eigen::MatrixXd block(count, kBlock);
  for (int row = 0; row < shortSide(); row += kBlock) {
    const int height = std::min(kBlock, shortSide() - row);
    for (int i = 0; i < height; ++i) read(row + i, first, count, block.col(i).data());
    out.block(row, 0, height, count) = block.leftCols(height).transpose().template cast<Scalar>();
  }
}

double ScaledMatrix::squaredNorm() const {
  std::vector<double> row(static_cast<std::size_t>(cols()));
  double sum = 0;
  for (std::int64_t i = 0; i < rows(); ++i) {
    read(i, 0, cols(), row.data());
    sum += Eigen::Map<const Eigen::VectorXd>(row.data(), cols()).squaredNorm();
  }
  return sum;
}

template void ScaledMatrix::readLong(int, int, Eigen::MatrixXf&) const;
template void ScaledMatrix::readLong(int, int, Eigen::MatrixXd&) const;

} // namespace rankscope
