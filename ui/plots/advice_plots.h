// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "ui/document/advice_view.h"

class QCustomPlot;

namespace rankscope::ui {

struct Theme;

/// KL of every option against the share of bytes that it keeps, both measured, over the curves of what every size can
/// buy at best, predicted. `chosen` is marked.
void drawOptions(QCustomPlot& plot, const Theme& theme, const AdviceView& view, std::optional<std::size_t> chosen);

/// Predicted against measured KL of plans that took no part in fitting the prediction.
void drawChecks(QCustomPlot& plot, const Theme& theme, const AdviceView& view);

} // namespace rankscope::ui
