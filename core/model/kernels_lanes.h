// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors of RANKSCOPE_LANES numbers and how each storage code becomes one. Included by kernels_impl.h only, once for
// each instruction set: everything has internal linkage, and nothing here may instantiate a template that another file
// could share, or the linker might keep the copy that an older processor cannot run.

#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "core/model/kernels.h"

namespace rankscope {
namespace {

constexpr std::int64_t kLanes = RANKSCOPE_LANES;
typedef float Floats __attribute__((vector_size(4 * RANKSCOPE_LANES)));
typedef std::int32_t Ints __attribute__((vector_size(4 * RANKSCOPE_LANES)));
typedef std::uint32_t Words __attribute__((vector_size(4 * RANKSCOPE_LANES)));
typedef std::uint16_t Halves __attribute__((vector_size(2 * RANKSCOPE_LANES)));
typedef std::int8_t Chars __attribute__((vector_size(RANKSCOPE_LANES)));
typedef std::uint8_t Bytes __attribute__((vector_size(RANKSCOPE_LANES)));

template <class T>
inline T readAs(const void* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

inline Floats readFloats(const float* from) {
  return readAs<Floats>(from);
}
inline void writeFloats(float* to, Floats value) {
  __builtin_memcpy(to, &value, sizeof value);
}
inline Floats all(float value) {
  return value - Floats{};
}

typedef float FourFloats __attribute__((vector_size(16)));

/// Halves are added until four lanes are left.
inline float sum(Floats v) {
  FourFloats parts[kLanes / 4];
  __builtin_memcpy(parts, &v, sizeof v);
  for (std::int64_t half = kLanes / 8; half > 0; half /= 2)
    for (std::int64_t i = 0; i < half; ++i) parts[i] += parts[i + half];
  return (parts[0][0] + parts[0][2]) + (parts[0][1] + parts[0][3]);
}

/// The sums of four vectors, side by side.
inline FourFloats sums(Floats a, Floats b, Floats c, Floats d) {
  const auto folded = [](Floats v) {
    FourFloats parts[kLanes / 4];
    __builtin_memcpy(parts, &v, sizeof v);
    for (std::int64_t half = kLanes / 8; half > 0; half /= 2)
      for (std::int64_t i = 0; i < half; ++i) parts[i] += parts[i + half];
    return parts[0];
  };
  const FourFloats p = folded(a), q = folded(b), r = folded(c), s = folded(d);
  const FourFloats pq = __builtin_shufflevector(p, q, 0, 4, 1, 5) + __builtin_shufflevector(p, q, 2, 6, 3, 7);
  const FourFloats rs = __builtin_shufflevector(r, s, 0, 4, 1, 5) + __builtin_shufflevector(r, s, 2, 6, 3, 7);
  return __builtin_shufflevector(pq, rs, 0, 1, 4, 5) + __builtin_shufflevector(pq, rs, 2, 3, 6, 7);
}

inline float asFloat(std::uint32_t bits) {
  return readAs<float>(&bits);
}

/// IEEE half to float by integer arithmetic: the exponent is rebased by a multiplication, which also handles
/// subnormals.
inline float halfToFloat(std::uint32_t half) {
  const float magnitude = asFloat((half & 0x7fffu) << 13) * 0x1p112f;
  std::uint32_t bits = readAs<std::uint32_t>(&magnitude) | ((half & 0x8000u) << 16);
  if ((half & 0x7c00u) == 0x7c00u) bits |= 0x7f800000u;
  return asFloat(bits);
}

/// One element of a row, and kLanes of them from element i on.
template <Code code>
struct Lane;

template <>
struct Lane<Code::F32> {
  static float one(const std::byte* row, std::int64_t i) { return readAs<float>(row + 4 * i); }
  static Floats many(const std::byte* row, std::int64_t i) { return readAs<Floats>(row + 4 * i); }
};

template <>
struct Lane<Code::BF16> {
  static float one(const std::byte* row, std::int64_t i) {
    return asFloat(static_cast<std::uint32_t>(readAs<std::uint16_t>(row + 2 * i)) << 16);
  }
  static Floats many(const std::byte* row, std::int64_t i) {
    const Words words = __builtin_convertvector(readAs<Halves>(row + 2 * i), Words) << 16;
    return readAs<Floats>(&words);
  }
};

template <>
struct Lane<Code::F16> {
  static float one(const std::byte* row, std::int64_t i) { return halfToFloat(readAs<std::uint16_t>(row + 2 * i)); }
  static Floats many(const std::byte* row, std::int64_t i) {
#if RANKSCOPE_LANES == 16 && defined(__AVX512F__)
    return (Floats)_mm512_maskz_cvtph_ps(0xffff, readAs<__m256i>(row + 2 * i));
#elif RANKSCOPE_LANES == 8 && defined(__F16C__)
    return (Floats)_mm256_cvtph_ps(readAs<__m128i>(row + 2 * i));
#else
    const Words half = __builtin_convertvector(readAs<Halves>(row + 2 * i), Words);
    const Words shifted = (half & 0x7fffu) << 13;
    const Floats magnitude = readAs<Floats>(&shifted) * 0x1p112f;
    Words bits = readAs<Words>(&magnitude) | ((half & 0x8000u) << 16);
    bits |= (Words)((half & 0x7c00u) == 0x7c00u) & 0x7f800000u;
    return readAs<Floats>(&bits);
#endif
  }
};

template <>
struct Lane<Code::Int8> {
  static float one(const std::byte* row, std::int64_t i) { return static_cast<float>(readAs<std::int8_t>(row + i)); }
  static Floats many(const std::byte* row, std::int64_t i) {
    // GCC 12 widens bytes one by one unless told how.
#if RANKSCOPE_LANES == 16 && defined(__AVX512F__)
    const Ints words = (Ints)_mm512_maskz_cvtepi8_epi32(0xffff, readAs<__m128i>(row + i));
#elif RANKSCOPE_LANES == 8 && defined(__AVX2__)
    const Ints words = (Ints)_mm256_cvtepi8_epi32(_mm_cvtsi64_si128(readAs<long long>(row + i)));
#else
    const Ints words = __builtin_convertvector(readAs<Chars>(row + i), Ints);
#endif
    return __builtin_convertvector(words, Floats);
  }
};

/// Eight codes in three bytes; `many` begins at a multiple of four.
template <>
struct Lane<Code::Int3> {
  static float one(const std::byte* row, std::int64_t i) {
    const std::int64_t bit = 3 * i;
    std::uint32_t bits = static_cast<std::uint8_t>(row[bit / 8]);
    if (bit % 8 > 5) bits |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(row[bit / 8 + 1])) << 8;
    return static_cast<float>(static_cast<std::int32_t>((bits >> (bit % 8) & 7u) ^ 4u) - 4);
  }
  static Floats many(const std::byte* row, std::int64_t i) {
    const std::byte* from = row + 3 * i / 8;
#if RANKSCOPE_LANES == 4
    const std::uint32_t low = static_cast<std::uint32_t>(readAs<std::uint16_t>(from)) >> (3 * i % 8);
    const Words words = (low >> Words{0, 3, 6, 9}) & 7u;
#elif RANKSCOPE_LANES == 8
    const std::uint32_t low = readAs<std::uint16_t>(from) | static_cast<std::uint32_t>(from[2]) << 16;
    const Words words = (low >> Words{0, 3, 6, 9, 12, 15, 18, 21}) & 7u;
#else
    const std::uint32_t low = readAs<std::uint32_t>(from), high = low >> 24 | readAs<std::uint16_t>(from + 4) << 8;
    const Words both = {low, low, low, low, low, low, low, low, high, high, high, high, high, high, high, high};
    const Words words = (both >> Words{0, 3, 6, 9, 12, 15, 18, 21, 0, 3, 6, 9, 12, 15, 18, 21}) & 7u;
#endif
    return __builtin_convertvector((Ints)(words ^ 4u) - 4, Floats);
  }
};

inline float lowNibble(std::uint8_t byte) {
  return static_cast<float>(((byte & 15) ^ 8) - 8);
}
inline float highNibble(std::uint8_t byte) {
  return static_cast<float>(((byte >> 4) ^ 8) - 8);
}

/// The low and the high nibbles of kLanes bytes.
struct Nibbles {
  Floats low;
  Floats high;
};

inline Nibbles nibbles(const std::byte* bytes) {
#if RANKSCOPE_LANES == 16 && defined(__AVX512F__)
  // A permutation looks at the low four bits of an index only, so a table of the sixteen values does the whole
  // decoding.
  const __m512 values = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1);
  const __m512i words = _mm512_maskz_cvtepu8_epi32(0xffff, readAs<__m128i>(bytes));
  return {(Floats)_mm512_maskz_permutexvar_ps(0xffff, words, values),
          (Floats)_mm512_maskz_permutexvar_ps(0xffff, _mm512_maskz_srli_epi32(0xffff, words, 4), values)};
#else
#if RANKSCOPE_LANES == 8 && defined(__AVX2__)
  const Ints words = (Ints)_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(readAs<long long>(bytes)));
#else
  const Ints words = __builtin_convertvector(readAs<Bytes>(bytes), Ints);
#endif
  return {__builtin_convertvector((words << 28) >> 28, Floats), __builtin_convertvector((words << 24) >> 28, Floats)};
#endif
}

/// even[0], odd[0], even[1], odd[1] …, 2·kLanes of them.
inline void writeInTurn(Floats even, Floats odd, float* to) {
#if RANKSCOPE_LANES == 16
  writeFloats(to, __builtin_shufflevector(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  writeFloats(to + kLanes,
              __builtin_shufflevector(even, odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
#elif RANKSCOPE_LANES == 8
  writeFloats(to, __builtin_shufflevector(even, odd, 0, 8, 1, 9, 2, 10, 3, 11));
  writeFloats(to + kLanes, __builtin_shufflevector(even, odd, 4, 12, 5, 13, 6, 14, 7, 15));
#else
  writeFloats(to, __builtin_shufflevector(even, odd, 0, 4, 1, 5));
  writeFloats(to + kLanes, __builtin_shufflevector(even, odd, 2, 6, 3, 7));
#endif
}

} // namespace
} // namespace rankscope
