// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/page_switch.h"

#include <QDockWidget>
#include <QMainWindow>
#include <QStackedWidget>

namespace rankscope::ui {

PageSwitch::PageSwitch(QMainWindow& window, QStackedWidget& pages, QWidget* parent)
    : QTabBar(parent), m_window(window), m_pages(pages) {
  setDocumentMode(true);
  setExpanding(false);
  setDrawBase(false);
  setAccessibleName(tr("Pages"));
  connect(this, &QTabBar::currentChanged, this, &PageSwitch::choose);
}

void PageSwitch::addPage(QWidget* page, const QString& title, bool alone) {
  m_shown.append(page);
  m_alone.append(alone);
  m_pages.addWidget(page);
  addTab(title);
}

void PageSwitch::showPage(QWidget* page) {
  setCurrentIndex(static_cast<int>(m_shown.indexOf(page)));
  choose(currentIndex());
}

bool PageSwitch::isAlone(int index) const {
  return index >= 0 && m_alone[index];
}

void PageSwitch::choose(int index) {
  if (index < 0 || index >= m_shown.size()) return;
  const bool hidden = !m_layout.isEmpty();
  if (isAlone(index) && !hidden) {
    m_layout = m_window.saveState();
    for (QDockWidget* dock : m_window.findChildren<QDockWidget*>()) dock->hide();
  } else if (!isAlone(index) && hidden) {
    m_window.restoreState(std::exchange(m_layout, {}));
  }
  m_pages.setCurrentWidget(m_shown[index]);
}

QByteArray PageSwitch::layoutState() const {
  return m_layout.isEmpty() ? m_window.saveState() : m_layout;
}

} // namespace rankscope::ui
