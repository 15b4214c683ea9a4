// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QString>

#include "core/plan/rank_plan.h"

namespace rankscope::ui {

/// A rule's action as typed, in English or the user's language ("128", "12.5 %", "cosine 0.95", "energy 0.9", "dense");
/// nullopt when it is none of these.
std::optional<Action> parseAction(const QString& typed);

} // namespace rankscope::ui
