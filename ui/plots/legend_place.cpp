// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/legend_place.h"

#include <qcustomplot.h>

#include "ui/plots/label_places.h"

namespace rankscope::ui {

namespace {

constexpr double kSpot = 6; ///< side of the squares along a curve

void append(std::vector<QRectF>& to, const std::vector<QRectF>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

std::vector<QPointF> pixelsOf(const QCPGraph& graph) {
  std::vector<QPointF> pixels;
  for (const QCPGraphData& point : *graph.data()) pixels.push_back(graph.coordsToPixels(point.key, point.value));
  return pixels;
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
  const QRectF room = plot.axisRect()->insetLayout()->rect();
  std::vector<QRectF> words, spots;
  for (int i = 0; i < plot.graphCount(); ++i) {
    const QCPGraph& graph = *plot.graph(i);
    const std::vector<QPointF> pixels = pixelsOf(graph);
    if (graph.lineStyle() != QCPGraph::lsNone) append(spots, spotsAlong(pixels, kSpot, room));
    if (const double size = graph.scatterStyle().size(); !graph.scatterStyle().isNone())
      for (const QPointF& at : pixels)
        if (room.contains(at)) words.emplace_back(at.x() - size / 2, at.y() - size / 2, size, size);
  }
  for (int i = 0; i < plot.itemCount(); ++i)
    if (const auto* text = qobject_cast<QCPItemText*>(plot.item(i)))
      words.emplace_back(text->topLeft->pixelPosition(), text->bottomRight->pixelPosition());
  placeLegend(plot, plot.axisRect()->insetLayout()->insetAlignment(0), words, spots);
}

} // namespace rankscope::ui
