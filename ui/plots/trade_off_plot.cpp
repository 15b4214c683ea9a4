// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/trade_off_plot.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <qcustomplot.h>

#include <QCoreApplication>

#include "ui/document/words.h"
#include "ui/plots/label_places.h"
#include "ui/plots/legend_place.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {

constexpr double kMebi = 1024.0 * 1024.0;
constexpr double kLeastKl = 1e-4; ///< less is no loss that anybody could notice; the axis ends there
constexpr double kNearPixels = 9;
constexpr int kSpotsPerLine = 60;

using Kind = TradeOffMark::Kind;

QString tr(const char* text) {
  return QCoreApplication::translate("rankscope::ui", text);
}

QString lineName(TradeOffLine::Kind kind) {
  switch (kind) {
  case TradeOffLine::Kind::Uniform:
    return tr("uniform ranks, predicted");
  case TradeOffLine::Kind::LowRank:
    return tr("best with low rank alone, predicted");
  case TradeOffLine::Kind::Quantised:
    return tr("best quantised with corrections, predicted");
  }
  return {};
}

struct Look {
  QColor colour;
  QCPScatterStyle::ScatterShape shape;
  QString group; ///< in the legend
  bool named;    ///< beside the point, too
};

Look lookOf(Kind kind, const Theme& theme) {
  switch (kind) {
  case Kind::Original:
    return {theme.axis, QCPScatterStyle::ssSquare, {}, true};
  case Kind::Plan:
    return {theme.cursor, QCPScatterStyle::ssCircle, {}, true};
  case Kind::Snapshot:
    return {theme.series[3], QCPScatterStyle::ssTriangle, tr("snapshots"), true};
  case Kind::Evaluated:
    return {theme.series[1], QCPScatterStyle::ssCircle, tr("evaluated plans"), false};
  case Kind::Study:
    return {theme.series[3], QCPScatterStyle::ssTriangleInverted, tr("the study's options"), false};
  case Kind::Advised:
    return {theme.axis, QCPScatterStyle::ssCircle, tr("options of the advice"), false};
  case Kind::Recommended:
    return {theme.series[0], QCPScatterStyle::ssStar, tr("recommended"), true};
  case Kind::Quantised:
    return {theme.series[2], QCPScatterStyle::ssDiamond, tr("integers alone"), true};
  }
  return {};
}

void drawLines(QCustomPlot& plot, const Theme& theme, const TradeOff& tradeOff) {
  for (const TradeOffLine& line : tradeOff.lines) {
    QCPGraph* graph = plot.addGraph();
    graph->setName(lineName(line.kind));
    const auto colour = static_cast<std::size_t>(line.kind);
    graph->setPen(QPen(theme.series[colour % theme.series.size()], 1.8,
                       line.kind == TradeOffLine::Kind::Uniform ? Qt::SolidLine : Qt::DashLine));
    for (std::size_t i = 0; i < line.bytes.size(); ++i) graph->addData(line.bytes[i] / kMebi, line.values[i]);
  }
}

/// One graph for each kind, so that the legend names it once.
void drawMarks(QCustomPlot& plot, const Theme& theme, const TradeOff& tradeOff) {
  for (const bool measured : {false, true}) {
    std::map<Kind, QCPGraph*> graphs;
    for (const TradeOffMark& mark : tradeOff.marks) {
      if (mark.measured != measured) continue;
      const Look look = lookOf(mark.kind, theme);
      QCPGraph*& graph = graphs[mark.kind];
      if (!graph) {
        graph = plot.addGraph();
        graph->setLineStyle(QCPGraph::lsNone);
        graph->setPen(QPen(look.colour, 1.8));
        graph->setScatterStyle(QCPScatterStyle(look.shape, QPen(look.colour, 1.8),
                                               measured ? QBrush(look.colour) : QBrush(Qt::NoBrush),
                                               mark.kind == Kind::Plan ? 10 : 9));
        const QString group = look.group.isEmpty() ? mark.name : look.group;
        graph->setName(measured ? tr("%1, measured").arg(group) : tr("%1, predicted").arg(group));
        // What has its name beside it needs no line in a legend that covers the plot as it is.
        if (mark.kind == Kind::Original || mark.kind == Kind::Plan || mark.kind == Kind::Quantised)
          graph->removeFromLegend();
      }
      graph->addData(static_cast<double>(mark.bytes) / kMebi, mark.value);
      if (mark.kind != Kind::Plan || std::isnan(mark.low)) continue;
      auto* bars = new QCPErrorBars(plot.xAxis, plot.yAxis);
      bars->removeFromLegend();
      bars->setDataPlottable(graph);
      bars->setPen(QPen(look.colour, 1.4));
      bars->addData(mark.value - mark.low, mark.high - mark.value);
    }
  }
}

QPointF pixelOf(const QCustomPlot& plot, double bytes, double value) {
  return {plot.xAxis->coordToPixel(bytes / kMebi), plot.yAxis->coordToPixel(value)};
}

/// Names of single points, the plan's first.
void drawNames(QCustomPlot& plot, const Theme& theme, const TradeOff& tradeOff) {
  const QFontMetricsF metrics(plot.legend->font());
  const QRectF room = plot.axisRect()->rect();
  std::vector<QRectF> taken, spots;
  for (const TradeOffMark& mark : tradeOff.marks) {
    const QPointF at = pixelOf(plot, static_cast<double>(mark.bytes), mark.value);
    taken.emplace_back(at.x() - 5, at.y() - 5, 10, 10);
  }
  for (const TradeOffLine& line : tradeOff.lines) {
    const std::size_t step = std::max<std::size_t>(1, line.bytes.size() / kSpotsPerLine);
    for (std::size_t i = 0; i < line.bytes.size(); i += step) {
      const QPointF at = pixelOf(plot, line.bytes[i], line.values[i]);
      spots.emplace_back(at.x() - 2, at.y() - 2, 4, 4);
    }
  }
  for (auto mark = tradeOff.marks.rbegin(); mark != tradeOff.marks.rend(); ++mark) {
    const Look look = lookOf(mark->kind, theme);
    if (!look.named) continue;
    auto* text = new QCPItemText(&plot);
    text->setText(mark->name);
    text->setColor(look.colour);
    text->setFont(plot.legend->font());
    text->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
    text->position->setType(QCPItemPosition::ptPlotCoords);
    const QSizeF size(metrics.horizontalAdvance(mark->name) + 2, metrics.height());
    const QRectF place = freePlace(placesBeside(pixelOf(plot, static_cast<double>(mark->bytes), mark->value), size, 7),
                                   taken, room, spots);
    text->position->setCoords(plot.xAxis->pixelToCoord(place.x()), plot.yAxis->pixelToCoord(place.y()));
    taken.push_back(place);
  }
}

void scale(QCustomPlot& plot, const TradeOff& tradeOff, ModelQuality quality) {
  double left = 1e300, right = 0, low = 1e300, high = -1e300;
  const auto fit = [&](double bytes, double value) {
    left = std::min(left, bytes / kMebi);
    right = std::max(right, bytes / kMebi);
    low = std::min(low, value);
    high = std::max(high, value);
  };
  for (const TradeOffLine& line : tradeOff.lines)
    for (std::size_t i = 0; i < line.bytes.size(); ++i) fit(line.bytes[i], line.values[i]);
  for (const TradeOffMark& mark : tradeOff.marks) fit(static_cast<double>(mark.bytes), mark.value);
  if (right <= 0) return;
  right = std::max(right, static_cast<double>(tradeOff.original) / kMebi);
  const double air = std::max(0.04 * (right - left), 0.01);
  plot.xAxis->setRange(left - air, right + air);
  const bool kl = quality == ModelQuality::Kl;
  plot.yAxis->setScaleType(kl ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
  plot.yAxis->setTicker(kl ? QSharedPointer<QCPAxisTicker>(new QCPAxisTickerLog)
                           : QSharedPointer<QCPAxisTicker>(new QCPAxisTicker));
  plot.yAxis->setNumberFormat(QStringLiteral("g"));
  plot.yAxis->setNumberPrecision(4);
  if (kl)
    plot.yAxis->setRange(std::max(low, kLeastKl) / 1.6, high * 1.8);
  else
    plot.yAxis->setRange(std::max(-0.02, low - 0.06), std::max(high, 1.0) + 0.04);
}

QString axisName(ModelQuality quality) {
  switch (quality) {
  case ModelQuality::KeptEnergy:
    return tr("mean kept energy of the linears");
  case ModelQuality::Kl:
    return tr("KL of the whole model, nats a token");
  case ModelQuality::OutputCosine:
    return tr("output cosine of the whole model");
  }
  return {};
}

} // namespace

namespace {

/// Names go by pixels: the axes must have their place first.
void layOut(QCustomPlot& plot) {
  for (const auto phase : {QCPLayoutElement::upPreparation, QCPLayoutElement::upMargins, QCPLayoutElement::upLayout})
    plot.plotLayout()->update(phase);
}

} // namespace

void drawTradeOff(QCustomPlot& plot, const Theme& theme, const TradeOff& tradeOff, ModelQuality quality) {
  plot.xAxis->setLabel(tr("size of the whole model, MiB"));
  plot.yAxis->setLabel(axisName(quality));
  scale(plot, tradeOff, quality);
  drawLines(plot, theme, tradeOff);
  drawMarks(plot, theme, tradeOff);
  plot.legend->setVisible(quality != ModelQuality::KeptEnergy && plot.legend->itemCount() > 0);
  plot.axisRect()->insetLayout()->setInsetAlignment(0, quality == ModelQuality::Kl ? Qt::AlignTop | Qt::AlignRight
                                                                                   : Qt::AlignBottom | Qt::AlignRight);
  layOut(plot);
  drawNames(plot, theme, tradeOff);
  if (!plot.legend->visible() || hasRoomForLegend(plot)) return;
  putLegendBelow(plot);
  plot.clearItems();
  layOut(plot);
  drawNames(plot, theme, tradeOff);
}

QString describe(const TradeOffMark& mark, ModelQuality quality) {
  const QString value = quality == ModelQuality::Kl ? words::nats(mark.value) : words::cosine(mark.value);
  QString text = QStringLiteral("%1\n%2\n%3 %4").arg(mark.name, words::bytes(mark.bytes), axisName(quality), value);
  if (!std::isnan(mark.low))
    text += QStringLiteral(" (%1–%2)").arg(words::real(mark.low, 3), words::real(mark.high, 3));
  return text + QLatin1Char('\n') + (mark.measured ? tr("measured") : tr("predicted"));
}

const TradeOffMark* markAt(const QCustomPlot& plot, const TradeOff& tradeOff, const QPointF& at) {
  const TradeOffMark* nearest = nullptr;
  double least = kNearPixels;
  for (const TradeOffMark& mark : tradeOff.marks) {
    const QPointF there = pixelOf(plot, static_cast<double>(mark.bytes), mark.value);
    const double distance = std::hypot(there.x() - at.x(), there.y() - at.y());
    if (distance > least) continue;
    least = distance;
    nearest = &mark;
  }
  return nearest;
}

} // namespace rankscope::ui
