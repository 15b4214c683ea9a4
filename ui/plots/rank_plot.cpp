// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/rank_plot.h"

#include <algorithm>
#include <cmath>

#include <qcustomplot.h>

#include <QVBoxLayout>

#include "ui/theme.h"

namespace rankscope::ui {

namespace {

constexpr int kMarginTop = 10;
constexpr int kMarginRight = 12;
constexpr int kMarginBottom = 40;
constexpr int kMarginLeft = 76;
constexpr std::size_t kCrowd = 32; ///< curves from which on their lines are thin

QVector<double> asVector(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

QSharedPointer<QCPAxisTicker> tickerFor(RankPlot::Scale scale) {
  if (scale == RankPlot::Scale::Linear) return QSharedPointer<QCPAxisTicker>(new QCPAxisTicker);
  return QSharedPointer<QCPAxisTicker>(new QCPAxisTickerLog);
}

void applyScale(QCPAxis* axis, RankPlot::Scale scale) {
  axis->setScaleType(scale == RankPlot::Scale::Log ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
  axis->setTicker(tickerFor(scale));
  axis->setNumberFormat(QStringLiteral("gbc"));
  axis->setNumberPrecision(scale == RankPlot::Scale::Log ? 3 : 6);
}

} // namespace

RankPlot::RankPlot(QWidget* parent) : QFrame(parent), m_plot(new QCustomPlot(this)) {
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->addWidget(m_plot);
  setFocusPolicy(Qt::StrongFocus);
  setFocusProxy(m_plot);
  m_plot->setFocusPolicy(Qt::StrongFocus);
  m_plot->setMouseTracking(true);
  m_plot->installEventFilter(this);
  m_plot->axisRect()->setAutoMargins(QCP::msNone);
  m_plot->axisRect()->setMargins({kMarginLeft, kMarginTop, kMarginRight, kMarginBottom});
  m_plot->xAxis->setLabelPadding(2);
  m_plot->setNoAntialiasingOnDrag(false);
  m_plot->legend->setVisible(false);
  m_plot->setAutoAddPlottableToLegend(false); // a thousand curves have a legend of eight lines
  connect(m_plot, &QCustomPlot::afterLayout, this, &RankPlot::layLabels);

  // A layer of its own with a picture of its own: moving the cursor leaves the curves as they are painted.
  m_plot->addLayer(QStringLiteral("cursor"));
  m_cursorLayer = m_plot->layer(QStringLiteral("cursor"));
  m_cursorLayer->setMode(QCPLayer::lmBuffered);
  m_cursor = new QCPItemStraightLine(m_plot);
  m_cursor->setLayer(m_cursorLayer);
  m_cursor->setVisible(false);
  m_cursorLabel = new QCPItemText(m_plot);
  m_cursorLabel->setLayer(m_cursorLayer);
  m_cursorLabel->setVisible(false);
  m_cursorLabel->position->setTypeX(QCPItemPosition::ptPlotCoords);
  m_cursorLabel->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
  m_cursorLabel->setPadding({4, 1, 4, 1});
  m_cursorLabel->setClipToAxisRect(false);
  m_referenceLabel = new QCPItemText(m_plot);
  m_referenceLabel->setVisible(false);
  m_referenceLabel->setPadding({4, 3, 4, 3});
  m_referenceLabel->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
  m_referenceLabel->position->setType(QCPItemPosition::ptAbsolute);
  m_empty = new QCPItemText(m_plot);
  m_empty->position->setType(QCPItemPosition::ptAxisRectRatio);
  m_empty->position->setCoords(0.5, 0.5);
  m_empty->setTextAlignment(Qt::AlignCenter);
  m_empty->setVisible(false);
  restyle();
}

RankPlot::~RankPlot() = default;

void RankPlot::setLegendCorner(Qt::Alignment corner) {
  m_legendCorner = corner;
}

void RankPlot::setTitles(const QString& yTitle, const QString& xTitle) {
  m_yTitle = yTitle;
  m_xTitle = xTitle;
  m_plot->yAxis->setLabel(yTitle);
  m_plot->xAxis->setLabel(xTitle);
}

void RankPlot::setScales(Scale x, Scale y) {
  applyScale(m_plot->xAxis, x);
  applyScale(m_plot->yAxis, y);
  m_zoomed = false;
  m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void RankPlot::restyle() {
  const Theme& theme = themeFor(palette());
  m_plot->setBackground(palette().color(QPalette::Base));
  const QPen axisPen(theme.axis, 1);
  for (QCPAxis* axis : {m_plot->xAxis, m_plot->yAxis}) {
    axis->setBasePen(axisPen);
    axis->setTickPen(axisPen);
    axis->setSubTickPen(axisPen);
    axis->setTickLabelColor(theme.axis);
    axis->setLabelColor(theme.axis);
    axis->setTickLabelFont(font());
    axis->setLabelFont(font());
    axis->grid()->setPen(QPen(theme.grid, 1));
    axis->grid()->setZeroLinePen(Qt::NoPen);
    axis->grid()->setSubGridVisible(false);
    axis->setTickLength(0, 4);
    axis->setSubTickLength(0, 2);
  }
  QColor paper = palette().color(QPalette::Base);
  paper.setAlpha(225);
  m_plot->legend->setBrush(paper);
  m_plot->legend->setBorderPen(QPen(theme.grid, 1));
  m_plot->legend->setTextColor(palette().color(QPalette::Text));
  m_plot->legend->setFont(font());
  m_plot->legend->setIconSize(18, QFontMetrics(font()).height() + 2); // or underscores are cut off
  m_plot->legend->setRowSpacing(0);
  if (m_more) m_more->setTextColor(palette().color(QPalette::Text));
  m_cursor->setPen(QPen(theme.cursor, 2));
  m_cursorLabel->setColor(palette().color(QPalette::Base));
  m_cursorLabel->setBrush(theme.cursor);
  QFont bold = font();
  bold.setBold(true);
  m_cursorLabel->setFont(bold);
  m_empty->setColor(palette().color(QPalette::PlaceholderText));
  m_empty->setFont(font());
  wrapEmptyText();
  m_referenceLabel->setColor(theme.reference);
  m_referenceLabel->setFont(font());
  std::size_t colour = 0;
  for (int i = 0; i < m_plot->graphCount(); ++i) {
    const Series& series = m_series[static_cast<std::size_t>(i)];
    if (series.reference) {
      m_plot->graph(i)->setPen(QPen(theme.reference, 1, Qt::DashLine));
    } else {
      const double width = i == 0 ? 2.0 : m_series.size() > kCrowd ? 1.0 : 1.6; // thin lines paint much faster
      m_plot->graph(i)->setPen(QPen(theme.series[colour++ % theme.series.size()], width));
    }
  }
  for (std::size_t i = 0; i < m_markLines.size(); ++i) {
    m_markLines[i]->setPen(
        QPen(theme.reference, m_marks[i].strong ? 1.4 : 1, m_marks[i].strong ? Qt::DashLine : Qt::DotLine));
    m_markTexts[i]->setColor(theme.reference);
    m_markTexts[i]->setFont(font());
    m_markTexts[i]->setBrush(paper);
  }
  m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void RankPlot::changeEvent(QEvent* event) {
  QFrame::changeEvent(event);
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) restyle();
}

void RankPlot::show(const std::vector<Series>& series, const std::vector<Mark>& marks, Range x, Range y,
                    bool keepView) {
  m_series = series;
  m_marks = marks;
  dropMore();
  m_plot->clearGraphs();
  for (QCPItemStraightLine* line : m_markLines) m_plot->removeItem(line);
  for (QCPItemText* text : m_markTexts) m_plot->removeItem(text);
  m_markLines.clear();
  m_markTexts.clear();
  for (const Series& one : m_series) {
    QCPGraph* graph = m_plot->addGraph();
    graph->setName(one.name);
    graph->setData(asVector(one.curve.x), asVector(one.curve.y), true);
    graph->setAdaptiveSampling(false);
  }
  if (m_plot->graphCount() > 1) m_plot->graph(0)->setLayer(m_plot->graph(0)->layer()); // above the others
  for (const Mark& mark : m_marks) {
    auto* line = new QCPItemStraightLine(m_plot);
    line->point1->setCoords(mark.vertical ? mark.at : 0, mark.vertical ? 1e-30 : mark.at);
    line->point2->setCoords(mark.vertical ? mark.at : 1, mark.vertical ? 1 : mark.at);
    auto* text = new QCPItemText(m_plot);
    text->setText(mark.text);
    text->setPadding({2, 0, 2, 0});
    text->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
    text->position->setType(QCPItemPosition::ptAbsolute);
    m_markLines.push_back(line);
    m_markTexts.push_back(text);
  }
  fillLegend();
  m_empty->setVisible(m_series.empty() && !m_empty->text().isEmpty());
  m_fullX = x;
  m_fullY = y;
  if (!keepView || !m_zoomed) resetView();
  restyle();
  placeCursor();
}

void RankPlot::resetView() {
  m_zoomed = false;
  m_plot->xAxis->setRange(m_fullX.lower, m_fullX.upper);
  m_plot->yAxis->setRange(m_fullY.lower, m_fullY.upper);
  placeCursor();
  m_plot->replot(QCustomPlot::rpQueuedReplot);
  emit viewChanged();
}

void RankPlot::setCursorRank(std::optional<std::int64_t> rank, const QString& label) {
  if (m_rank == rank && m_cursorLabel->text() == label) return;
  m_rank = rank;
  m_cursorLabel->setText(label);
  placeCursor();
  if (!std::exchange(m_cursorMoved, true))
    QMetaObject::invokeMethod(this, &RankPlot::paintCursor, Qt::QueuedConnection); // once for many moves
}

void RankPlot::paintCursor() {
  m_cursorMoved = false;
  m_cursorLayer->replot();
}

void RankPlot::placeCursor() {
  m_cursor->setVisible(m_rank.has_value());
  m_cursorLabel->setVisible(m_rank.has_value() && !m_cursorLabel->text().isEmpty());
  if (!m_rank) return;
  const double x = static_cast<double>(*m_rank);
  const double y = m_plot->yAxis->range().center();
  m_cursor->point1->setCoords(x, y);
  m_cursor->point2->setCoords(x, y * 1.001 + 1e-30);
  // On the axis, where it covers neither curves nor words; at an end of it inwards.
  const double width = m_cursorLabel->right->pixelPosition().x() - m_cursorLabel->left->pixelPosition().x();
  const double at = m_plot->xAxis->coordToPixel(x);
  const QRect room = m_plot->axisRect()->rect();
  const Qt::Alignment across = at + width / 2 > room.right()  ? Qt::AlignRight
                               : at - width / 2 < room.left() ? Qt::AlignLeft
                                                              : Qt::AlignHCenter;
  m_cursorLabel->setPositionAlignment(across | Qt::AlignTop);
  m_cursorLabel->position->setCoords(x, 1);
}

void RankPlot::setEmptyText(const QString& text) {
  m_emptyText = text;
  wrapEmptyText();
  m_empty->setVisible(m_series.empty() && !text.isEmpty());
  m_plot->replot(QCustomPlot::rpQueuedReplot);
}

QPoint RankPlot::pixelOf(double x, double y) const {
  return QPointF(m_plot->xAxis->coordToPixel(x), m_plot->yAxis->coordToPixel(y)).toPoint();
}

Range RankPlot::viewX() const {
  return {m_plot->xAxis->range().lower, m_plot->xAxis->range().upper};
}

void RankPlot::setViewX(Range range) {
  const QCPRange now = m_plot->xAxis->range();
  if (now.lower == range.lower && now.upper == range.upper) return;
  m_plot->xAxis->setRange(range.lower, range.upper);
  m_zoomed = range.lower != m_fullX.lower || range.upper != m_fullX.upper;
  placeCursor();
  m_plot->replot(QCustomPlot::rpQueuedReplot);
}

} // namespace rankscope::ui
