// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/plan/rank_plan.h"
#include "core/plan/resolve.h"

namespace rankscope::ui {

/// What undo steps through: the plan, and the layers that rules, presets and budgets must leave alone.
struct PlanState {
  RankPlan plan;
  std::set<std::string, std::less<>> pinned;
  bool operator==(const PlanState&) const = default;
};

/// The state as a plan file holds it, and back.
RankPlan planWithPins(const PlanState& state);
PlanState stateFrom(RankPlan plan);

/// Names of layers whose override differs between two plans; nullopt when anything but overrides differs.
std::optional<std::vector<std::string>> changedOverrides(const RankPlan& before, const RankPlan& after);

/// `fresh` with the choices that pinned layers have now written in as overrides.
RankPlan keepingPinned(RankPlan fresh, const PlanState& now, const Checkpoint& checkpoint,
                       const ResolvedPlan& resolved);

/// The nearest multiple of `step` (at least one step, at most `most`); `most` itself is always reachable.
std::int64_t snapped(std::int64_t rank, int step, std::int64_t most);

} // namespace rankscope::ui
