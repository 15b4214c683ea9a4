// SPDX-License-Identifier: GPL-3.0-or-later
// Dialogs that the window itself opens.
#include "ui/main_window.h"

#include <map>

#include <QApplication>
#include <QDockWidget>
#include <QMenuBar>
#include <QMessageBox>
#include <QStackedWidget>
#include <QToolBar>

#include "ui/command_search.h"
#include "ui/document/document.h"
#include "ui/document/settings.h"
#include "ui/help.h"
#include "ui/page_switch.h"
#include "ui/panels/advise_page.h"
#include "ui/panels/evaluate_page.h"
#include "ui/panels/layers_panel.h"
#include "ui/panels/totals_bar.h"
#include "ui/preferences.h"
#include "ui/tour.h"

namespace rankscope::ui {

/// The page that is shown or, beside the table, the panel that has the keyboard: Spectrum and the others are docks.
void MainWindow::showHelp() {
  static const std::map<QString, QString> pages{{QStringLiteral("dockSpectrum"), QStringLiteral("spectrum")},
                                                {QStringLiteral("dockCosine"), QStringLiteral("cosine")},
                                                {QStringLiteral("dockMap"), QStringLiteral("map")},
                                                {QStringLiteral("dockTradeOff"), QStringLiteral("tradeoff")},
                                                {QStringLiteral("dockPlan"), QStringLiteral("plan")},
                                                {QStringLiteral("dockSnapshots"), QStringLiteral("snapshots")},
                                                {QStringLiteral("dockJobs"), QStringLiteral("jobs")}};
  QString page = QStringLiteral("layers");
  if (m_pages->currentWidget() == m_evaluate) page = QStringLiteral("evaluate");
  if (m_pages->currentWidget() == m_advise) page = QStringLiteral("advise");
  for (const QWidget* widget = QApplication::focusWidget(); widget; widget = widget->parentWidget()) {
    if (const auto found = pages.find(widget->objectName()); found != pages.end()) page = found->second;
  }
  if (!m_help) m_help = new Help(this);
  m_help->showPage(page);
  m_help->show();
  m_help->raise();
}

void MainWindow::startTour() {
  if (m_tour || !m_document->isOpen()) return;
  settings::setFlag(QStringLiteral("tour/seen"), true);
  m_switch->showPage(m_layers);
  const auto panel = [this](const char* name) {
    return [this, name]() -> QWidget* {
      auto* holder = findChild<QDockWidget*>(QLatin1String(name));
      holder->show();
      holder->raise();
      return holder;
    };
  };
  const auto here = [](QWidget* widget) { return [widget] { return widget; }; };
  m_tour = new Tour(
      {{here(m_layers), tr("The layers"),
        tr("Every weight matrix is a row. Select one or several: all panels follow, and what you change is changed for "
           "all that are selected. Type a number to set a rank.")},
       {panel("dockSpectrum"), tr("The spectrum"),
        tr("Singular values tell what a rank keeps. Drag the orange line, or press ← and →. The dashed curve is what a "
           "random matrix would show.")},
       {panel("dockPlan"), tr("The plan"),
        tr("Presets, budgets and rules decide for many layers at once. Everything can be undone with Ctrl+Z; pinned "
           "layers (P) are left alone.")},
       {here(m_totals), tr("What it costs"),
        tr("Bytes before and after, mean cosine and verdicts of the plan as it is now. ≈ marks what is predicted and "
           "not "
           "yet measured.")},
       {here(m_bar), tr("Compress, evaluate, export"),
        tr("Compress measures every layer in the background; then look at what the model still can do, and export it. "
           "F1 explains the panel you are in, Ctrl+K finds any command.")}},
      this);
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
