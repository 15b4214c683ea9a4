// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/weight_matrix.h"

#include <algorithm>
#include <cassert>

#include "core/model/blas.h"
#include "core/model/parallel.h"
#include "core/tensor/convert.h"

namespace rankscope {

namespace {

/// Numbers of a panel that is converted at a time: 4 MiB, so that it stays in the cache until it is multiplied.
constexpr std::int64_t kPanel = 1 << 20;
/// Bytes of weights that are worth a thread of their own.
constexpr std::int64_t kWorthAThread = 1 << 16;

Code codeOf(DType dtype) {
  switch (dtype) {
  case DType::F16:
    return Code::F16;
  case DType::BF16:
    return Code::BF16;
  default:
    return Code::F32;
  }
}

Code codeOf(Storage storage) {
  switch (storage) {
  case Storage::F32:
    return Code::F32;
  case Storage::F16:
    return Code::F16;
  case Storage::BF16:
    return Code::BF16;
  case Storage::Int8:
    return Code::Int8;
  case Storage::Int4:
    return Code::Int4;
  case Storage::Int3:
    return Code::Int3;
  }
  return Code::F32;
}

float* scratch(std::int64_t count) {
  thread_local std::vector<float> memory;
  if (static_cast<std::int64_t>(memory.size()) < count) memory.resize(static_cast<std::size_t>(count));
  return memory.data();
}

/// Even elements first, then the odd ones: what the nibble kernels read and write.
void split(const float* x, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; i += 2) out[i / 2] = x[i];
  float* odd = out + (count + 1) / 2;
  for (std::int64_t i = 1; i < count; i += 2) odd[i / 2] = x[i];
}

void merge(const float* x, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; i += 2) out[i] = x[i / 2];
  const float* odd = x + (count + 1) / 2;
  for (std::int64_t i = 1; i < count; i += 2) out[i] = odd[i / 2];
}

void scale(const float* x, const float* factors, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = x[i] * factors[i];
}

std::int64_t ceilDivide(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

} // namespace

WeightMatrix::WeightMatrix(const MatrixView& matrix, std::shared_ptr<const void> owner)
    : m_rows(matrix.rows), m_cols(matrix.cols), m_code(codeOf(matrix.dtype)), m_data(matrix.data),
      m_rowBytes(static_cast<std::size_t>(matrix.cols) * byteSize(matrix.dtype)),
      m_bytes(static_cast<std::uint64_t>(matrix.rows) * m_rowBytes), m_owner(std::move(owner)) {
  if (matrix.dtype != DType::F64) return;
  auto copy = std::make_shared<RowMatrixF>(toFloat(matrix));
  m_data = reinterpret_cast<const std::byte*>(copy->data());
  m_rowBytes /= 2;
  m_owner = std::move(copy);
}

WeightMatrix::WeightMatrix(StoredMatrix matrix)
    : m_rows(matrix.rows), m_cols(matrix.cols), m_code(codeOf(matrix.format.storage)), m_axis(matrix.format.axis),
      m_group(matrix.format.group), m_data(matrix.codes.data()),
      m_rowBytes(matrix.rows == 0 ? 0 : matrix.codes.size() / static_cast<std::size_t>(matrix.rows)),
      m_scales(matrix.scales), m_bytes(matrix.bytes()), m_owner(std::move(matrix.owner)) {
  assert(m_group % 32 == 0);
}

/// Where column `col` of a row begins: even for Int4, a multiple of 8 for Int3.
std::size_t WeightMatrix::codeOffset(std::int64_t col) const {
  const auto first = static_cast<std::size_t>(col);
  if (m_code == Code::Int4) return first / 2;
  if (m_code == Code::Int3) return first / 8 * 3;
  return first * (m_rowBytes / static_cast<std::size_t>(m_cols));
}

/// Elements first … last − 1 of M·x for one vector x, which is split for nibbles. `first` begins a group.
void WeightMatrix::dotRange(std::int64_t first, std::int64_t last, const float* x, float* y) const {
  const Kernels& k = kernels();
  if (!scaled() || (m_axis == ScaleAxis::PerRow && m_group == 0)) {
    k.dotRows(m_code, rowData(first), m_rowBytes, last - first, m_cols, x, y + first);
    if (scaled()) scale(y + first, m_scales.data() + first, last - first, y + first);
    return;
  }
  if (m_axis == ScaleAxis::PerRow) {
    const std::int64_t perRow = ceilDivide(m_cols, m_group);
    k.dotRowsGrouped(m_code, rowData(first), m_rowBytes, m_scales.data() + first * perRow, perRow, m_group,
                     last - first, m_cols, x, y + first);
    return;
  }
  // A scale for each column: it goes into x, anew for each group of rows.
  const std::int64_t group = m_group == 0 ? m_rows : m_group;
  std::vector<float> scales(static_cast<std::size_t>(m_cols)), scaledX(static_cast<std::size_t>(m_cols));
  for (std::int64_t from = first; from < last; from = (from / group + 1) * group) {
    const std::int64_t to = std::min(last, (from / group + 1) * group);
    const float* own = m_scales.data() + from / group * m_cols;
    if (m_code == Code::Int4) split(own, m_cols, scales.data());
    scale(x, m_code == Code::Int4 ? scales.data() : own, m_cols, scaledX.data());
    k.dotRows(m_code, rowData(from), m_rowBytes, to - from, m_cols, scaledX.data(), y + from);
  }
}

void WeightMatrix::dotVector(const float* x, float* y) const {
  std::vector<float> splitX;
  if (m_code == Code::Int4) {
    splitX.resize(static_cast<std::size_t>(m_cols));
    split(x, m_cols, splitX.data());
    x = splitX.data();
  }
  const std::int64_t least = ceilDivide(kWorthAThread, static_cast<std::int64_t>(m_rowBytes));
  const std::int64_t piece = ceilDivide(std::max(least, ceilDivide(m_rows, 4 * parallelThreads())), 128) * 128;
  const std::int64_t rows = m_group == 0 ? std::max(least, ceilDivide(m_rows, 4 * parallelThreads())) : piece;
  parallelFor(ceilDivide(m_rows, rows), 1,
              [&](std::int64_t from, std::int64_t to) { dotRange(from * rows, std::min(m_rows, to * rows), x, y); });
}

/// Elements first … last − 1 of xᵀ·M for one vector x. `first` is a multiple of 128.
void WeightMatrix::addRange(std::int64_t first, std::int64_t last, const float* x, float* y) const {
  const Kernels& k = kernels();
  const std::int64_t count = last - first;
  const auto size = static_cast<std::size_t>(count);
  const std::byte* data = m_data + codeOffset(first);
  std::vector<float> sums(size, 0.0f), merged(m_code == Code::Int4 ? size : 0);
  const auto inOrder = [&] {
    if (m_code != Code::Int4) return sums.data();
    merge(sums.data(), count, merged.data());
    return merged.data();
  };
  if (scaled() && m_axis == ScaleAxis::PerRow && m_group != 0) {
    const std::int64_t perRow = ceilDivide(m_cols, m_group);
    k.addRowsGrouped(m_code, data, m_rowBytes, m_scales.data() + first / m_group, perRow, m_group, m_rows, count, x,
                     sums.data());
    std::copy_n(inOrder(), count, y + first);
    return;
  }
  if (!scaled() || m_axis == ScaleAxis::PerRow) {
    std::vector<float> scaledX;
    if (scaled()) {
      scaledX.resize(static_cast<std::size_t>(m_rows));
      scale(x, m_scales.data(), m_rows, scaledX.data());
      x = scaledX.data();
    }
    k.addRows(m_code, data, m_rowBytes, m_rows, count, x, sums.data());
    std::copy_n(inOrder(), count, y + first);
    return;
  }
  const std::int64_t group = m_group == 0 ? m_rows : m_group;
  std::fill_n(y + first, count, 0.0f);
  for (std::int64_t from = 0; from < m_rows; from += group) {
    std::fill(sums.begin(), sums.end(), 0.0f);
    k.addRows(m_code, data + static_cast<std::size_t>(from) * m_rowBytes, m_rowBytes, std::min(group, m_rows - from),
              count, x + from, sums.data());
    const float* part = inOrder();
    const float* own = m_scales.data() + from / group * m_cols + first;
    for (std::int64_t j = 0; j < count; ++j) y[first + j] += own[j] * part[j];
  }
}

void WeightMatrix::addVector(const float* x, float* y) const {
  const std::int64_t bytesPerColumn = std::max<std::int64_t>(1, static_cast<std::int64_t>(m_bytes) / m_cols);
  const std::int64_t least =
      std::max(ceilDivide(kWorthAThread, bytesPerColumn), ceilDivide(m_cols, 2 * parallelThreads()));
  const std::int64_t piece = ceilDivide(least, 128) * 128;
  parallelFor(ceilDivide(m_cols, piece), 1,
              [&](std::int64_t from, std::int64_t to) { addRange(from * piece, std::min(m_cols, to * piece), x, y); });
}

/// Columns firstCol (a multiple of 8) … of one row, scaled.
void WeightMatrix::expand(std::int64_t row, std::int64_t firstCol, std::int64_t count, float* out) const {
  const Kernels& k = kernels();
  if (scaled() && m_axis == ScaleAxis::PerRow && m_group != 0) {
    const float* own = m_scales.data() + row * ceilDivide(m_cols, m_group);
    for (std::int64_t done = 0; done < count;) {
      const std::int64_t col = firstCol + done, part = std::min(count - done, m_group - col % m_group);
      k.expand(m_code, rowData(row) + codeOffset(col), part, own[col / m_group], out + done);
      done += part;
    }
    return;
  }
  const bool perRow = scaled() && m_axis == ScaleAxis::PerRow;
  k.expand(m_code, rowData(row) + codeOffset(firstCol), count, perRow ? m_scales[static_cast<std::size_t>(row)] : 1.0f,
           out);
  if (scaled() && !perRow)
    scale(out, m_scales.data() + (m_group == 0 ? 0 : row / m_group * m_cols) + firstCol, count, out);
}

void WeightMatrix::row(std::int64_t i, float* out) const {
  expand(i, 0, m_cols, out);
}

void multiplyTransposed(const float* x, std::int64_t tokens, const float* w, std::int64_t rows, std::int64_t cols,
                        float* y) {
  parallelSgemm(tokens, rows, cols, 1.0f, {x, cols, false}, {w, cols, true}, y, rows);
}

void WeightMatrix::multiplyTransposed(const float* x, std::int64_t tokens, float* y) const {
  if (tokens == 1) return dotVector(x, y);
  if (m_code == Code::F32)
    return rankscope::multiplyTransposed(x, tokens, reinterpret_cast<const float*>(m_data), m_rows, m_cols, y);
  const std::int64_t step = std::clamp<std::int64_t>(kPanel / m_cols, 64, m_rows < 64 ? 64 : m_rows);
  float* panel = scratch(std::min(step, m_rows) * m_cols);
  for (std::int64_t first = 0; first < m_rows; first += step) {
    const std::int64_t count = std::min(step, m_rows - first);
    parallelFor(count, std::max<std::int64_t>(1, kWorthAThread / m_cols), [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = from; i < to; ++i) expand(first + i, 0, m_cols, panel + i * m_cols);
    });
    parallelSgemm(tokens, count, m_cols, 1.0f, {x, m_cols, false}, {panel, m_cols, true}, y + first, m_rows);
  }
}

void WeightMatrix::multiply(const float* x, std::int64_t tokens, float* y) const {
  if (tokens == 1) return addVector(x, y);
  if (m_code == Code::F32)
    return parallelSgemm(tokens, m_cols, m_rows, 1.0f, {x, m_rows, false},
                         {reinterpret_cast<const float*>(m_data), m_cols, false}, y, m_cols);
  const std::int64_t step = std::max<std::int64_t>(64, kPanel / m_rows / 8 * 8);
  float* panel = scratch(std::min(step, m_cols) * m_rows);
  for (std::int64_t first = 0; first < m_cols; first += step) {
    const std::int64_t count = std::min(step, m_cols - first);
    parallelFor(m_rows, std::max<std::int64_t>(1, kWorthAThread / count), [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = from; i < to; ++i) expand(i, first, count, panel + i * count);
    });
    parallelSgemm(tokens, count, m_rows, 1.0f, {x, m_rows, false}, {panel, count, false}, y + first, m_cols);
  }
}

} // namespace rankscope
