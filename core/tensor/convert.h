// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <Eigen/Core>

#include "core/tensor/tensor_view.h"

namespace rankscope {

using RowMatrixF = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using RowMatrixD = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Widens (or, F64 to float, rounds) `out.size()` elements of a weight dtype, starting at element `first`.
void convert(const std::byte* data, DType dtype, std::int64_t first, std::span<float> out);
void convert(const std::byte* data, DType dtype, std::int64_t first, std::span<double> out);

/// The whole matrix as Eigen, row-major: rows × cols.
RowMatrixF toFloat(const MatrixView& matrix);
RowMatrixD toDouble(const MatrixView& matrix);

/// Writes values in a weight dtype, rounding to nearest, ties to even; overflow becomes infinity as in PyTorch.
/// `out` holds values.size() × byteSize(dtype) bytes.
void store(std::span<const float> values, DType dtype, std::byte* out);
void store(std::span<const double> values, DType dtype, std::byte* out);

/// One element after rounding to `dtype`.
double rounded(double value, DType dtype);

}  // namespace rankscope
