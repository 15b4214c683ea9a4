// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/original_text.h"

#include "core/evaluate/comparison_sums.h"

namespace rankscope {

OriginalText::OriginalText(const Model& original, std::span<const Window> windows, std::int64_t batchTokens,
                           std::uint64_t memory, const Progress& progress)
    : m_original(original) {
  const Architecture& a = original.architecture();
  std::uint64_t left = memory / sizeof(float);
  const auto take = [&](std::int64_t numbers) {
    const auto wanted = static_cast<std::uint64_t>(numbers);
    if (wanted > left) return false;
    left -= wanted;
    return true;
  };
  for (const std::span<const Window> some : batchesOf(windows, batchTokens)) {
    Part& part = m_parts.emplace_back(Part{some, {}, {}});
    const Batch batch = batchOf(some);
    const auto tokens = static_cast<std::int64_t>(batch.tokens.size());
    if (!take(tokens * a.hidden)) continue;
    part.hidden = original.forward(batch, {}, progress);
    if (take(tokens * a.vocabulary)) part.logits = scoredLogits(original, some, part.hidden);
  }
}

Comparison OriginalText::compareWith(const Model& compressed, const Progress& progress) const {
  checkComparable(m_original, compressed);
  ComparisonSums sums(0);
  double done = 0;
  for (const Part& part : m_parts) {
    const Batch batch = batchOf(part.windows);
    const RowMatrixF again = part.hidden.size() > 0 ? RowMatrixF() : m_original.forward(batch, {}, progress);
    sums.add(
        part.windows,
        {m_original, part.hidden.size() > 0 ? part.hidden : again, part.logits.size() > 0 ? &part.logits : nullptr},
        {compressed, compressed.forward(batch, {}, progress)}, progress);
    progress.report(++done / static_cast<double>(m_parts.size()));
  }
  return sums.result();
}

} // namespace rankscope
