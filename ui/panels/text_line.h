// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStaticText>
#include <QWidget>

namespace rankscope::ui {

/// A line of text that changes with every step of a drag. Unlike a label it asks for a new layout of the window only
/// when the text no longer fits, and then takes some room to spare.
class TextLine final : public QWidget {
  Q_OBJECT

 public:
  explicit TextLine(Qt::TextFormat format, QWidget* parent = nullptr);

  void setText(const QString& text);
  QString text() const { return m_text.text(); }
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void fit();

  QStaticText m_text;
  int m_width = 0; ///< asked for
};

} // namespace rankscope::ui
