// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/advise/ways.h"
#include "core/plan/multiple_choice.h"
#include "core/plan/presets.h"

namespace rankscope {

/// What a budget may choose for every layer.
struct CandidateOptions {
  bool dense = true; ///< as in the checkpoint
  RankLimits ranks = {};
  std::map<LayerId, LayerChoice> pinned; ///< left as they are, and paid for
};

/// The choices of every layer of a scope with what they take and cost.
struct Candidates {
  std::vector<LayerId> layers;
  std::vector<std::vector<LayerChoice>> choices;
  std::vector<std::vector<Alternative>> alternatives;
};

/// What a choice costs the model, in any unit that adds up; nullopt: not to be chosen.
using ChoiceCost = std::function<std::optional<double>(LayerId, const LayerChoice&)>;

/// Dense and every rank of every way that takes fewer bytes than dense; layers without another choice stay dense.
Candidates candidatesFor(const Checkpoint& checkpoint, std::span<const LayerId> scope, std::span<const Way> ways,
                         const ChoiceCost& cost, const CandidateOptions& options = {});

/// The plan that a selection stands for: layers outside the candidates keep `others` where it names them, else stay
/// dense.
ResolvedPlan planOf(const Checkpoint& checkpoint, const Candidates& candidates, const Selection& selection,
                    const std::map<LayerId, LayerChoice>& others = {});

/// Σ bytes of the candidates' layers if all stay as they are.
double denseBytes(const Checkpoint& checkpoint, std::span<const LayerId> layers);

} // namespace rankscope
