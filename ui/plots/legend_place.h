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
/// wanted. Where there is no free place, the legend goes below the axes, until the plot has another size. For
/// QCustomPlot::afterLayout.
void keepLegendClear(QCustomPlot& plot);

/// Back into the axes, from wherever it is. Before a plot is drawn anew.
void putLegendInside(QCustomPlot& plot);
/// Whether some place within the axes covers nothing that the plot shows.
bool hasRoomForLegend(QCustomPlot& plot);
void putLegendBelow(QCustomPlot& plot);

} // namespace rankscope::ui
