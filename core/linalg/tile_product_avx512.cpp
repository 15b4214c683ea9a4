// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled for AVX-512 in every build and called only where the processor has it: so nothing from the standard library,
// whose inline functions the linker could then take from here for all.
#include "core/linalg/tile_product_avx512.h"

#include <immintrin.h>

namespace rankscope::detail {

namespace {

constexpr int kPanel = 32;
constexpr int kGroup = 8;   // columns of c in a tile
constexpr int kHeight = 3;  // vectors in a column of a tile
constexpr int kDepth = 256; // terms summed before the tile goes back to c

struct Floats {
  using Number = float;
  using Vector = __m512;
  using Mask = __mmask16;
  static constexpr int kLanes = 16;
  static Vector load(const float* from) { return _mm512_loadu_ps(from); }
  static Vector load(const float* from, Mask mask) { return _mm512_maskz_loadu_ps(mask, from); }
  static void store(float* to, Vector v) { _mm512_storeu_ps(to, v); }
  static void store(float* to, Vector v, Mask mask) { _mm512_mask_storeu_ps(to, mask, v); }
  static Vector all(float x) { return _mm512_set1_ps(x); }
  static Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  static Vector multiplyAdd(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
};

struct Doubles {
  using Number = double;
  using Vector = __m512d;
  using Mask = __mmask8;
  static constexpr int kLanes = 8;
  static Vector load(const double* from) { return _mm512_loadu_pd(from); }
  static Vector load(const double* from, Mask mask) { return _mm512_maskz_loadu_pd(mask, from); }
  static void store(double* to, Vector v) { _mm512_storeu_pd(to, v); }
  static void store(double* to, Vector v, Mask mask) { _mm512_mask_storeu_pd(to, mask, v); }
  static Vector all(double x) { return _mm512_set1_pd(x); }
  static Vector add(Vector a, Vector b) { return _mm512_add_pd(a, b); }
  static Vector multiplyAdd(Vector a, Vector b, Vector c) { return _mm512_fmadd_pd(a, b, c); }
};

/// Height vectors by kGroup columns of c. The last vector's lanes outside `mask` are neither read nor written. What
/// is needed after this tile is fetched: `next` walks along a, `nextC` is a tile of c.
template <class L, int Height, bool Masked>
void tile(int depth, const typename L::Number* a, std::size_t lda, const typename L::Number* b, typename L::Number* c,
          std::size_t ldc, typename L::Mask mask, const typename L::Number* next, const typename L::Number* nextC) {
  using Vector = typename L::Vector;
  constexpr int kLast = Height - 1;
  Vector sum[kGroup][Height];
#pragma GCC unroll 8
  for (int j = 0; j < kGroup; ++j)
#pragma GCC unroll 3
    for (int i = 0; i < Height; ++i) {
      sum[j][i] = L::all(0);
      _mm_prefetch(reinterpret_cast<const char*>(nextC + static_cast<std::size_t>(j) * ldc + i * L::kLanes),
                   _MM_HINT_T0);
    }
  for (int k = 0; k < depth; ++k) {
    Vector x[Height];
#pragma GCC unroll 3
    for (int i = 0; i < Height; ++i)
      x[i] = Masked && i == kLast ? L::load(a + i * L::kLanes, mask) : L::load(a + i * L::kLanes);
    _mm_prefetch(reinterpret_cast<const char*>(next), _MM_HINT_T1);
#pragma GCC unroll 8
    for (int j = 0; j < kGroup; ++j) {
      const Vector factor = L::all(b[j]);
#pragma GCC unroll 3
      for (int i = 0; i < Height; ++i) sum[j][i] = L::multiplyAdd(x[i], factor, sum[j][i]);
    }
    a += lda;
    next += lda;
    b += kPanel;
  }
#pragma GCC unroll 8
  for (int j = 0; j < kGroup; ++j)
#pragma GCC unroll 3
    for (int i = 0; i < Height; ++i) {
      typename L::Number* to = c + static_cast<std::size_t>(j) * ldc + i * L::kLanes;
      if (Masked && i == kLast)
        L::store(to, L::add(L::load(to, mask), sum[j][i]), mask);
      else
        L::store(to, L::add(L::load(to), sum[j][i]));
    }
}

template <class L, int Height>
void tileOf(int depth, const typename L::Number* a, std::size_t lda, const typename L::Number* b, typename L::Number* c,
            std::size_t ldc, int rows, const typename L::Number* next, const typename L::Number* nextC) {
  if (rows == Height * L::kLanes)
    tile<L, Height, false>(depth, a, lda, b, c, ldc, 0, next, nextC);
  else
    tile<L, Height, true>(depth, a, lda, b, c, ldc,
                          static_cast<typename L::Mask>((1u << (rows - (Height - 1) * L::kLanes)) - 1), next, nextC);
}

template <class L>
void anyTile(int depth, const typename L::Number* a, std::size_t lda, const typename L::Number* b,
             typename L::Number* c, std::size_t ldc, int rows, const typename L::Number* next,
             const typename L::Number* nextC) {
  if (rows > 2 * L::kLanes)
    tileOf<L, 3>(depth, a, lda, b, c, ldc, rows, next, nextC);
  else if (rows > L::kLanes)
    tileOf<L, 2>(depth, a, lda, b, c, ldc, rows, next, nextC);
  else
    tileOf<L, 1>(depth, a, lda, b, c, ldc, rows, next, nextC);
}

template <class L>
void addProductOf(int m, int n, int k, const typename L::Number* a, std::size_t lda, const typename L::Number* panels,
                  std::size_t panelStride, typename L::Number* c, std::size_t ldc) {
  using Number = typename L::Number;
  constexpr int kRows = kHeight * L::kLanes;
  for (int first = 0; first < k; first += kDepth) {
    const int depth = k - first < kDepth ? k - first : kDepth;
    for (int row = 0; row < m; row += kRows) {
      const int rows = m - row < kRows ? m - row : kRows;
      const Number* x = a + static_cast<std::size_t>(first) * lda + row;
      for (int column = 0; column < n; column += kGroup) {
        const Number* factors = panels + static_cast<std::size_t>(column / kPanel) * panelStride +
                                static_cast<std::size_t>(first) * kPanel + column % kPanel;
        // The first groups fetch the three vectors' worth of the next rows, one each.
        const Number* next = column < kHeight * kGroup ? x + kRows + column / kGroup * L::kLanes : x;
        Number* to = c + static_cast<std::size_t>(column) * ldc + row;
        const Number* nextC = column + kGroup < n ? to + kGroup * ldc : c + row + kRows;
        if (n - column >= kGroup) {
          anyTile<L>(depth, x, lda, factors, to, ldc, rows, next, nextC);
        } else {
          alignas(64) Number some[kGroup * kRows] = {};
          anyTile<L>(depth, x, lda, factors, some, kRows, rows, next, some);
          for (int j = 0; j < n - column; ++j)
            for (int i = 0; i < rows; ++i) to[static_cast<std::size_t>(j) * ldc + i] += some[j * kRows + i];
        }
      }
    }
  }
}

/// Width columns of a times the panel.
template <class L, int Width>
void dotTile(int k, const typename L::Number* a, std::size_t lda, const typename L::Number* panel,
             typename L::Number* y, std::size_t ldy) {
  using Vector = typename L::Vector;
  constexpr int kVectors = kPanel / L::kLanes;
  Vector sum[Width][kVectors];
#pragma GCC unroll 12
  for (int j = 0; j < Width; ++j)
#pragma GCC unroll 4
    for (int i = 0; i < kVectors; ++i) sum[j][i] = L::all(0);
  for (int row = 0; row < k; ++row) {
    Vector x[kVectors];
#pragma GCC unroll 4
    for (int i = 0; i < kVectors; ++i) x[i] = L::load(panel + i * L::kLanes);
#pragma GCC unroll 12
    for (int j = 0; j < Width; ++j) {
      const Vector factor = L::all(a[static_cast<std::size_t>(j) * lda + static_cast<std::size_t>(row)]);
#pragma GCC unroll 4
      for (int i = 0; i < kVectors; ++i) sum[j][i] = L::multiplyAdd(x[i], factor, sum[j][i]);
    }
    panel += kPanel;
  }
  for (int j = 0; j < Width; ++j) {
    alignas(64) typename L::Number row[kPanel];
    for (int i = 0; i < kVectors; ++i) L::store(row + i * L::kLanes, sum[j][i]);
    for (int i = 0; i < kPanel; ++i) y[static_cast<std::size_t>(i) * ldy + static_cast<std::size_t>(j)] += row[i];
  }
}

template <class L>
void addTransposedProductOf(int n, int k, const typename L::Number* a, std::size_t lda, const typename L::Number* panel,
                            typename L::Number* y, std::size_t ldy) {
  constexpr int kWidth = 24 * L::kLanes / kPanel; // 24 sums
  int column = 0;
  for (; n - column >= kWidth; column += kWidth)
    dotTile<L, kWidth>(k, a + static_cast<std::size_t>(column) * lda, lda, panel, y + column, ldy);
  for (; n - column >= kWidth / 3; column += kWidth / 3)
    dotTile<L, kWidth / 3>(k, a + static_cast<std::size_t>(column) * lda, lda, panel, y + column, ldy);
  for (; column < n; ++column)
    dotTile<L, 1>(k, a + static_cast<std::size_t>(column) * lda, lda, panel, y + column, ldy);
}

} // namespace

void addProductAvx512(int m, int n, int k, const float* a, std::size_t lda, const float* panels,
                      std::size_t panelStride, float* c, std::size_t ldc) {
  addProductOf<Floats>(m, n, k, a, lda, panels, panelStride, c, ldc);
}
void addProductAvx512(int m, int n, int k, const double* a, std::size_t lda, const double* panels,
                      std::size_t panelStride, double* c, std::size_t ldc) {
  addProductOf<Doubles>(m, n, k, a, lda, panels, panelStride, c, ldc);
}
void addTransposedProductAvx512(int n, int k, const float* a, std::size_t lda, const float* panel, float* y,
                                std::size_t ldy) {
  addTransposedProductOf<Floats>(n, k, a, lda, panel, y, ldy);
}
void addTransposedProductAvx512(int n, int k, const double* a, std::size_t lda, const double* panel, double* y,
                                std::size_t ldy) {
  addTransposedProductOf<Doubles>(n, k, a, lda, panel, y, ldy);
}

} // namespace rankscope::detail
