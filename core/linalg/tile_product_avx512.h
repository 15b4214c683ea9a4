// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace rankscope::detail {

// As in tile_product.h; for processors with AVX-512 F, BW, DQ and VL only.
void addProductAvx512(int m, int n, int k, const float* a, std::size_t lda, const float* panels,
                      std::size_t panelStride, float* c, std::size_t ldc);
void addProductAvx512(int m, int n, int k, const double* a, std::size_t lda, const double* panels,
                      std::size_t panelStride, double* c, std::size_t ldc);
void addTransposedProductAvx512(int n, int k, const float* a, std::size_t lda, const float* panel, float* y,
                                std::size_t ldy);
void addTransposedProductAvx512(int n, int k, const double* a, std::size_t lda, const double* panel, double* y,
                                std::size_t ldy);

} // namespace rankscope::detail
