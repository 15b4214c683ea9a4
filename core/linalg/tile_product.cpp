// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/tile_product.h"

#include <algorithm>

#include "core/linalg/lapack.h"
#include "core/linalg/tile_product_avx512.h"

namespace rankscope {

namespace {

bool haveAvx512() {
#if defined(__x86_64__)
  static const bool have = [] {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  }();
  return have;
#else
  return false;
#endif
}

template <class T>
void packPanelsOf(char op, int k, int n, T scale, const T* b, int ldb_, T* panels) {
  const auto ldb = static_cast<std::size_t>(ldb_);
  for (int first = 0; first < n; first += kPanel, panels += static_cast<std::size_t>(k) * kPanel) {
    const int width = std::min(kPanel, n - first);
    if (width < kPanel) std::fill_n(panels, static_cast<std::size_t>(k) * kPanel, T{});
    for (int row = 0; row < k; ++row) {
      T* to = panels + static_cast<std::size_t>(row) * kPanel;
      if (op == 'T') {
        const T* from = b + static_cast<std::size_t>(row) * ldb + first;
        for (int j = 0; j < width; ++j) to[j] = from[j] * scale;
      } else {
        const T* from = b + static_cast<std::size_t>(first) * ldb + row;
        for (int j = 0; j < width; ++j) to[j] = from[static_cast<std::size_t>(j) * ldb] * scale;
      }
    }
  }
}

template <class T>
void addProductOf(int m, int n, int k, const T* a, int lda, const T* panels, std::size_t panelStride, T* c, int ldc) {
#if defined(__x86_64__)
  if (haveAvx512()) {
    detail::addProductAvx512(m, n, k, a, static_cast<std::size_t>(lda), panels, panelStride, c,
                             static_cast<std::size_t>(ldc));
    return;
  }
#endif
  for (int first = 0; first < n; first += kPanel)
    gemm('N', 'T', m, std::min(kPanel, n - first), k, T{1}, a, lda,
         panels + static_cast<std::size_t>(first / kPanel) * panelStride, kPanel, T{1},
         c + static_cast<std::size_t>(first) * static_cast<std::size_t>(ldc), ldc);
}

template <class T>
void addTransposedProductOf(int n, int k, const T* a, int lda, const T* panel, T* y, int ldy) {
#if defined(__x86_64__)
  if (haveAvx512()) {
    detail::addTransposedProductAvx512(n, k, a, static_cast<std::size_t>(lda), panel, y, static_cast<std::size_t>(ldy));
    return;
  }
#endif
  gemm('T', 'T', n, kPanel, k, T{1}, a, lda, panel, kPanel, T{1}, y, ldy);
}

} // namespace

std::size_t packedSize(int k, int n) {
  return static_cast<std::size_t>(k) * static_cast<std::size_t>((n + kPanel - 1) / kPanel * kPanel);
}

void packPanels(char op, int k, int n, float scale, const float* b, int ldb, float* panels) {
  packPanelsOf(op, k, n, scale, b, ldb, panels);
}
void packPanels(char op, int k, int n, double scale, const double* b, int ldb, double* panels) {
  packPanelsOf(op, k, n, scale, b, ldb, panels);
}

void addProduct(int m, int n, int k, const float* a, int lda, const float* panels, std::size_t panelStride, float* c,
                int ldc) {
  addProductOf(m, n, k, a, lda, panels, panelStride, c, ldc);
}
void addProduct(int m, int n, int k, const double* a, int lda, const double* panels, std::size_t panelStride, double* c,
                int ldc) {
  addProductOf(m, n, k, a, lda, panels, panelStride, c, ldc);
}

void addTransposedProduct(int n, int k, const float* a, int lda, const float* panel, float* y, int ldy) {
  addTransposedProductOf(n, k, a, lda, panel, y, ldy);
}
void addTransposedProduct(int n, int k, const double* a, int lda, const double* panel, double* y, int ldy) {
  addTransposedProductOf(n, k, a, lda, panel, y, ldy);
}

} // namespace rankscope
