// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/banner.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QTimer>
#include <QToolButton>

#include "ui/icons.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {
constexpr int kNoteMs = 12000;
}

Banner::Banner(QWidget* parent)
    : QFrame(parent), m_text(new QLabel(this)), m_action(new QPushButton(this)), m_close(new QToolButton(this)),
      m_timer(new QTimer(this)) {
  setObjectName(QStringLiteral("banner"));
  setAutoFillBackground(true);
  setFrameShape(QFrame::NoFrame);
  m_text->setWordWrap(true);
  m_text->setTextFormat(Qt::PlainText);
  m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_close->setIcon(icon("cancel"));
  m_close->setAutoRaise(true);
  m_close->setToolTip(tr("Dismiss"));
  m_close->setAccessibleName(tr("Dismiss message"));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(12, 6, 6, 6);
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
  hide();
}

void Banner::show(Kind kind, const QString& what, const QString& advice, const QString& action,
                  std::function<void()> act) {
  m_kind = kind;
  m_text->setText(advice.isEmpty() ? what : what + QStringLiteral("\n") + advice);
  m_text->setAccessibleName(kind == Kind::Problem ? tr("Problem: %1").arg(what) : what);
  m_action->setText(action);
  m_action->setVisible(!action.isEmpty());
  m_act = std::move(act);
  restyle();
  setVisible(true);
  if (kind == Kind::Note)
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
  // Setting a palette sends this event again.
  if (event->type() == QEvent::PaletteChange && !testAttribute(Qt::WA_SetPalette)) restyle();
}

void Banner::restyle() {
  const Theme& theme = themeFor(parentWidget() ? parentWidget()->palette() : palette());
  QPalette own = theme.palette;
  own.setColor(QPalette::Window, m_kind == Kind::Problem ? theme.problem : theme.warning);
  setPalette(own);
}

} // namespace rankscope::ui
