// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/refresher.h"

#include <QEvent>
#include <QTimer>
#include <QWidget>

namespace rankscope::ui {

Refresher::Refresher(QWidget& widget, std::function<void()> refresh, int milliseconds)
    : QObject(&widget), m_widget(widget), m_refresh(std::move(refresh)), m_timer(new QTimer(this)) {
  m_timer->setSingleShot(true);
  m_timer->setInterval(milliseconds);
  connect(m_timer, &QTimer::timeout, this, &Refresher::refreshNow);
  widget.installEventFilter(this);
}

void Refresher::request() {
  m_due = true;
  if (m_widget.isVisible() && !m_timer->isActive()) m_timer->start();
}

void Refresher::refreshNow() {
  if (!m_due || !m_widget.isVisible()) return;
  m_due = false;
  m_refresh();
}

bool Refresher::eventFilter(QObject* object, QEvent* event) {
  if (event->type() == QEvent::Show && m_due)
    QMetaObject::invokeMethod(this, &Refresher::refreshNow, Qt::QueuedConnection);
  return QObject::eventFilter(object, event);
}

} // namespace rankscope::ui
