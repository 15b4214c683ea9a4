// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/plan_edits.h"

#include <algorithm>
#include <utility>

namespace rankscope::ui {

RankPlan planWithPins(const PlanState& state) {
  RankPlan plan = state.plan;
  plan.pins = state.pinned;
  return plan;
}

PlanState stateFrom(RankPlan plan) {
  PlanState state{std::move(plan), {}};
  state.pinned = std::exchange(state.plan.pins, {});
  return state;
}

std::optional<std::vector<std::string>> changedOverrides(const RankPlan& before, const RankPlan& after) {
  if (before.minDim != after.minDim || before.factorDtype != after.factorDtype || before.group != after.group ||
      before.method != after.method || before.biasShift != after.biasShift || before.refineSteps != after.refineSteps ||
      before.rules != after.rules) {
    return std::nullopt;
  }
  std::vector<std::string> names;
  auto was = before.overrides.begin();
  auto is = after.overrides.begin();
  while (was != before.overrides.end() || is != after.overrides.end()) {
    if (is == after.overrides.end() || (was != before.overrides.end() && was->first < is->first)) {
      names.push_back((was++)->first);
    } else if (was == before.overrides.end() || is->first < was->first) {
      names.push_back((is++)->first);
    } else {
      if (was->second != is->second) names.push_back(is->first);
      ++was;
      ++is;
    }
  }
  return names;
}

RankPlan keepingPinned(RankPlan fresh, const PlanState& now, const Checkpoint& checkpoint,
                       const ResolvedPlan& resolved) {
  for (const std::string& name : now.pinned) {
    if (const auto layer = checkpoint.findLayer(name))
      fresh.overrides[name] = overrideFor(checkpoint.layer(*layer), resolved.layers[layer->value], fresh);
  }
  return fresh;
}

std::int64_t snapped(std::int64_t rank, int step, std::int64_t most) {
  if (rank >= most) return most;
  const std::int64_t nearest = (rank + step / 2) / step * step;
  return std::clamp<std::int64_t>(nearest, std::min<std::int64_t>(step, most), most);
}

} // namespace rankscope::ui
