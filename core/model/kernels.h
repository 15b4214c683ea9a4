// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace rankscope {

/// How the numbers of a weight matrix lie in memory (see StoredMatrix).
enum class Code { F32, F16, BF16, Int8, Int4, Int3 };

enum class Activation { GeluNew, Gelu, Silu, Relu, QuickGelu };

/// Sums over one vocabulary of two rows of logits, from which every logit metric follows.
struct LogitSums {
  double largestA = 0, largestB = 0; ///< max a, max b
  double meanA = 0, meanB = 0;
  double expA = 0, expB = 0;     ///< Σ exp(a − largestA), Σ exp(b − largestB)
  double expDifference = 0;      ///< Σ exp(a − largestA)·(a − b)
  double aa = 0, bb = 0, ab = 0; ///< centred: Σ(a − meanA)², …, Σ(a − meanA)(b − meanB)
  double difference = 0;         ///< centred: Σ((a − meanA) − (b − meanB))²
};

/// The inner loops of the forward pass, compiled for several instruction sets; kernels() picks once. All stream through
/// the weights once, in order.
///
/// Vectors that meet Int4 weights are *split*: the even elements first, then, from (cols + 1) / 2 on, the odd ones.
struct Kernels {
  const char* name;

  /// y[i] = Σ_j row_i[j]·x[j] for `rows` rows that lie rowBytes apart, codes unscaled.
  void (*dotRows)(Code code, const std::byte* data, std::size_t rowBytes, std::int64_t rows, std::int64_t cols,
                  const float* x, float* y);
  /// The same with a scale for each `group` neighbours of a row (a multiple of 32); scales of a row lie together.
  void (*dotRowsGrouped)(Code code, const std::byte* data, std::size_t rowBytes, const float* scales,
                         std::int64_t scalesPerRow, std::int64_t group, std::int64_t rows, std::int64_t cols,
                         const float* x, float* y);
  /// y[j] += Σ_i x[i]·row_i[j]; y is split for Int4.
  void (*addRows)(Code code, const std::byte* data, std::size_t rowBytes, std::int64_t rows, std::int64_t cols,
                  const float* x, float* y);
  void (*addRowsGrouped)(Code code, const std::byte* data, std::size_t rowBytes, const float* scales,
                         std::int64_t scalesPerRow, std::int64_t group, std::int64_t rows, std::int64_t cols,
                         const float* x, float* y);
  /// The first `count` codes from `row` on, times `scale`, as floats in order.
  void (*expand)(Code code, const std::byte* row, std::int64_t count, float scale, float* out);

  void (*activate)(Activation activation, float* x, std::int64_t count);
  /// x becomes exp(x − max x) / Σ.
  void (*softmax)(float* x, std::int64_t count);
  /// LayerNorm, or RMSNorm where not `centred`: out = (x − mean)/√(variance + ε)·weight + bias; `bias` may be null.
  /// Sums are taken in double over short runs of floats.
  void (*normalise)(const float* x, std::int64_t count, const float* weight, const float* bias, bool centred,
                    float epsilon, float* out);
  void (*compareLogits)(const float* a, const float* b, std::int64_t count, LogitSums* sums);
};

const Kernels& kernels();

namespace detail {
extern const Kernels kPortableKernels;
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
} // namespace detail

} // namespace rankscope
