// SPDX-License-Identifier: GPL-3.0-or-later
// The kernels for one instruction set; see kernels_lanes.h for what must not be done here.

#pragma once

#include "core/model/kernels_lanes.h"
#include "core/model/kernels_functions.h"

namespace rankscope {
namespace {

/// Σ row[first + k]·x[first + k] over a run, unscaled.
template <Code code>
float dotRun(const std::byte* row, std::int64_t first, std::int64_t count, const float* x) {
  using L = Lane<code>;
  const std::int64_t end = first + count;
  Floats s0{}, s1{}, s2{}, s3{};
  std::int64_t i = first;
  for (; i + 4 * kLanes <= end; i += 4 * kLanes) {
    s0 += L::many(row, i) * readFloats(x + i);
    s1 += L::many(row, i + kLanes) * readFloats(x + i + kLanes);
    s2 += L::many(row, i + 2 * kLanes) * readFloats(x + i + 2 * kLanes);
    s3 += L::many(row, i + 3 * kLanes) * readFloats(x + i + 3 * kLanes);
  }
  for (; i + kLanes <= end; i += kLanes) s0 += L::many(row, i) * readFloats(x + i);
  float total = sum((s0 + s1) + (s2 + s3));
  for (; i < end; ++i) total += L::one(row, i) * x[i];
  return total;
}

/// The same for nibbles, in bytes: `even` and `odd` are the two halves of a split vector.
float dotNibbles(const std::byte* row, std::int64_t first, std::int64_t count, const float* even, const float* odd) {
  const std::int64_t end = first + count;
  Floats s0{}, s1{}, s2{}, s3{};
  std::int64_t i = first;
  for (; i + 2 * kLanes <= end; i += 2 * kLanes) {
    const Nibbles a = nibbles(row + i), b = nibbles(row + i + kLanes);
    s0 += a.low * readFloats(even + i);
    s1 += a.high * readFloats(odd + i);
    s2 += b.low * readFloats(even + i + kLanes);
    s3 += b.high * readFloats(odd + i + kLanes);
  }
  for (; i + kLanes <= end; i += kLanes) {
    const Nibbles a = nibbles(row + i);
    s0 += a.low * readFloats(even + i);
    s1 += a.high * readFloats(odd + i);
  }
  float total = sum((s0 + s1) + (s2 + s3));
  for (; i < end; ++i) {
    const auto byte = static_cast<std::uint8_t>(row[i]);
    total += lowNibble(byte) * even[i] + highNibble(byte) * odd[i];
  }
  return total;
}

/// An odd row's last high nibble is padding and has no element of x.
float dotInt4(const std::byte* row, std::int64_t cols, const float* x) {
  const float* odd = x + (cols + 1) / 2;
  const float total = dotNibbles(row, 0, cols / 2, x, odd);
  return cols % 2 == 0 ? total : total + lowNibble(static_cast<std::uint8_t>(row[cols / 2])) * x[cols / 2];
}

/// Four rows at once: x is read once for them, and their lanes are added up together, which is what counts where rows
/// are as short as a rank.
template <Code code>
void dotFour(const std::byte* data, std::size_t rowBytes, std::int64_t cols, const float* x, float* y) {
  using L = Lane<code>;
  const std::byte *r0 = data, *r1 = data + rowBytes, *r2 = r1 + rowBytes, *r3 = r2 + rowBytes;
  Floats s0{}, s1{}, s2{}, s3{}, t0{}, t1{}, t2{}, t3{};
  std::int64_t i = 0;
  for (; i + 2 * kLanes <= cols; i += 2 * kLanes) {
    const Floats u = readFloats(x + i), v = readFloats(x + i + kLanes);
    s0 += L::many(r0, i) * u;
    s1 += L::many(r1, i) * u;
    s2 += L::many(r2, i) * u;
    s3 += L::many(r3, i) * u;
    t0 += L::many(r0, i + kLanes) * v;
    t1 += L::many(r1, i + kLanes) * v;
    t2 += L::many(r2, i + kLanes) * v;
    t3 += L::many(r3, i + kLanes) * v;
  }
  for (; i + kLanes <= cols; i += kLanes) {
    const Floats u = readFloats(x + i);
    s0 += L::many(r0, i) * u;
    s1 += L::many(r1, i) * u;
    s2 += L::many(r2, i) * u;
    s3 += L::many(r3, i) * u;
  }
  FourFloats result = sums(s0 + t0, s1 + t1, s2 + t2, s3 + t3);
  for (; i < cols; ++i) result += FourFloats{L::one(r0, i), L::one(r1, i), L::one(r2, i), L::one(r3, i)} * x[i];
  __builtin_memcpy(y, &result, sizeof result);
}

template <>
void dotFour<Code::Int4>(const std::byte* data, std::size_t rowBytes, std::int64_t cols, const float* x, float* y) {
  const float* odd = x + (cols + 1) / 2;
  const std::int64_t whole = cols / 2 / kLanes * kLanes;
  Floats s[4] = {}, t[4] = {};
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    const Floats u = readFloats(x + i), v = readFloats(odd + i);
    for (std::size_t r = 0; r < 4; ++r) {
      const Nibbles n = nibbles(data + r * rowBytes + i);
      s[r] += n.low * u;
      t[r] += n.high * v;
    }
  }
  const FourFloats result = sums(s[0] + t[0], s[1] + t[1], s[2] + t[2], s[3] + t[3]);
  __builtin_memcpy(y, &result, sizeof result);
  for (std::size_t r = 0; r < 4; ++r) {
    for (std::int64_t i = whole; i < cols / 2; ++i) {
      const auto byte = static_cast<std::uint8_t>(data[r * rowBytes + static_cast<std::size_t>(i)]);
      y[r] += lowNibble(byte) * x[i] + highNibble(byte) * odd[i];
    }
    if (cols % 2 != 0)
      y[r] +=
          lowNibble(static_cast<std::uint8_t>(data[r * rowBytes + static_cast<std::size_t>(cols / 2)])) * x[cols / 2];
  }
}

template <Code code>
void dotRowsOf(const std::byte* data, std::size_t rowBytes, std::int64_t rows, std::int64_t cols, const float* x,
               float* y) {
  std::int64_t i = 0;
  for (; i + 4 <= rows; i += 4, data += 4 * rowBytes) dotFour<code>(data, rowBytes, cols, x, y + i);
  for (; i < rows; ++i, data += rowBytes) {
    if constexpr (code == Code::Int4)
      y[i] = dotInt4(data, cols, x);
    else
      y[i] = dotRun<code>(data, 0, cols, x);
  }
}

void dotRows(Code code, const std::byte* data, std::size_t rowBytes, std::int64_t rows, std::int64_t cols,
             const float* x, float* y) {
  switch (code) {
  case Code::F32:
    return dotRowsOf<Code::F32>(data, rowBytes, rows, cols, x, y);
  case Code::F16:
    return dotRowsOf<Code::F16>(data, rowBytes, rows, cols, x, y);
  case Code::BF16:
    return dotRowsOf<Code::BF16>(data, rowBytes, rows, cols, x, y);
  case Code::Int8:
    return dotRowsOf<Code::Int8>(data, rowBytes, rows, cols, x, y);
  case Code::Int4:
    return dotRowsOf<Code::Int4>(data, rowBytes, rows, cols, x, y);
  case Code::Int3:
    return dotRowsOf<Code::Int3>(data, rowBytes, rows, cols, x, y);
  }
}

/// Whole groups are summed in vectors and scaled there, so that lanes are added up once a row.
template <Code code>
float dotGrouped(const std::byte* row, const float* scales, std::int64_t group, std::int64_t cols, const float* x) {
  using L = Lane<code>;
  Floats total{};
  std::int64_t first = 0;
  for (; first + group <= cols; first += group, ++scales) {
    Floats part{};
    for (std::int64_t i = first; i < first + group; i += kLanes) part += L::many(row, i) * readFloats(x + i);
    total += part * *scales;
  }
  float result = sum(total);
  if (first < cols) result += *scales * dotRun<code>(row, first, cols - first, x);
  return result;
}

template <>
float dotGrouped<Code::Int4>(const std::byte* row, const float* scales, std::int64_t group, std::int64_t cols,
                             const float* x) {
  const float* odd = x + (cols + 1) / 2;
  Floats total{};
  std::int64_t first = 0;
  for (; first + group <= cols; first += group, ++scales) {
    Floats part{};
    for (std::int64_t i = first / 2; i < (first + group) / 2; i += kLanes) {
      const Nibbles n = nibbles(row + i);
      part += n.low * readFloats(x + i) + n.high * readFloats(odd + i);
    }
    total += part * *scales;
  }
  float result = sum(total);
  if (first < cols) {
    float part = dotNibbles(row, first / 2, (cols - first) / 2, x, odd);
    if (cols % 2 != 0) part += lowNibble(static_cast<std::uint8_t>(row[cols / 2])) * x[cols / 2];
    result += *scales * part;
  }
  return result;
}

template <Code code>
void dotRowsGroupedOf(const std::byte* data, std::size_t rowBytes, const float* scales, std::int64_t scalesPerRow,
                      std::int64_t group, std::int64_t rows, std::int64_t cols, const float* x, float* y) {
  for (std::int64_t i = 0; i < rows; ++i, data += rowBytes, scales += scalesPerRow)
    y[i] = dotGrouped<code>(data, scales, group, cols, x);
}

void dotRowsGrouped(Code code, const std::byte* data, std::size_t rowBytes, const float* scales,
                    std::int64_t scalesPerRow, std::int64_t group, std::int64_t rows, std::int64_t cols, const float* x,
                    float* y) {
  if (code == Code::Int8)
    dotRowsGroupedOf<Code::Int8>(data, rowBytes, scales, scalesPerRow, group, rows, cols, x, y);
  else if (code == Code::Int4)
    dotRowsGroupedOf<Code::Int4>(data, rowBytes, scales, scalesPerRow, group, rows, cols, x, y);
  else
    dotRowsGroupedOf<Code::Int3>(data, rowBytes, scales, scalesPerRow, group, rows, cols, x, y);
}

/// y[j] += Σ_r c[r]·row_r[j] for four rows and first ≤ j < first + count.
template <Code code>
void addFour(const std::byte* data, std::size_t rowBytes, std::int64_t first, std::int64_t count, const float* c,
             float* y) {
  using L = Lane<code>;
  const std::byte *r0 = data, *r1 = data + rowBytes, *r2 = r1 + rowBytes, *r3 = r2 + rowBytes;
  const std::int64_t end = first + count;
  std::int64_t j = first;
  for (; j + kLanes <= end; j += kLanes)
    writeFloats(y + j, (readFloats(y + j) + L::many(r0, j) * c[0] + L::many(r1, j) * c[1]) +
                           (L::many(r2, j) * c[2] + L::many(r3, j) * c[3]));
  for (; j < end; ++j)
    y[j] += (L::one(r0, j) * c[0] + L::one(r1, j) * c[1]) + (L::one(r2, j) * c[2] + L::one(r3, j) * c[3]);
}

/// The same for nibbles; first and count are in bytes.
void addNibbles(const std::byte* data, std::size_t rowBytes, std::int64_t first, std::int64_t count, const float* c,
                float* even, float* odd) {
  const std::byte *r0 = data, *r1 = data + rowBytes, *r2 = r1 + rowBytes, *r3 = r2 + rowBytes;
  const std::int64_t end = first + count;
  std::int64_t j = first;
  for (; j + kLanes <= end; j += kLanes) {
    const Nibbles n0 = nibbles(r0 + j), n1 = nibbles(r1 + j), n2 = nibbles(r2 + j), n3 = nibbles(r3 + j);
    writeFloats(even + j, (readFloats(even + j) + n0.low * c[0] + n1.low * c[1]) + (n2.low * c[2] + n3.low * c[3]));
    writeFloats(odd + j, (readFloats(odd + j) + n0.high * c[0] + n1.high * c[1]) + (n2.high * c[2] + n3.high * c[3]));
  }
  for (; j < end; ++j)
    for (int r = 0; r < 4; ++r) {
      const auto byte =
          static_cast<std::uint8_t>(data[static_cast<std::size_t>(r) * rowBytes + static_cast<std::size_t>(j)]);
      even[j] += c[r] * lowNibble(byte);
      odd[j] += c[r] * highNibble(byte);
    }
}

/// Four rows at a time; the last ones are met again with coefficient 0, so that no row is read past the end.
template <Code code>
void addRun(const std::byte* data, std::size_t rowBytes, std::int64_t first, std::int64_t count, std::int64_t cols,
            const float* c, float* y) {
  if constexpr (code == Code::Int4) {
    float* odd = y + (cols + 1) / 2;
    addNibbles(data, rowBytes, first / 2, count / 2, c, y, odd);
    if (count % 2 != 0)
      for (int r = 0; r < 4; ++r)
        y[(first + count) / 2] +=
            c[r] * lowNibble(static_cast<std::uint8_t>(
                       data[static_cast<std::size_t>(r) * rowBytes + static_cast<std::size_t>((first + count) / 2)]));
  } else {
    addFour<code>(data, rowBytes, first, count, c, y);
  }
}

template <Code code>
void addRowsOf(const std::byte* data, std::size_t rowBytes, const float* scales, std::int64_t scalesPerRow,
               std::int64_t group, std::int64_t rows, std::int64_t cols, const float* x, float* y) {
  for (std::int64_t i = 0; i < rows; i += 4) {
    const std::int64_t left = rows - i < 4 ? rows - i : 4;
    const std::byte* block = data + static_cast<std::size_t>(i) * rowBytes;
    const std::size_t step = left == 4 ? rowBytes : 0;
    for (std::int64_t again = 0; again < (left == 4 ? 1 : left); ++again) {
      const std::int64_t first = i + again;
      const std::byte* from = left == 4 ? block : block + static_cast<std::size_t>(again) * rowBytes;
      for (std::int64_t j = 0; j < cols; j += group) {
        const std::int64_t count = cols - j < group ? cols - j : group;
        float c[4] = {};
        for (std::int64_t r = 0; r < (left == 4 ? 4 : 1); ++r)
          c[r] = x[first + r] * (scales ? scales[(first + r) * scalesPerRow + j / group] : 1.0f);
        addRun<code>(from, step, j, count, cols, c, y);
      }
    }
  }
}

void addRows(Code code, const std::byte* data, std::size_t rowBytes, std::int64_t rows, std::int64_t cols,
             const float* x, float* y) {
  switch (code) {
  case Code::F32:
    return addRowsOf<Code::F32>(data, rowBytes, nullptr, 0, cols, rows, cols, x, y);
  case Code::F16:
    return addRowsOf<Code::F16>(data, rowBytes, nullptr, 0, cols, rows, cols, x, y);
  case Code::BF16:
    return addRowsOf<Code::BF16>(data, rowBytes, nullptr, 0, cols, rows, cols, x, y);
  case Code::Int8:
    return addRowsOf<Code::Int8>(data, rowBytes, nullptr, 0, cols, rows, cols, x, y);
  case Code::Int4:
    return addRowsOf<Code::Int4>(data, rowBytes, nullptr, 0, cols, rows, cols, x, y);
  case Code::Int3:
    return addRowsOf<Code::Int3>(data, rowBytes, nullptr, 0, cols, rows, cols, x, y);
  }
}

void addRowsGrouped(Code code, const std::byte* data, std::size_t rowBytes, const float* scales,
                    std::int64_t scalesPerRow, std::int64_t group, std::int64_t rows, std::int64_t cols, const float* x,
                    float* y) {
  if (code == Code::Int8)
    addRowsOf<Code::Int8>(data, rowBytes, scales, scalesPerRow, group, rows, cols, x, y);
  else if (code == Code::Int4)
    addRowsOf<Code::Int4>(data, rowBytes, scales, scalesPerRow, group, rows, cols, x, y);
  else
    addRowsOf<Code::Int3>(data, rowBytes, scales, scalesPerRow, group, rows, cols, x, y);
}

template <Code code>
void expandOf(const std::byte* row, std::int64_t count, float scale, float* out) {
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) writeFloats(out + i, Lane<code>::many(row, i) * scale);
  for (; i < count; ++i) out[i] = Lane<code>::one(row, i) * scale;
}

template <>
void expandOf<Code::Int4>(const std::byte* row, std::int64_t count, float scale, float* out) {
  std::int64_t i = 0; // in bytes
  for (; i + kLanes <= count / 2; i += kLanes) {
    const Nibbles n = nibbles(row + i);
    writeInTurn(n.low * scale, n.high * scale, out + 2 * i);
  }
  for (; i < count / 2; ++i) {
    const auto byte = static_cast<std::uint8_t>(row[i]);
    out[2 * i] = lowNibble(byte) * scale;
    out[2 * i + 1] = highNibble(byte) * scale;
  }
  if (count % 2 != 0) out[count - 1] = lowNibble(static_cast<std::uint8_t>(row[count / 2])) * scale;
}

void expand(Code code, const std::byte* row, std::int64_t count, float scale, float* out) {
  switch (code) {
  case Code::F32:
    return expandOf<Code::F32>(row, count, scale, out);
  case Code::F16:
    return expandOf<Code::F16>(row, count, scale, out);
  case Code::BF16:
    return expandOf<Code::BF16>(row, count, scale, out);
  case Code::Int8:
    return expandOf<Code::Int8>(row, count, scale, out);
  case Code::Int4:
    return expandOf<Code::Int4>(row, count, scale, out);
  case Code::Int3:
    return expandOf<Code::Int3>(row, count, scale, out);
  }
}

} // namespace

const Kernels detail::RANKSCOPE_KERNELS = {
    RANKSCOPE_KERNEL_NAME, dotRows, dotRowsGrouped, addRows, addRowsGrouped, expand, activate, softmax, normalise,
    compareLogits};

} // namespace rankscope
