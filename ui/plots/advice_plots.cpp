// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/advice_plots.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <qcustomplot.h>

#include <QCoreApplication>

#include "ui/document/advice_words.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("rankscope::ui", text);
}

/// Less than this is no loss that anybody could notice; the plot ends there.
constexpr double kLeastKl = 1e-4;

/// A range on a log axis that grows with what is put in.
struct LogRange {
  double lower = 1e300, upper = 0;
  void add(double value) {
    if (!(value > 0) || !std::isfinite(value)) return;
    lower = std::min(lower, value);
    upper = std::max(upper, value);
  }
  QCPRange withAir() const { return upper <= 0 ? QCPRange(0.01, 1) : QCPRange(lower / 1.4, upper * 1.6); }
};

void scale(QCPAxis& axis, bool logarithmic) {
  axis.setScaleType(logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
  if (logarithmic)
    axis.setTicker(QSharedPointer<QCPAxisTickerLog>::create());
  else
    axis.setTicker(QSharedPointer<QCPAxisTicker>::create());
  axis.setNumberFormat(QStringLiteral("g"));
  axis.setNumberPrecision(4);
}

QCPGraph* points(QCustomPlot& plot, const QString& name, const QColor& colour, QCPScatterStyle::ScatterShape shape,
                 double size, bool filled) {
  QCPGraph* graph = plot.addGraph();
  graph->setName(name);
  graph->setLineStyle(QCPGraph::lsNone);
  graph->setPen(QPen(colour, 1.6));
  graph->setScatterStyle(
      QCPScatterStyle(shape, QPen(colour, 1.6), filled ? QBrush(colour) : QBrush(Qt::NoBrush), size));
  return graph;
}

QString curveName(const QString& kind) {
  if (kind == QLatin1String("low rank")) return tr("best with low rank alone, predicted");
  if (kind == QLatin1String("quantised, with corrections")) return tr("best quantised with corrections, predicted");
  return kind;
}

} // namespace

void drawOptions(QCustomPlot& plot, const Theme& theme, const AdviceView& view, std::optional<std::size_t> chosen) {
  scale(*plot.xAxis, false);
  scale(*plot.yAxis, true);
  plot.xAxis->setLabel(tr("kept of the linears' bytes, %"));
  plot.yAxis->setLabel(tr("KL, nats a token"));
  LogRange y;
  double left = 100, right = 0;
  std::map<QString, QCPGraph*> curves;
  for (const AdvicePoint& point : view.frontier) {
    if (!(point.kl > 0)) continue;
    QCPGraph*& curve = curves[point.kind];
    if (!curve) {
      curve = plot.addGraph();
      curve->setName(curveName(point.kind));
      curve->setPen(QPen(theme.series[curves.size() == 1 ? 0 : 2], 1.6));
    }
    curve->addData(100 * point.scopeKept, point.kl);
    y.add(point.kl);
    left = std::min(left, 100 * point.scopeKept);
    right = std::max(right, 100 * point.scopeKept);
  }
  QCPGraph* study =
      points(plot, tr("the study's options, measured"), theme.series[3], QCPScatterStyle::ssTriangle, 9, false);
  QCPGraph* ours = points(plot, tr("ours, measured"), theme.axis, QCPScatterStyle::ssCircle, 8, false);
  QCPGraph* best = points(plot, tr("recommended"), theme.cursor, QCPScatterStyle::ssDisc, 10, true);
  for (std::size_t i = 0; i < view.rows.size(); ++i) {
    const AdviceRow& row = view.rows[i];
    if (!(row.kl > 0)) continue;
    const double x = 100 * row.scopeKept;
    (view.recommended == i ? best : row.group == QLatin1String("study") ? study : ours)->addData(x, row.kl);
    y.add(row.kl);
    left = std::min(left, x);
    right = std::max(right, x);
    if (chosen != i) continue;
    auto* name = new QCPItemText(&plot);
    name->setText(optionName(row.name));
    name->setColor(theme.cursor);
    name->setFont(plot.legend->font());
    name->setPadding({9, 2, 9, 2});
    name->setPositionAlignment((x > (left + right) / 2 ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignBottom);
    name->position->setCoords(x, row.kl);
  }
  const double air = std::max(2.0, 0.05 * (right - left));
  plot.xAxis->setRange(std::max(0.0, left - air), right + air);
  y.lower = std::max(y.lower, kLeastKl);
  plot.yAxis->setRange(y.withAir());
  plot.legend->setVisible(true);
  plot.axisRect()->insetLayout()->setInsetAlignment(0, Qt::AlignRight | Qt::AlignBottom);
}

void drawChecks(QCustomPlot& plot, const Theme& theme, const AdviceView& view) {
  scale(*plot.xAxis, true);
  scale(*plot.yAxis, true);
  plot.xAxis->setLabel(tr("measured KL, nats a token"));
  plot.yAxis->setLabel(tr("predicted KL"));
  LogRange both;
  QCPGraph* graph =
      points(plot, tr("plans that took no part in the fit"), theme.series[0], QCPScatterStyle::ssDisc, 7, true);
  auto* bars = new QCPErrorBars(plot.xAxis, plot.yAxis);
  bars->removeFromLegend();
  bars->setDataPlottable(graph);
  bars->setPen(QPen(theme.series[0], 1));
  for (const AdviceCheck& check : view.checks) {
    if (!(check.measured > 0) || !(check.predicted > 0)) continue;
    graph->addData(check.measured, check.predicted);
    both.add(check.measured);
    both.add(check.predicted);
  }
  // Error bars go by the graph's order, which is by measured KL.
  std::vector<AdviceCheck> sorted = view.checks;
  std::erase_if(sorted, [](const AdviceCheck& c) { return !(c.measured > 0) || !(c.predicted > 0); });
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.measured < b.measured; });
  for (const AdviceCheck& check : sorted) bars->addData(check.predicted - check.low, check.high - check.predicted);
  const QCPRange range = both.withAir();
  QCPGraph* equal = plot.addGraph();
  equal->setName(tr("as predicted"));
  equal->setPen(QPen(theme.reference, 1.2, Qt::DashLine));
  equal->addData(range.lower, range.lower);
  equal->addData(range.upper, range.upper);
  plot.xAxis->setRange(range);
  plot.yAxis->setRange(range);
}

} // namespace rankscope::ui
