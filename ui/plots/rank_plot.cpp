// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/rank_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <qcustomplot.h>

#include <QLocale>
#include <QMouseEvent>
#include <QRubberBand>
#include <QVBoxLayout>

#include "ui/document/words.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {

constexpr int kGrabPixels = 7;
constexpr int kMarginTop = 10;
constexpr int kMarginRight = 12;
constexpr int kMarginBottom = 40;
constexpr int kMarginLeft = 76;

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
  m_plot->axisRect()->insetLayout()->setInsetAlignment(0, Qt::AlignTop | Qt::AlignRight);

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
  m_referenceLabel = new QCPItemText(m_plot);
  m_referenceLabel->setVisible(false);
  m_referenceLabel->setPadding({4, 3, 4, 3});
  m_empty = new QCPItemText(m_plot);
  m_empty->position->setType(QCPItemPosition::ptAxisRectRatio);
  m_empty->position->setCoords(0.5, 0.5);
  m_empty->setTextAlignment(Qt::AlignCenter);
  m_empty->setVisible(false);
  restyle();
}

RankPlot::~RankPlot() = default;

void RankPlot::setLegendCorner(Qt::Alignment corner) {
  m_plot->axisRect()->insetLayout()->setInsetAlignment(0, corner);
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
  m_cursor->setPen(QPen(theme.cursor, 2));
  m_cursorLabel->setColor(palette().color(QPalette::Base));
  m_cursorLabel->setBrush(theme.cursor);
  QFont bold = font();
  bold.setBold(true);
  m_cursorLabel->setFont(bold);
  m_empty->setColor(palette().color(QPalette::PlaceholderText));
  m_empty->setFont(font());
  m_referenceLabel->setColor(theme.reference);
  m_referenceLabel->setFont(font());
  std::size_t colour = 0;
  for (int i = 0; i < m_plot->graphCount(); ++i) {
    const Series& series = m_series[static_cast<std::size_t>(i)];
    if (series.reference) {
      m_plot->graph(i)->setPen(QPen(theme.reference, 1, Qt::DashLine));
    } else {
      m_plot->graph(i)->setPen(QPen(theme.series[colour++ % theme.series.size()], i == 0 ? 2.0 : 1.6));
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
  const auto real = std::count_if(m_series.begin(), m_series.end(), [](const Series& one) { return !one.reference; });
  m_plot->legend->setVisible(real > 1);
  for (const Mark& mark : m_marks) {
    auto* line = new QCPItemStraightLine(m_plot);
    line->point1->setCoords(mark.vertical ? mark.at : 0, mark.vertical ? 1e-30 : mark.at);
    line->point2->setCoords(mark.vertical ? mark.at : 1, mark.vertical ? 1 : mark.at);
    line->point1->setType(mark.vertical ? QCPItemPosition::ptPlotCoords : QCPItemPosition::ptPlotCoords);
    auto* text = new QCPItemText(m_plot);
    text->setText(mark.text);
    text->setPadding({2, 0, 2, 0});
    if (mark.vertical) {
      text->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
      text->position->setCoords(mark.at, 0.99);
      text->setPositionAlignment(Qt::AlignLeft | Qt::AlignBottom);
    } else {
      text->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
      text->position->setCoords(mark.left ? 0.005 : 0.995, mark.at);
      text->setPositionAlignment((mark.left ? Qt::AlignLeft : Qt::AlignRight) |
                                 (mark.below ? Qt::AlignTop : Qt::AlignBottom));
    }
    m_markLines.push_back(line);
    m_markTexts.push_back(text);
  }
  m_empty->setVisible(m_series.empty() && !m_empty->text().isEmpty());
  m_fullX = x;
  m_fullY = y;
  if (!keepView || !m_zoomed) resetView();
  labelReference(real > 1);
  restyle();
  placeCursor();
}

/// Without a legend, the reference curve carries its name itself, at three fifths of its length or where the name still
/// fits before the right edge.
void RankPlot::labelReference(bool legend) {
  const auto found = std::find_if(m_series.begin(), m_series.end(),
                                  [](const Series& one) { return one.reference && one.curve.x.size() > 4; });
  m_referenceLabel->setVisible(!legend && found != m_series.end());
  if (!m_referenceLabel->visible()) return;
  m_referenceLabel->setText(found->name);
  const double room = m_plot->axisRect()->right() - QFontMetrics(font()).horizontalAdvance(found->name) - 12;
  std::size_t at = found->curve.x.size() * 3 / 5;
  while (at > 1 && m_plot->xAxis->coordToPixel(found->curve.x[at]) > room) --at;
  m_referenceLabel->position->setCoords(found->curve.x[at], found->curve.y[at]);
  const bool falling = found->curve.y.front() > found->curve.y.back();
  m_referenceLabel->setPositionAlignment(Qt::AlignLeft | (falling ? Qt::AlignBottom : Qt::AlignTop));
}

void RankPlot::resizeEvent(QResizeEvent* event) {
  QFrame::resizeEvent(event);
  labelReference(m_plot->legend->visible());
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
  const bool right = m_plot->xAxis->coordToPixel(x) > m_plot->axisRect()->center().x();
  m_cursorLabel->setPositionAlignment((right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignTop);
  m_cursorLabel->position->setCoords(x, m_labelAt);
}

void RankPlot::setEmptyText(const QString& text) {
  m_empty->setText(text);
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

bool RankPlot::nearCursor(const QPoint& at) const {
  return m_rank && std::abs(m_plot->xAxis->coordToPixel(static_cast<double>(*m_rank)) - at.x()) <= kGrabPixels;
}

bool RankPlot::eventFilter(QObject* object, QEvent* event) {
  if (object != m_plot) return QFrame::eventFilter(object, event);
  switch (event->type()) {
  case QEvent::MouseButtonPress:
    return press(*static_cast<QMouseEvent*>(event));
  case QEvent::MouseMove:
    return move(*static_cast<QMouseEvent*>(event));
  case QEvent::MouseButtonRelease:
    return release(*static_cast<QMouseEvent*>(event));
  case QEvent::MouseButtonDblClick: {
    const auto& mouse = *static_cast<QMouseEvent*>(event);
    if (mouse.button() != Qt::LeftButton || m_series.empty()) return true;
    emit rankGrabbed();
    emit rankDragged(rankAt(m_plot->xAxis->pixelToCoord(mouse.position().x()), m_fullRank, m_step));
    emit rankReleased();
    return true;
  }
  case QEvent::Wheel: {
    const auto& wheel = *static_cast<QWheelEvent*>(event);
    const double turns = (wheel.angleDelta().y() + wheel.angleDelta().x()) / 120.0;
    const double factor = std::pow(0.85, turns);
    if (wheel.modifiers() & Qt::ShiftModifier) {
      m_plot->yAxis->scaleRange(factor, m_plot->yAxis->pixelToCoord(wheel.position().y()));
    } else {
      m_plot->xAxis->scaleRange(factor, m_plot->xAxis->pixelToCoord(wheel.position().x()));
    }
    m_zoomed = true;
    placeCursor();
    m_plot->replot(QCustomPlot::rpQueuedReplot);
    emit viewChanged();
    return true;
  }
  case QEvent::KeyPress:
    return key(*static_cast<QKeyEvent*>(event));
  case QEvent::Leave:
    emit hovered(std::numeric_limits<double>::quiet_NaN(), 0);
    return false;
  default:
    return QFrame::eventFilter(object, event);
  }
}

bool RankPlot::press(const QMouseEvent& event) {
  m_plot->setFocus(Qt::MouseFocusReason);
  m_pressed = m_last = event.pos();
  if (m_series.empty()) return true;
  if (event.button() == Qt::RightButton) {
    m_gesture = Gesture::Box;
    return true;
  }
  if (event.button() != Qt::LeftButton) return true;
  if (nearCursor(event.pos()) || m_clickSets) {
    m_gesture = Gesture::Cursor;
    emit rankGrabbed();
    if (!nearCursor(event.pos())) {
      emit rankDragged(rankAt(m_plot->xAxis->pixelToCoord(event.pos().x()), m_fullRank, m_step));
    }
  } else {
    m_gesture = Gesture::Pan;
    m_plot->setCursor(Qt::ClosedHandCursor);
  }
  return true;
}

bool RankPlot::move(const QMouseEvent& event) {
  const double x = m_plot->xAxis->pixelToCoord(event.pos().x());
  switch (m_gesture) {
  case Gesture::Cursor:
    emit rankDragged(rankAt(x, m_fullRank, m_step));
    break;
  case Gesture::Pan: {
    for (QCPAxis* axis : {m_plot->xAxis, m_plot->yAxis}) {
      const bool horizontal = axis->orientation() == Qt::Horizontal;
      const double from = axis->pixelToCoord(horizontal ? m_last.x() : m_last.y());
      const double to = axis->pixelToCoord(horizontal ? event.pos().x() : event.pos().y());
      if (axis->scaleType() == QCPAxis::stLogarithmic) {
        axis->setRange(axis->range() * (from / to));
      } else {
        axis->moveRange(from - to);
      }
    }
    m_zoomed = true;
    placeCursor();
    m_plot->replot(QCustomPlot::rpQueuedReplot);
    emit viewChanged();
    break;
  }
  case Gesture::Box:
    if (!m_band && (event.pos() - m_pressed).manhattanLength() > 4) {
      m_band = new QRubberBand(QRubberBand::Rectangle, m_plot);
      m_band->show();
    }
    if (m_band) m_band->setGeometry(QRect(m_pressed, event.pos()).normalized());
    break;
  case Gesture::None:
    m_plot->setCursor(nearCursor(event.pos()) ? Qt::SplitHCursor : Qt::ArrowCursor);
    break;
  }
  m_last = event.pos();
  const bool inside = m_plot->axisRect()->rect().contains(event.pos()) && !m_series.empty();
  emit hovered(inside ? x : std::numeric_limits<double>::quiet_NaN(), m_plot->yAxis->pixelToCoord(event.pos().y()));
  return true;
}

bool RankPlot::release(const QMouseEvent& event) {
  const Gesture gesture = std::exchange(m_gesture, Gesture::None);
  m_plot->setCursor(Qt::ArrowCursor);
  if (gesture == Gesture::Cursor) emit rankReleased();
  if (gesture == Gesture::Box) {
    if (m_band) {
      zoomToBox(m_band->geometry());
      delete std::exchange(m_band, nullptr);
    } else {
      emit customContextMenuRequested(event.pos());
    }
  }
  return true;
}

void RankPlot::zoomToBox(const QRect& box) {
  if (box.width() < 5 || box.height() < 5) return;
  m_plot->xAxis->setRange(m_plot->xAxis->pixelToCoord(box.left()), m_plot->xAxis->pixelToCoord(box.right()));
  m_plot->yAxis->setRange(m_plot->yAxis->pixelToCoord(box.bottom()), m_plot->yAxis->pixelToCoord(box.top()));
  m_zoomed = true;
  placeCursor();
  m_plot->replot(QCustomPlot::rpQueuedReplot);
  emit viewChanged();
}

bool RankPlot::key(const QKeyEvent& event) {
  qint64 step = m_step;
  if (event.modifiers() & Qt::ShiftModifier) step = 16;
  if (event.modifiers() & Qt::ControlModifier) step = 128;
  switch (event.key()) {
  case Qt::Key_Left:
    emit rankStepped(-step);
    return true;
  case Qt::Key_Right:
    emit rankStepped(step);
    return true;
  case Qt::Key_Home:
    resetView();
    return true;
  default:
    return false;
  }
}

} // namespace rankscope::ui
