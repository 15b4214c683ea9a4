// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/evaluate/comparison.h"

namespace rankscope {

/// Sums from which Nearness follows.
struct NearnessSums {
  double cosines = 0;
  double differences = 0; ///< Σ‖a − b‖²
  double squares = 0;     ///< Σ‖a‖²
  std::int64_t count = 0;

  /// ‖a‖², ‖b‖², ⟨a, b⟩ and ‖a − b‖² of one token.
  void add(double aa, double bb, double ab, double difference);
  void addRows(const RowMatrixF& a, const RowMatrixF& b);
  Nearness result() const;
};

/// What is known of one scored position.
struct PositionScore {
  float natsOriginal = 0;
  float natsCompressed = 0;
  float kl = 0;
  int record = 0;
  int window = 0;
};

/// One model's side of a comparison over a batch of windows.
struct Side {
  const Model& model;
  const RowMatrixF& hidden;           ///< the final norm's outputs
  const RowMatrixF* logits = nullptr; ///< scoredLogits(), where they are known already
};

/// Logits of the scored positions of a batch: of every token of a window but its last, in order.
RowMatrixF scoredLogits(const Model& model, std::span<const Window> windows, const RowMatrixF& hidden);

/// Gathers a Comparison batch by batch.
class ComparisonSums final {
 public:
  explicit ComparisonSums(std::size_t blocks) : m_blocks(blocks) {}

  /// `windows` are a batch that both sides have run. One model alone is its own comparison: `a` twice.
  void add(std::span<const Window> windows, const Side& a, const Side& b, const Progress& progress);
  NearnessSums& block(std::size_t index) { return m_blocks[index]; }
  Comparison result() const;

 private:
  struct Scored {
    std::int64_t row = 0;
    int next = 0;
    int record = 0;
    int window = 0;
  };
  using Rows = Eigen::Ref<const RowMatrixF>;
  void addRows(const Rows& logitsA, const Rows& logitsB, std::span<const Scored> scored);

  std::vector<NearnessSums> m_blocks;
  NearnessSums m_logits, m_centered, m_hidden;
  std::vector<PositionScore> m_positions;
  std::int64_t m_top1 = 0;
  std::int64_t m_top5 = 0;
  std::int64_t m_tokens = 0;
  int m_windows = 0;
};

} // namespace rankscope
