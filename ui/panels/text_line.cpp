// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/text_line.h"

#include <cmath>

#include <QAccessible>
#include <QEvent>
#include <QPainter>
#include <QTextDocumentFragment>
#include <QTextOption>

namespace rankscope::ui {

namespace {
constexpr int kSpare = 12;     ///< pixels, so that a digit more needs no layout
constexpr int kMostSpare = 80; ///< more than that is given back
} // namespace

TextLine::TextLine(Qt::TextFormat format, QWidget* parent) : QWidget(parent) {
  m_text.setTextFormat(format);
  QTextOption oneLine;
  oneLine.setWrapMode(QTextOption::NoWrap);
  m_text.setTextOption(oneLine);
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void TextLine::setText(const QString& text) {
  if (text == m_text.text()) return;
  m_text.setText(text);
  fit();
  update();
  if (QAccessible::isActive()) setAccessibleDescription(QTextDocumentFragment::fromHtml(text).toPlainText());
}

void TextLine::fit() {
  m_text.prepare({}, font());
  const int wanted = static_cast<int>(std::ceil(m_text.size().width()));
  if (wanted <= m_width && m_width - wanted <= kMostSpare) return;
  m_width = wanted == 0 ? 0 : wanted + kSpare;
  if (sizePolicy().horizontalPolicy() != QSizePolicy::Ignored) updateGeometry();
}

QSize TextLine::sizeHint() const {
  return {m_width, fontMetrics().height() + 2};
}

QSize TextLine::minimumSizeHint() const {
  return {0, sizeHint().height()};
}

void TextLine::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setPen(palette().color(foregroundRole()));
  painter.drawStaticText(QPointF(0, (height() - m_text.size().height()) / 2), m_text);
}

void TextLine::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::FontChange) fit();
}

} // namespace rankscope::ui
