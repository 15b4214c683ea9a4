// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "ui/document/evaluation_entry.h"

namespace rankscope::ui {

struct Theme;

/// Everything that was measured, as rich text: sentences, one table of all metrics beside their controls, memory and
/// speed, blocks, and under which text and plan.
QString detailsHtml(const EvaluationEntry& entry, const ShownParts& shown, const Theme& theme);

} // namespace rankscope::ui
