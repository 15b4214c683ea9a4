// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/evaluate/comparison.h"

namespace rankscope {

/// A text as the original sees it, run once, for comparing many compressed models with it. Immutable; the windows must
/// outlive it.
class OriginalText final {
 public:
  static constexpr std::uint64_t kMemory = std::uint64_t{768} << 20;

  /// Keeps final states and logits, batch by batch, as far as `memory` bytes reach; what is not kept is computed again
  /// each time. Throws Cancelled between blocks.
  OriginalText(const Model& original, std::span<const Window> windows, std::int64_t batchTokens = 512,
               std::uint64_t memory = kMemory, const Progress& progress = {});

  /// As compare(), without blocks. Throws Cancelled, and Error(BadRequest) where the models cannot be compared.
  Comparison compareWith(const Model& compressed, const Progress& progress = {}) const;

 private:
  struct Part {
    std::span<const Window> windows;
    RowMatrixF hidden; ///< behind the final norm; empty where it is not kept
    RowMatrixF logits; ///< of the scored positions; empty where they are not kept
  };

  Model m_original;
  std::vector<Part> m_parts;
};

} // namespace rankscope
