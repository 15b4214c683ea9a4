// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "app/cli/plan_options.h"

namespace rankscope::cli {

class Console;

/// Warns of every rule of a plan file that matches no layer, naming its pattern.
void warnOfIdleRules(const RankPlan& plan, const std::filesystem::path& file, const Checkpoint& checkpoint,
                     Console& console);

/// A sentence that says that no layer would be compressed, and why; nullopt where one would be. `options` are those
/// that the plan comes from, null for a plan file.
std::optional<std::string> whyNothingIsCompressed(const PlanOptions* options, const Checkpoint& checkpoint,
                                                  const ResolvedPlan& resolved);

/// True for a plan whose rules and overrides all say dense, and that has some.
bool asksForDense(const RankPlan& plan);

} // namespace rankscope::cli
