// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/legend_place.h"

#include <algorithm>

#include <qcustomplot.h>

#include "ui/plots/label_places.h"

namespace rankscope::ui {

namespace {

constexpr double kSpot = 6;                       ///< side of the squares along a curve
constexpr double kMostOfHeight = 0.3;             ///< of the plot's, that a legend below may take
constexpr const char* kBelowAt = "legendBelowAt"; ///< size of the plot for which there was no room inside

void append(std::vector<QRectF>& to, const std::vector<QRectF>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

bool isBelow(const QCustomPlot& plot) {
  return plot.legend->layout() == plot.plotLayout();
}

std::vector<QPointF> pixelsOf(const QCPGraph& graph) {
  std::vector<QPointF> pixels;
  for (const QCPGraphData& point : *graph.data()) pixels.push_back(graph.coordsToPixels(point.key, point.value));
  return pixels;
}

/// Names side by side that the plot is wide enough for.
int columnsBelow(const QCustomPlot& plot) {
  return std::max(1, plot.width() / std::max(1, plot.legend->minimumOuterSizeHint().width()));
}

/// What a legend must not cover, in pixels.
struct Shown {
  std::vector<QRectF> words;
  std::vector<QRectF> spots;
};

Shown shownBy(const QCustomPlot& plot) {
  const QRectF room = plot.axisRect()->insetLayout()->rect();
  Shown shown;
  for (int i = 0; i < plot.graphCount(); ++i) {
    const QCPGraph& graph = *plot.graph(i);
    const std::vector<QPointF> pixels = pixelsOf(graph);
    if (graph.lineStyle() != QCPGraph::lsNone) append(shown.spots, spotsAlong(pixels, kSpot, room));
    if (const double size = graph.scatterStyle().size(); !graph.scatterStyle().isNone())
      for (const QPointF& at : pixels)
        if (room.contains(at)) shown.words.emplace_back(at.x() - size / 2, at.y() - size / 2, size, size);
  }
  for (int i = 0; i < plot.itemCount(); ++i)
    if (const auto* text = qobject_cast<QCPItemText*>(plot.item(i)))
      shown.words.emplace_back(text->topLeft->pixelPosition(), text->bottomRight->pixelPosition());
  return shown;
}

} // namespace

void placeLegend(QCustomPlot& plot, Qt::Alignment first, const std::vector<QRectF>& words,
                 const std::vector<QRectF>& spots) {
  QCPLayoutInset& inset = *plot.axisRect()->insetLayout();
  const QRectF room = inset.rect();
  const QRectF best = freePlace(placesWithin(room, plot.legend->minimumOuterSizeHint(), first), words, room, spots);
  const QPointF from = best.topLeft() - room.topLeft() + QPointF(0.5, 0.5); // cut to whole pixels
  inset.setInsetPlacement(0, QCPLayoutInset::ipFree);
  inset.setInsetRect(0, {from.x() / room.width(), from.y() / room.height(), 0, 0}); // as small as it can be
  inset.update(QCPLayoutElement::upLayout);
}

void keepLegendClear(QCustomPlot& plot) {
  if (!plot.legend->visible()) return;
  if (isBelow(plot)) {
    if (plot.property(kBelowAt).toSize() == plot.size()) return;
    putLegendInside(plot); // it may have room now
    plot.replot(QCustomPlot::rpQueuedReplot);
    return;
  }
  const Shown shown = shownBy(plot);
  placeLegend(plot, plot.axisRect()->insetLayout()->insetAlignment(0), shown.words, shown.spots);
  if (hasRoomForLegend(plot)) return;
  putLegendBelow(plot);
  plot.replot(QCustomPlot::rpQueuedReplot);
}

bool hasRoomForLegend(QCustomPlot& plot) {
  const Shown shown = shownBy(plot);
  const QCPLayoutInset& inset = *plot.axisRect()->insetLayout();
  const QRectF room = inset.rect();
  const QSize size = plot.legend->minimumOuterSizeHint();
  const auto places = placesWithin(room, size, inset.insetAlignment(0));
  const bool fits = isFree(freePlace(places, shown.words, room, shown.spots), shown.words, room, shown.spots);
  const int rows = (plot.legend->itemCount() + columnsBelow(plot) - 1) / columnsBelow(plot);
  const double below = static_cast<double>(size.height()) * rows / std::max(1, plot.legend->itemCount());
  return fits || below > kMostOfHeight * plot.height(); // a plot so small would lose its curves instead
}

void putLegendInside(QCustomPlot& plot) {
  if (!isBelow(plot)) return;
  plot.plotLayout()->take(plot.legend);
  plot.plotLayout()->simplify();
  plot.legend->setFillOrder(QCPLegend::foRowsFirst);
  plot.legend->setWrap(0);
  plot.axisRect()->insetLayout()->addElement(plot.legend, Qt::AlignTop | Qt::AlignRight);
}

void putLegendBelow(QCustomPlot& plot) {
  if (isBelow(plot)) return;
  const int columns = columnsBelow(plot);
  plot.axisRect()->insetLayout()->take(plot.legend);
  plot.axisRect()->insetLayout()->simplify();
  plot.legend->setWrap(columns);
  plot.legend->setFillOrder(QCPLegend::foColumnsFirst);
  plot.plotLayout()->addElement(1, 0, plot.legend);
  plot.plotLayout()->setRowStretchFactor(1, 1e-3); // the axes take all that it does not need
  plot.setProperty(kBelowAt, plot.size());
}

} // namespace rankscope::ui
