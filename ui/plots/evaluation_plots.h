// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include <QString>

#include "ui/plots/evaluation_geometry.h"

class QCustomPlot;

namespace rankscope::ui {

struct Theme;

/// Each draws one of the Evaluate page's plots on an empty canvas: graphs, labels, ranges.
void drawErrorByDepth(QCustomPlot& plot, const Theme& theme, const Comparison& comparison, const Comparison* bf16);
void drawKlHistogram(QCustomPlot& plot, const Theme& theme, const Comparison& comparison);
void drawSweep(QCustomPlot& plot, const Theme& theme, const StudyReport& study);
/// Bars of the layers, worst on top; `names` are what to call them.
void drawEffects(QCustomPlot& plot, const Theme& theme, const std::vector<LayerEffect>& worst,
                 const std::vector<QString>& names, Effect effect);

QString effectName(Effect effect);

} // namespace rankscope::ui
