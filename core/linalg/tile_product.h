// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace rankscope {

// Matrix products in which one factor has few columns or the sum few terms, as reductions to a band need them. Where
// the processor has AVX-512 they run at its peak: tiles of the result stay in registers and the large factor is read
// where it lies, because packing it, as BLAS does, costs as much as such a product. Elsewhere BLAS does the work.
// Column strides that are powers of two are slow: see paddedRows().

/// Columns of a packed panel.
inline constexpr int kPanel = 32;

/// Numbers that packPanels() writes for a k × n factor.
std::size_t packedSize(int k, int n);

/// op(b)·scale, k × n, as panels of kPanel columns one after the other (missing ones are zero), each k rows of kPanel
/// contiguous numbers. op 'N': b is k × n; 'T': b is n × k.
void packPanels(char op, int k, int n, float scale, const float* b, int ldb, float* panels);
void packPanels(char op, int k, int n, double scale, const double* b, int ldb, double* panels);

/// c ← c + a·b for the m × k matrix a and the k × n matrix b, packed in panels that start `panelStride` numbers apart.
void addProduct(int m, int n, int k, const float* a, int lda, const float* panels, std::size_t panelStride, float* c,
                int ldc);
void addProduct(int m, int n, int k, const double* a, int lda, const double* panels, std::size_t panelStride, double* c,
                int ldc);

/// y ← y + aᵀ·v for the k × n matrix a and one packed panel v with k rows; y is n × kPanel.
void addTransposedProduct(int n, int k, const float* a, int lda, const float* panel, float* y, int ldy);
void addTransposedProduct(int n, int k, const double* a, int lda, const double* panel, double* y, int ldy);

} // namespace rankscope
