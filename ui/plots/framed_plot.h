// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QWidget>

class QCustomPlot;
class QLabel;
class QStackedLayout;

namespace rankscope::ui {

struct Theme;

/// A plot under a title, with the menu to copy and export it. What it draws comes from a function that is called anew
/// when the theme changes or the view is reset; without one a sentence says what would fill it.
class FramedPlot final : public QWidget {
  Q_OBJECT

 public:
  using Draw = std::function<void(QCustomPlot&, const Theme&)>;

  FramedPlot(const QString& title, const QString& empty, QWidget* parent = nullptr);

  void setTitle(const QString& title, const QString& toolTip = {});
  /// Draws at once; an empty function shows the sentence.
  void setDrawing(Draw draw);
  void setEmptyText(const QString& sentence);
  bool hasDrawing() const { return static_cast<bool>(m_draw); }
  QCustomPlot* canvas() const { return m_plot; }

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void redraw();

  QLabel* m_title;
  QLabel* m_empty;
  QCustomPlot* m_plot;
  QStackedLayout* m_stack;
  Draw m_draw;
};

/// Fonts and colours of the axes as everywhere in the window.
void styleAxes(QCustomPlot& plot, const Theme& theme, const QFont& font);

} // namespace rankscope::ui
