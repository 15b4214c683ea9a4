// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QTabBar>

class QMainWindow;
class QStackedWidget;

namespace rankscope::ui {

/// Tabs above the middle of the window that choose the page. Pages that fill the window alone hide the docks; the
/// layout comes back with the others.
class PageSwitch final : public QTabBar {
  Q_OBJECT

 public:
  PageSwitch(QMainWindow& window, QStackedWidget& pages, QWidget* parent = nullptr);

  void addPage(QWidget* page, const QString& title, bool alone);
  void showPage(QWidget* page);
  /// State of docks and tool bars as the pages with docks have it: what is worth remembering.
  QByteArray layoutState() const;

 private:
  void choose(int index);
  bool isAlone(int index) const;

  QMainWindow& m_window;
  QStackedWidget& m_pages;
  QList<QWidget*> m_shown;
  QList<bool> m_alone;
  QByteArray m_layout; ///< while the docks are hidden
};

} // namespace rankscope::ui
