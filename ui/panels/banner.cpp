// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/banner.h"

#include <algorithm>

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QTimer>
#include <QToolButton>

#include "ui/icons.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {
constexpr int kNoteMs = 12000;

QString markOf(Banner::Kind kind) {
  switch (kind) {
  case Banner::Kind::Note:
    return QStringLiteral("ℹ");
  case Banner::Kind::Success:
    return QStringLiteral("✓");
  case Banner::Kind::Problem:
    return QStringLiteral("⚠");
  case Banner::Kind::Waiting:
    return QStringLiteral("…");
  }
  return {};
}

} // namespace

Banner::Banner(QWidget* parent)
    : QFrame(parent), m_mark(new QLabel(this)), m_text(new QLabel(this)), m_action(new QPushButton(this)),
      m_close(new QToolButton(this)), m_timer(new QTimer(this)) {
  setObjectName(QStringLiteral("banner"));
  setAutoFillBackground(true);
  setFrameShape(QFrame::NoFrame);
  m_text->setObjectName(QStringLiteral("bannerText"));
  m_text->setWordWrap(true);
  m_text->setTextFormat(Qt::PlainText);
  m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_close->setIcon(icon("cancel"));
  m_close->setAutoRaise(true);
  m_close->setToolTip(tr("Dismiss"));
  m_close->setAccessibleName(tr("Dismiss message"));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(12, 6, 6, 6);
  row->setSpacing(8);
  row->addWidget(m_mark);
  row->addWidget(m_text, 1);
  row->addWidget(m_action);
  row->addWidget(m_close);
  m_timer->setSingleShot(true);
  connect(m_timer, &QTimer::timeout, this, &QWidget::hide);
  connect(m_close, &QToolButton::clicked, this, &QWidget::hide);
  connect(m_action, &QPushButton::clicked, this, [this] {
    hide();
    if (m_act) m_act();
  });
  m_action->hide();
  if (parent) parent->installEventFilter(this);
  hide();
}

void Banner::show(Kind kind, const QString& what, const QString& advice, const QString& action,
                  std::function<void()> act) {
  m_kind = kind;
  m_mark->setText(markOf(kind));
  m_text->setText(advice.isEmpty() ? what : what + QStringLiteral("\n") + advice);
  m_text->setAccessibleName(kind == Kind::Problem ? tr("Problem: %1").arg(what) : what);
  m_action->setText(action);
  m_action->setVisible(!action.isEmpty());
  m_act = std::move(act);
  restyle();
  setVisible(true);
  place();
  raise();
  if (isPassing())
    m_timer->start(kNoteMs);
  else
    m_timer->stop();
}

void Banner::endWaiting() {
  if (m_kind == Kind::Waiting) hide();
}

QString Banner::text() const {
  return isHidden() ? QString() : m_text->text();
}

void Banner::changeEvent(QEvent* event) {
  QFrame::changeEvent(event);
  if (event->type() == QEvent::ParentChange && parent()) parent()->installEventFilter(this);
  // Setting a palette sends this event again.
  if (event->type() == QEvent::PaletteChange && !testAttribute(Qt::WA_SetPalette)) restyle();
}

bool Banner::eventFilter(QObject* object, QEvent* event) {
  if (object == parent() && event->type() == QEvent::Resize && !isHidden()) place();
  return QFrame::eventFilter(object, event);
}

void Banner::place() {
  if (!parentWidget()) return;
  const QRect room = parentWidget()->rect();
  layout()->activate();
  const int height = std::max(minimumSizeHint().height(), layout()->totalHeightForWidth(room.width()));
  setGeometry(room.left(), room.bottom() + 1 - height, room.width(), height);
}

/// A line that parts it from what it lies over.
void Banner::paintEvent(QPaintEvent* event) {
  QFrame::paintEvent(event);
  QPainter painter(this);
  painter.setPen(themeFor(palette()).palette.color(QPalette::Mid));
  painter.drawLine(rect().topLeft(), rect().topRight());
}

void Banner::restyle() {
  const Theme& theme = themeFor(parentWidget() ? parentWidget()->palette() : palette());
  QPalette own = theme.palette;
  own.setColor(QPalette::Window, m_kind == Kind::Problem   ? theme.problem
                                 : m_kind == Kind::Success ? theme.success
                                                           : theme.note);
  setPalette(own);
}

} // namespace rankscope::ui
