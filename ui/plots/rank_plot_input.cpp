// SPDX-License-Identifier: GPL-3.0-or-later
// What mouse, wheel and keys do in a RankPlot.
#include <cmath>
#include <limits>
#include <utility>

#include <qcustomplot.h>

#include <QMouseEvent>
#include <QRubberBand>

#include "ui/plots/rank_plot.h"

namespace rankscope::ui {

namespace {
constexpr int kGrabPixels = 7;
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
    m_dragged.reset();
    emit rankGrabbed();
    if (!nearCursor(event.pos())) dragTo(event.pos().x());
  } else {
    m_gesture = Gesture::Pan;
    m_plot->setCursor(Qt::ClosedHandCursor);
  }
  return true;
}

/// The mouse moves by pixels, of which several are one rank.
void RankPlot::dragTo(int x) {
  const std::int64_t rank = rankAt(m_plot->xAxis->pixelToCoord(x), m_fullRank, m_step);
  if (std::exchange(m_dragged, rank) != rank) emit rankDragged(rank);
}

bool RankPlot::move(const QMouseEvent& event) {
  const double x = m_plot->xAxis->pixelToCoord(event.pos().x());
  switch (m_gesture) {
  case Gesture::Cursor:
    dragTo(event.pos().x());
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
