// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

namespace rankscope {

/// Rotary positions (Su et al. 2021) in the rotate-half layout of Hugging Face: dimension i turns with i + dims/2.
struct Rope {
  /// Scalings as Hugging Face's modeling_rope_utils defines them.
  enum class Scaling { None, Linear, Dynamic, Llama3, Yarn };

  std::int64_t dims = 0; ///< rotated ones of each head, even; the rest passes through
  double theta = 10000;
  Scaling scaling = Scaling::None;
  double factor = 1;
  double originalContext = 0;                             ///< context before scaling (Dynamic, Llama3, Yarn)
  double lowFrequencyFactor = 1, highFrequencyFactor = 4; ///< Llama3
  double betaFast = 32, betaSlow = 1;                     ///< Yarn
  bool truncate = true;                                   ///< Yarn: round the ramp's ends to whole dimensions
  double attentionFactor = 1;                             ///< Yarn: on cos and sin

  /// dims/2 angles per position, for a sequence of `length` (only Dynamic looks at it).
  std::vector<double> frequencies(std::int64_t length) const;
};

/// cos and sin of every position first … first + rows − 1: rows × dims/2 each.
struct RopeTable {
  std::vector<float> cosines;
  std::vector<float> sines;
};
RopeTable ropeTable(const Rope& rope, std::int64_t first, std::int64_t rows);

/// Turns the heads of `rows` rows, `heads` × headDim numbers each, `stride` apart.
void rotate(const Rope& rope, const RopeTable& table, float* x, std::int64_t stride, std::int64_t rows,
            std::int64_t heads, std::int64_t headDim);

} // namespace rankscope
