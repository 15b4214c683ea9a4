// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QRectF>

class QCustomPlot;

namespace rankscope::ui {

/// Puts the plot's legend where it covers neither `words` nor `spots` (freePlace), in the corner `first` where it can.
/// Both are pixels; the axes must have their place.
void placeLegend(QCustomPlot& plot, Qt::Alignment first, const std::vector<QRectF>& words,
                 const std::vector<QRectF>& spots);

/// The same for what the plot itself shows: curves, points and texts. The legend's own alignment says which corner is
/// wanted. For QCustomPlot::afterLayout.
void keepLegendClear(QCustomPlot& plot);

} // namespace rankscope::ui
