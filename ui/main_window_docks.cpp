// SPDX-License-Identifier: GPL-3.0-or-later
// The window's docks, their layout, and the page in the middle.
#include "ui/main_window.h"

#include <QDockWidget>
#include <QFileInfo>
#include <QInputDialog>
#include <QMenu>
#include <QStackedWidget>
#include <QStatusBar>
#include <QUndoView>
#include <QVBoxLayout>

#include "ui/document/document.h"
#include "ui/document/settings.h"
#include "ui/models/layer_delegates.h"
#include "ui/page_switch.h"
#include "ui/panels/advise_page.h"
#include "ui/panels/evaluate_page.h"
#include "ui/panels/banner.h"
#include "ui/panels/curve_panel.h"
#include "ui/panels/jobs_panel.h"
#include "ui/panels/layers_panel.h"
#include "ui/panels/map_panel.h"
#include "ui/panels/plan_panel.h"
#include "ui/panels/snapshots_panel.h"
#include "ui/panels/start_page.h"
#include "ui/panels/totals_bar.h"
#include "ui/panels/tradeoff_panel.h"

namespace rankscope::ui {

void MainWindow::setUpPages() {
  m_pages->addWidget(m_start);
  m_switch->addPage(m_layers, tr("Layers"), false);
  m_switch->addPage(m_evaluate, tr("Evaluate"), true);
  m_switch->addPage(m_advise, tr("Advise"), true);
  auto* middle = new QWidget(this);
  auto* box = new QVBoxLayout(middle);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addWidget(m_switch);
  box->addWidget(m_pages, 1);
  m_pages->setMinimumSize(360,
                          200); // else the widest page's least width would be the window's, whichever page is shown
  setCentralWidget(middle);
  m_banner->setParent(middle);
  statusBar()->addPermanentWidget(m_totals, 1);
  statusBar()->setSizeGripEnabled(false);
}

QDockWidget* MainWindow::dock(const QString& title, const QString& name, QWidget* widget, Qt::DockWidgetArea area) {
  auto* holder = new QDockWidget(title, this);
  holder->setObjectName(name);
  holder->setWidget(widget);
  addDockWidget(area, holder);
  m_docks.append(holder);
  return holder;
}

void MainWindow::setUpDocks() {
  QDockWidget* spectrum = dock(tr("Spectrum"), QStringLiteral("dockSpectrum"), m_spectrum, Qt::RightDockWidgetArea);
  QDockWidget* cosine = dock(tr("Cosine"), QStringLiteral("dockCosine"), m_cosine, Qt::RightDockWidgetArea);
  QDockWidget* map =
      dock(tr("Map"), QStringLiteral("dockMap"), new MapPanel(*m_document, *m_advising, this), Qt::RightDockWidgetArea);
  QDockWidget* tradeOff =
      dock(tr("Trade-off"), QStringLiteral("dockTradeOff"),
           new TradeOffPanel(*m_document, *m_jobs, *m_advising, *m_evaluations, this), Qt::RightDockWidgetArea);
  QDockWidget* snapshots = dock(tr("Snapshots"), QStringLiteral("dockSnapshots"), new SnapshotsPanel(*m_document, this),
                                Qt::RightDockWidgetArea);
  auto* history = new QUndoView(&m_document->undoStack(), this);
  history->setItemDelegate(new RowDelegate(history));
  history->setEmptyLabel(tr("As opened"));
  history->setAccessibleName(tr("History of the plan"));
  QDockWidget* past = dock(tr("History"), QStringLiteral("dockHistory"), history, Qt::RightDockWidgetArea);
  QDockWidget* jobs =
      dock(tr("Jobs"), QStringLiteral("dockJobs"), new JobsPanel(*m_jobs, this), Qt::RightDockWidgetArea);
  QDockWidget* plan = dock(tr("Plan"), QStringLiteral("dockPlan"), m_plan, Qt::RightDockWidgetArea);
  splitDockWidget(spectrum, cosine, Qt::Vertical);
  tabifyDockWidget(cosine, map);
  tabifyDockWidget(map, tradeOff);
  tabifyDockWidget(tradeOff, plan);
  tabifyDockWidget(plan, snapshots);
  tabifyDockWidget(snapshots, past);
  tabifyDockWidget(past, jobs);
  cosine->raise();
  setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
  connect(m_spectrum, &CurvePanel::titleChanged, spectrum, [spectrum](const QString& title) {
    spectrum->setWindowTitle(title.isEmpty() ? tr("Spectrum") : tr("Spectrum · %1").arg(title));
    spectrum->toggleViewAction()->setText(tr("Spectrum"));
  });
  CurvePanel::align(*m_spectrum, *m_cosine);
}

/// The sizes and the tab in front that a first start has; docks take sizes only once they are shown.
void MainWindow::layOut() {
  if (m_restored) return;
  const auto named = [this](const char* name) { return findChild<QDockWidget*>(QLatin1String(name)); };
  named("dockCosine")->raise();
  resizeDocks({named("dockSpectrum")}, {width() * 44 / 100}, Qt::Horizontal);
  resizeDocks({named("dockSpectrum"), named("dockCosine")}, {height() / 2, height() / 2}, Qt::Vertical);
}

void MainWindow::resetLayout() {
  restoreState(m_firstLayout);
  if (!m_document->isOpen()) return;
  for (QDockWidget* holder : m_docks) holder->show();
  m_restored = false;
  layOut();
}

void MainWindow::saveLayout(const QString& name) {
  QMap<QString, QByteArray> layouts = settings::layouts();
  layouts.insert(name, saveState());
  settings::setLayouts(layouts);
}

/// Every saved layout, and how to save and forget them; made anew whenever it is opened.
void MainWindow::fillLayouts(QMenu& menu) {
  menu.clear();
  const QMap<QString, QByteArray> layouts = settings::layouts();
  for (auto it = layouts.begin(); it != layouts.end(); ++it)
    connect(menu.addAction(it.key()), &QAction::triggered, this, [this, state = it.value()] { restoreState(state); });
  if (!layouts.isEmpty()) menu.addSeparator();
  connect(menu.addAction(tr("&Save layout…")), &QAction::triggered, this, [this] {
    const QString name = QInputDialog::getText(this, tr("Save layout"), tr("Name of the layout:")).trimmed();
    if (!name.isEmpty()) saveLayout(name);
  });
  if (layouts.isEmpty()) return;
  QMenu* forget = menu.addMenu(tr("&Delete"));
  for (const QString& name : layouts.keys())
    connect(forget->addAction(name), &QAction::triggered, this, [name] {
      QMap<QString, QByteArray> left = settings::layouts();
      left.remove(name);
      settings::setLayouts(left);
    });
}

} // namespace rankscope::ui
