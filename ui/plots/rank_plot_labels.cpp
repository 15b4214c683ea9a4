// SPDX-License-Identifier: GPL-3.0-or-later
// Where a RankPlot puts its words: beside marks, in the legend, along the reference curve, none over another.
#include <algorithm>
#include <array>
#include <cmath>

#include <qcustomplot.h>

#include "ui/plots/label_places.h"
#include "ui/plots/legend_place.h"
#include "ui/plots/plot_files.h"
#include "ui/plots/rank_plot.h"

namespace rankscope::ui {

namespace {

constexpr double kEmptyShare = 0.8;   ///< of the plot, for the words in an empty one
constexpr double kMostOfWidth = 0.55; ///< that a legend may take
constexpr double kMostOfHeight = 0.6;
constexpr int kLegendFrame = 14; ///< margins of the legend and of the inset, both sides
constexpr double kSpot = 6;      ///< side of the square around a point of a curve that words keep clear of
constexpr std::array kPlacesAlong{0.6, 0.45, 0.75, 0.3, 0.88, 0.15};

QSizeF sizeOf(const QCPItemText& text) {
  return {text.right->pixelPosition().x() - text.left->pixelPosition().x(),
          text.bottom->pixelPosition().y() - text.top->pixelPosition().y()};
}

void put(QCPItemText& text, const QRectF& place) {
  text.position->setPixelPosition(place.topLeft());
}

QRectF rectOf(const QCPItemText& text) {
  return {text.topLeft->pixelPosition(), sizeOf(text)};
}

} // namespace

/// Several layers get a legend, with as many names as it has room for and the number of the others.
void RankPlot::fillLegend() {
  const auto real = std::count_if(m_series.begin(), m_series.end(), [](const Series& one) { return !one.reference; });
  m_plot->legend->setVisible(real > 1);
  dropMore();
  if (real <= 1) return;
  const QFontMetrics metrics(font());
  const QSize room = m_plot->size().shrunkBy(m_plot->axisRect()->margins());
  const int rows = std::max(2, static_cast<int>(kMostOfHeight * room.height()) / (metrics.height() + 2));
  const int width = static_cast<int>(kMostOfWidth * room.width()) - 18 - kLegendFrame;
  const int all = m_plot->graphCount();
  const int named = all <= rows ? all : rows - 1;
  for (int i = 0; i < all; ++i) {
    QCPGraph* graph = m_plot->graph(i);
    const QString& name = m_series[static_cast<std::size_t>(i)].name;
    graph->setName(metrics.elidedText(name, Qt::ElideMiddle, width));
    graph->setProperty(kFullName, name);
    if (i < named)
      graph->addToLegend();
    else
      graph->removeFromLegend();
  }
  if (named == all) return;
  m_more = new QCPTextElement(m_plot, tr("and %n more", nullptr, all - named), font());
  m_more->setTextColor(palette().color(QPalette::Text));
  m_more->setLayer(m_plot->legend->layer()); // else the legend's paper lies above it
  m_plot->legend->addElement(named, 0, m_more);
}

void RankPlot::dropMore() {
  if (!m_more) return;
  m_plot->legend->remove(m_more);
  m_plot->legend->simplify();
  m_more = nullptr;
}

/// A text item draws lines as they are given.
void RankPlot::wrapEmptyText() {
  m_empty->setText(wrapped(m_emptyText, static_cast<int>(kEmptyShare * m_plot->width()), QFontMetrics(font())));
}

void RankPlot::resizeEvent(QResizeEvent* event) {
  QFrame::resizeEvent(event);
  wrapEmptyText();
  fillLegend();
  m_plot->replot(QCustomPlot::rpQueuedReplot);
}

std::vector<QRectF> RankPlot::labelRects() const {
  std::vector<QRectF> rects;
  for (const QCPItemText* text : m_markTexts) rects.push_back(rectOf(*text));
  if (m_plot->legend->visible()) rects.emplace_back(m_plot->legend->outerRect());
  if (m_referenceLabel->visible()) rects.push_back(rectOf(*m_referenceLabel));
  return rects;
}

std::vector<QRectF> RankPlot::curveSpots() const {
  const QRectF room = m_plot->axisRect()->rect();
  std::vector<QRectF> spots;
  std::vector<QPointF> points;
  for (const Series& one : m_series) {
    points.clear();
    for (std::size_t i = 0; i < one.curve.x.size(); ++i)
      points.emplace_back(m_plot->xAxis->coordToPixel(one.curve.x[i]), m_plot->yAxis->coordToPixel(one.curve.y[i]));
    const std::vector<QRectF> along = spotsAlong(points, kSpot, room);
    spots.insert(spots.end(), along.begin(), along.end());
  }
  return spots;
}

/// Before every painting, once the axes have their place.
void RankPlot::layLabels() {
  const std::vector<QRectF> spots = curveSpots();
  std::vector<QRectF> taken;
  placeMarks(taken, spots);
  placeLegend(taken, spots);
  placeReferenceLabel(taken, spots);
  placeCursor();
}

/// A word stands at an end of its line, or further inside where both are taken; among many curves, where the legend
/// needs what room there is, at an end whatever it covers: it has paper behind it.
void RankPlot::placeMarks(std::vector<QRectF>& taken, const std::vector<QRectF>& spots) {
  const QRectF room = m_plot->axisRect()->rect();
  const bool crowded = m_plot->legend->visible();
  const std::vector<double> ends{0.0, 1.0}, along{0.0, 1.0, 0.2, 0.3, 0.4, 0.5, 0.6};
  for (std::size_t i = 0; i < m_marks.size(); ++i) {
    const Mark& mark = m_marks[i];
    QCPItemText& text = *m_markTexts[i];
    const QSizeF size = sizeOf(text);
    std::vector<QRectF> places;
    if (mark.vertical) {
      const double x = m_plot->xAxis->coordToPixel(mark.at);
      for (const double y : {room.bottom() - size.height() - 2, room.top() + 2})
        for (const double left : {x + 2, x - 2 - size.width()}) places.emplace_back(QPointF(left, y), size);
    } else {
      const double y = m_plot->yAxis->coordToPixel(mark.at);
      const double above = y - size.height() - 1, below = y + 1;
      const double left = room.left() + 3, right = room.right() - size.width() - 3;
      for (const double share : crowded ? ends : along)
        for (const double top : {mark.below ? below : above, mark.below ? above : below})
          places.emplace_back(QPointF(std::lerp(mark.left ? left : right, mark.left ? right : left, share), top), size);
    }
    put(text, freePlace(places, taken, room, crowded ? std::vector<QRectF>() : spots));
    taken.push_back(rectOf(text));
  }
}

void RankPlot::placeLegend(std::vector<QRectF>& taken, const std::vector<QRectF>& spots) {
  if (!m_plot->legend->visible()) return;
  ui::placeLegend(*m_plot, m_legendCorner, taken, spots);
  taken.emplace_back(m_plot->legend->outerRect());
}

/// Without a legend, the reference curve carries its name itself.
void RankPlot::placeReferenceLabel(const std::vector<QRectF>& taken, const std::vector<QRectF>& spots) {
  const auto found = std::find_if(m_series.begin(), m_series.end(),
                                  [](const Series& one) { return one.reference && one.curve.x.size() > 4; });
  m_referenceLabel->setVisible(!m_plot->legend->visible() && found != m_series.end());
  if (!m_referenceLabel->visible()) return;
  m_referenceLabel->setText(found->name);
  const QSizeF size = sizeOf(*m_referenceLabel);
  std::vector<QRectF> places;
  for (const double share : kPlacesAlong) {
    const auto at = static_cast<std::size_t>(share * static_cast<double>(found->curve.x.size() - 1));
    const QPointF point(m_plot->xAxis->coordToPixel(found->curve.x[at]),
                        m_plot->yAxis->coordToPixel(found->curve.y[at]));
    const std::vector<QRectF> beside = placesBeside(point, size, 4);
    places.insert(places.end(), beside.begin(), beside.end());
  }
  put(*m_referenceLabel, freePlace(places, taken, m_plot->axisRect()->rect(), spots));
}

} // namespace rankscope::ui
