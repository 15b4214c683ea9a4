// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/evaluate/text.h"
#include "core/model/model.h"

namespace rankscope {

/// What some changed layers do to a model's predictions.
struct Effect {
  double kl = 0;              ///< mean KL(original ‖ changed), nats a token
  double klStandardError = 0; ///< over windows; 0 with fewer than two
  double nats = 0;            ///< mean negative log-likelihood of the text under the changed model
};

/// The original's residual stream before every block and its logits for a text, kept so that many changed copies can be
/// compared with it quickly: only the blocks from the first changed one on are run again. Holds tokens × (blocks ·
/// hidden + vocabulary) numbers of F32. Immutable.
class ReferenceRun final {
 public:
  /// Throws Cancelled between batches and blocks. The windows must not be empty.
  ReferenceRun(const Model& original, std::span<const Window> windows, const Progress& progress = {});

  /// The effect of replacing these linears of blocks. Throws Cancelled.
  Effect measure(const Substitutes& changed, const Progress& progress = {}) const;

  double originalNats() const { return m_nats; } ///< mean negative log-likelihood of the text
  std::int64_t positions() const { return m_positions; }
  std::int64_t tokens() const { return m_tokens; }

  /// Bytes that a run over so many tokens holds.
  static std::uint64_t bytesFor(const Model& model, std::int64_t tokens);

 private:
  struct Part {
    Batch batch;
    std::vector<RowMatrixF> states;  ///< before each block
    RowMatrixF logits;               ///< of the scored positions
    std::vector<std::int64_t> rows;  ///< scored rows of the batch
    std::vector<int> next;           ///< token that follows each
    std::vector<std::size_t> window; ///< that each belongs to, counted over all parts
  };
  /// What the head sees of the scored positions.
  static RowMatrixF scoredRows(const Model& model, const Part& part, const RowMatrixF& hidden);

  Model m_original;
  std::vector<Window> m_windows;
  std::vector<Part> m_parts;
  double m_nats = 0;
  std::int64_t m_positions = 0;
  std::int64_t m_tokens = 0;
};

} // namespace rankscope
