// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/evaluation_plots.h"

#include <algorithm>
#include <cmath>

#include <qcustomplot.h>

#include <QCoreApplication>

#include "ui/document/words.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("rankscope::ui", text);
}

QVector<double> vectorOf(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

QCPGraph* addGraph(QCustomPlot& plot, const Curve& curve, const QString& name, const QPen& pen) {
  QCPGraph* graph = plot.addGraph();
  graph->setName(name);
  graph->setPen(pen);
  graph->setData(vectorOf(curve.x), vectorOf(curve.y), true);
  return graph;
}

void linearScale(QCPAxis& axis) {
  axis.setScaleType(QCPAxis::stLinear);
  axis.setTicker(QSharedPointer<QCPAxisTicker>::create());
  axis.setNumberFormat(QStringLiteral("gb"));
  axis.setNumberPrecision(4);
}

void logScale(QCPAxis& axis) {
  axis.setScaleType(QCPAxis::stLogarithmic);
  axis.setTicker(QSharedPointer<QCPAxisTickerLog>::create());
  axis.setNumberFormat(QStringLiteral("g"));
  axis.setNumberPrecision(4);
}

/// Whole numbers as ticks: blocks, layers.
void countScale(QCPAxis& axis) {
  linearScale(axis);
  auto ticker = QSharedPointer<QCPAxisTickerFixed>::create();
  ticker->setTickStep(1);
  ticker->setScaleStrategy(QCPAxisTickerFixed::ssMultiples);
  axis.setTicker(ticker);
}

QPen dashed(const QColor& colour) {
  return {colour, 1.3, Qt::DashLine};
}

void showLegend(QCustomPlot& plot, Qt::Alignment corner) {
  plot.legend->setVisible(true);
  plot.axisRect()->insetLayout()->setInsetAlignment(0, corner);
}

/// Says what a line is, to the right of its end.
void label(QCustomPlot& plot, const Curve& curve, const QString& text, const QColor& colour) {
  if (curve.x.empty()) return;
  auto* item = new QCPItemText(&plot);
  item->setText(text);
  item->setColor(colour);
  item->setFont(plot.legend->font());
  item->setPadding({4, 2, 4, 2});
  item->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  item->position->setCoords(curve.x.back(), curve.y.back());
}

/// A vertical line with a word beside it.
void mark(QCustomPlot& plot, double x, const QString& text, const QColor& colour, double height,
          Qt::AlignmentFlag side = Qt::AlignLeft) {
  auto* line = new QCPItemLine(&plot);
  line->setPen(dashed(colour));
  line->start->setTypeY(QCPItemPosition::ptAxisRectRatio);
  line->end->setTypeY(QCPItemPosition::ptAxisRectRatio);
  line->start->setCoords(x, 0);
  line->end->setCoords(x, 1);
  auto* word = new QCPItemText(&plot);
  word->setText(text);
  word->setColor(colour);
  word->setFont(plot.legend->font());
  word->setPadding({4, 1, 4, 1});
  word->setBrush(plot.legend->brush());
  word->setPositionAlignment(side | Qt::AlignTop);
  word->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
  word->position->setCoords(x, height);
}

} // namespace

void drawErrorByDepth(QCustomPlot& plot, const Theme& theme, const Comparison& comparison, const Comparison* bf16) {
  countScale(*plot.xAxis);
  linearScale(*plot.yAxis);
  plot.xAxis->setLabel(tr("behind block"));
  plot.yAxis->setLabel(tr("relative error of the hidden state"));
  const Curve error = errorByDepth(comparison.blocks);
  QCPGraph* line = addGraph(plot, error, tr("compressed"), QPen(theme.series[0], 2));
  line->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, theme.series[0], theme.series[0], 6));
  double top = 0;
  for (const double y : error.y) top = std::max(top, y);
  if (bf16 && !bf16->blocks.empty()) {
    addGraph(plot, errorByDepth(bf16->blocks), tr("original in bf16"), dashed(theme.reference));
    showLegend(plot, Qt::AlignLeft | Qt::AlignTop);
    top *= 1.2; // room for the legend
  }
  const double last = std::max(1.0, static_cast<double>(comparison.blocks.size()) - 1);
  plot.xAxis->setRange(-0.03 * last, 1.03 * last);
  plot.yAxis->setRange(0, top > 0 ? 1.12 * top : 1);
}

void drawKlHistogram(QCustomPlot& plot, const Theme& theme, const Comparison& comparison) {
  logScale(*plot.xAxis);
  linearScale(*plot.yAxis);
  plot.xAxis->setLabel(tr("KL of a position, nats"));
  plot.yAxis->setLabel(tr("share of positions, %"));
  const std::vector<HistogramBar> bars = klBars(comparison.klHistogram);
  if (bars.empty()) return;
  Curve steps;
  double top = 0;
  for (const HistogramBar& bar : bars) {
    steps.x.push_back(bar.from);
    steps.y.push_back(100 * bar.share);
    top = std::max(top, 100 * bar.share);
  }
  steps.x.push_back(bars.back().to);
  steps.y.push_back(0);
  QCPGraph* graph = addGraph(plot, steps, tr("positions"), QPen(theme.series[0], 1.2));
  graph->setLineStyle(QCPGraph::lsStepLeft);
  QColor fill = theme.series[0];
  fill.setAlpha(90);
  graph->setBrush(fill);
  const double from = bars.front().from, to = bars.back().to;
  const auto within = [&](double x) { return x >= from && x <= to; };
  const KlSummary& kl = comparison.kl;
  double height = 0.02;
  const auto marked = [&](double value, const QString& name, const QColor& colour,
                          Qt::AlignmentFlag side = Qt::AlignLeft) {
    if (!within(value)) return;
    mark(plot, value, name, colour, height, side);
    height += 0.09;
  };
  // The mean is to the right of the median, mostly close by.
  marked(kl.median, tr("median %1").arg(words::nats(kl.median)), theme.reference,
         kl.median < kl.mean ? Qt::AlignRight : Qt::AlignLeft);
  marked(kl.mean, tr("mean %1").arg(words::nats(kl.mean)), theme.cursor);
  marked(kl.p99, tr("99 % %1").arg(words::nats(kl.p99)), theme.reference);
  plot.xAxis->setRange(from, to * 2.2);
  plot.yAxis->setRange(0, 1.18 * top);
}

void drawSweep(QCustomPlot& plot, const Theme& theme, const StudyReport& study) {
  logScale(*plot.xAxis);
  logScale(*plot.yAxis);
  plot.xAxis->setLabel(tr("N layers compressed together"));
  plot.yAxis->setLabel(tr("error of the logits, √(1 − cosine²)"));
  const SweepLines lines = sweepLines(study);
  auto counts = QSharedPointer<QCPAxisTickerText>::create();
  for (const SweepPoint& point : study.sweepMeans) counts->addTick(point.layers, QString::number(point.layers));
  if (!study.sweepMeans.empty()) plot.xAxis->setTicker(counts);
  addGraph(plot, lines.averaging, tr("ε/√N: errors average out"), dashed(theme.series[2]));
  addGraph(plot, lines.constant, tr("ε: no worse than one layer"), dashed(theme.reference));
  addGraph(plot, lines.randomWalk, tr("ε·√N: independent errors add up"), dashed(theme.series[1]));
  QColor faint = theme.series[0];
  faint.setAlpha(110);
  QCPGraph* draws = addGraph(plot, lines.draws, tr("each draw"), QPen(faint, 1));
  draws->setLineStyle(QCPGraph::lsNone);
  draws->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssCircle, faint, 5));
  QCPGraph* means = addGraph(plot, lines.means, tr("measured, mean"), QPen(theme.series[0], 1.2));
  means->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, theme.series[0], theme.series[0], 7));
  means->setLineStyle(QCPGraph::lsNone);
  if (study.errorFit)
    addGraph(plot, lines.fit,
             tr("fit: N^%1 ± %2")
                 .arg(words::real(study.errorFit->exponent, 2), words::real(study.errorFit->standardError, 2)),
             QPen(theme.series[0], 2));
  plot.xAxis->setRange(lines.x.lower, lines.x.upper);
  plot.yAxis->setRange(lines.y.lower, lines.y.upper);
  label(plot, lines.averaging, QStringLiteral("ε/√N"), theme.series[2]);
  label(plot, lines.constant, QStringLiteral("ε"), theme.reference);
  label(plot, lines.randomWalk, QStringLiteral("ε·√N"), theme.series[1]);
}

QString effectName(Effect effect) {
  switch (effect) {
  case Effect::Kl:
    return tr("KL of the layer alone, nats");
  case Effect::Error:
    return tr("logit error of the layer alone");
  case Effect::WeightCosine:
    return tr("cosine of the weights");
  case Effect::OutputCosine:
    return tr("cosine of the layer's outputs");
  }
  return {};
}

void drawEffects(QCustomPlot& plot, const Theme& theme, const std::vector<LayerEffect>& worst,
                 const std::vector<QString>& names, Effect effect) {
  linearScale(*plot.xAxis);
  linearScale(*plot.yAxis);
  plot.xAxis->setLabel(effectName(effect));
  plot.yAxis->setLabel(QString());
  auto ticker = QSharedPointer<QCPAxisTickerText>::create();
  auto* bars = new QCPBars(plot.yAxis, plot.xAxis);
  bars->setName(effectName(effect));
  bars->setWidth(0.72);
  bars->setPen(Qt::NoPen);
  bars->setBrush(theme.series[0]);
  double top = 0, bottom = 1;
  const auto count = static_cast<double>(worst.size());
  for (std::size_t i = 0; i < worst.size(); ++i) {
    const double value = effectOf(worst[i], effect), at = count - static_cast<double>(i);
    bars->addData(at, value);
    ticker->addTick(at, names[i]);
    top = std::max(top, value);
    bottom = std::min(bottom, value);
  }
  plot.yAxis->setTicker(ticker);
  const bool cosine = effect == Effect::WeightCosine || effect == Effect::OutputCosine;
  plot.xAxis->setRange(cosine ? std::max(0.0, std::floor(10 * bottom - 0.5) / 10) : 0, cosine ? 1 : 1.05 * top);
  plot.yAxis->setRange(0.3, count + 0.7);
}

} // namespace rankscope::ui
