// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

#include <Eigen/Core>

namespace rankscope {

/// Rows to store a matrix of `rows` rows with, so that columns start on cache lines and their stride is no power of
/// two: columns that far apart share few places in the cache.
int paddedRows(int rows);

/// Asks the system to back memory that has not been touched yet by huge pages, where it wants to be asked: large
/// matrices are walked across their columns, and otherwise every column is another page.
void adviseHugePages(void* memory, std::size_t bytes);

/// paddedRows(rows) × cols, not initialised.
template <class Matrix>
Matrix paddedMatrix(int rows, int cols) {
  Matrix matrix(paddedRows(rows), cols);
  adviseHugePages(matrix.data(), static_cast<std::size_t>(matrix.size()) * sizeof(typename Matrix::Scalar));
  return matrix;
}

} // namespace rankscope
