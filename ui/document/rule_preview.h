// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "core/checkpoint/layer.h"
#include "core/plan/presets.h"

namespace rankscope::ui {

class Document;

/// What a plan with other rules would do, before it is applied.
struct RulePreview {
  std::vector<LayerId> matched; ///< by name, by the rule that was asked about
  std::vector<LayerId> changed; ///< whose choice would differ from now, by whichever rule
  std::uint64_t bytesNow = 0;   ///< of the whole model
  std::uint64_t bytesThen = 0;
};

/// The plan with `rules`, of which rules[edited] is asked about. Throws Error(BadRequest) for a bad pattern.
RulePreview previewRules(const Document& document, const std::vector<Rule>& rules, std::size_t edited);

/// A preset as rules instead of ranks layer by layer, to start from: the same choices where its shares are below
/// break-even. A pattern stands for the same place in every block.
std::vector<Rule> rulesLikePreset(const Checkpoint& checkpoint, Preset preset);

} // namespace rankscope::ui
