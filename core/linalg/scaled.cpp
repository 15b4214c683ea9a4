// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/scaled.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/tensor/convert.h"

namespace rankscope {

Magnitude magnitude(const MatrixView& matrix) {
  constexpr std::int64_t kChunk = 4096;
  std::array<double, kChunk> chunk;
  const std::int64_t count = matrix.rows * matrix.cols;
  double largest = 0;
  for (std::int64_t first = 0; first < count; first += kChunk) {
    const auto part = std::span(chunk).first(static_cast<std::size_t>(std::min(kChunk, count - first)));
    convert(matrix.data, matrix.dtype, first, part);
    double here = 0;
    double poison = 0; // 0·x is 0 for numbers and NaN for NaN and infinity
    for (const double x : part) {
      here = std::max(here, std::abs(x));
      poison += 0 * x;
    }
    if (poison != 0 || std::isnan(poison)) {
      const auto bad = std::find_if(part.begin(), part.end(), [](double x) { return !std::isfinite(x); });
      const std::int64_t at = first + (bad - part.begin());
      throw Error(ErrorKind::BadValues, fmt::format("entry ({}, {}) is {}", at / matrix.cols, at % matrix.cols,
                                                    std::isnan(*bad) ? "NaN" : "infinite"));
    }
    largest = std::max(largest, here);
  }
  if (largest == 0) return {};
  int exponent = 0;
  std::frexp(largest, &exponent);
  return {.zero = false, .exponent = exponent};
}

} // namespace rankscope
