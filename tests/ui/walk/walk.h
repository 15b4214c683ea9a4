// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include <QDir>
#include <QObject>
#include <QString>

class QAction;
class QPoint;
class QWidget;

namespace rankscope::ui {
class MainWindow;
class RankPlot;
} // namespace rankscope::ui

namespace rankscope::walk {

/// One walk through the real window. Each step does what a person does, looks at what must be so, and leaves a picture
/// of the whole screen.
class Walk final {
 public:
  Walk(ui::MainWindow& window, QDir pictures) : m_window(window), m_pictures(std::move(pictures)) {}

  void all();
  int failures() const { return m_failures; }

 private:
  void openDemo();
  void takeTour();
  void explore();
  void tuneByDrag();
  void brushTheMap();
  void writeARule();
  void pinAndPreset();
  void undoAll();
  void compareAndCompress();
  void evaluate();
  void advise();
  void groupAndSearch();
  void lookAtDialogs();
  void exportAndReopen();
  void meetAnError();

  void expect(bool holds, const char* what);
  void settle(int milliseconds = 250);
  void waitIdle();
  void picture(const char* name);
  void front(const char* dock);
  QAction* action(const char* name);
  void clickLayer(const char* part, Qt::KeyboardModifiers modifiers = {});
  void dragCursor(ui::RankPlot& plot, std::int64_t to);

  ui::MainWindow& m_window;
  QDir m_pictures;
  int m_step = 0;
  int m_failures = 0;
};

} // namespace rankscope::walk
