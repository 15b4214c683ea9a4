// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/plan_edits.h"

#include <algorithm>

namespace rankscope::ui {

std::optional<std::vector<std::string>> changedOverrides(const RankPlan& before, const RankPlan& after) {
  if (before.minDim != after.minDim || before.factorDtype != after.factorDtype || before.group != after.group ||
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
    if (const auto layer = checkpoint.findLayer(name)) fresh.overrides[name] = resolved.layers[layer->value].rank;
  }
  return fresh;
}

std::int64_t snapped(std::int64_t rank, int step, std::int64_t most) {
  if (rank >= most) return most;
  const std::int64_t nearest = (rank + step / 2) / step * step;
  return std::clamp<std::int64_t>(nearest, std::min<std::int64_t>(step, most), most);
}

} // namespace rankscope::ui
