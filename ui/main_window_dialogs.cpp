// SPDX-License-Identifier: GPL-3.0-or-later
// Dialogs that the window itself opens.
#include "ui/main_window.h"

#include <map>

#include <QApplication>
#include <QMenuBar>
#include <QMessageBox>

#include "ui/command_search.h"
#include "ui/document/document.h"
#include "ui/help.h"
#include "ui/panels/evaluate_page.h"
#include "ui/preferences.h"

namespace rankscope::ui {

/// The page of the panel that has the keyboard; Spectrum and the others are docks, the table is in the middle.
void MainWindow::showHelp() {
  static const std::map<QString, QString> pages{{QStringLiteral("dockSpectrum"), QStringLiteral("spectrum")},
                                                {QStringLiteral("dockCosine"), QStringLiteral("cosine")},
                                                {QStringLiteral("dockMap"), QStringLiteral("map")},
                                                {QStringLiteral("dockTradeOff"), QStringLiteral("tradeoff")},
                                                {QStringLiteral("dockPlan"), QStringLiteral("plan")},
                                                {QStringLiteral("dockSnapshots"), QStringLiteral("snapshots")},
                                                {QStringLiteral("dockJobs"), QStringLiteral("jobs")}};
  QString page = QStringLiteral("layers");
  for (const QWidget* widget = QApplication::focusWidget(); widget; widget = widget->parentWidget()) {
    if (widget == m_evaluate) page = QStringLiteral("evaluate");
    if (const auto found = pages.find(widget->objectName()); found != pages.end()) page = found->second;
  }
  if (!m_help) m_help = new Help(this);
  m_help->showPage(page);
  m_help->show();
  m_help->raise();
}

void MainWindow::showPreferences() {
  Preferences dialog(this);
  if (dialog.exec() == QDialog::Accepted) m_document->setThresholds(dialog.thresholds());
}

void MainWindow::searchCommands() {
  CommandSearch search(*menuBar(), this);
  search.move(mapToGlobal(QPoint((width() - search.width()) / 2, 60)));
  search.exec();
}

void MainWindow::about() {
  QMessageBox::about(
      this, tr("About Rankscope"),
      tr("<h3>Rankscope %1</h3><p>Low-rank compression of transformer models: see it, choose it, measure it.</p>"
         "<p>GPL-3.0-or-later. Built with Qt, QCustomPlot, Eigen, OpenBLAS, oneTBB and HDF5.</p>")
          .arg(QStringLiteral(RANKSCOPE_VERSION)));
}

} // namespace rankscope::ui
