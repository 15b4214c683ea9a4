// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/main_window.h"

#include <map>

#include <QAction>
#include <QActionGroup>
#include <QApplication>
#include <QCloseEvent>
#include <QDesktopServices>
#include <QDockWidget>
#include <QDragEnterEvent>
#include <QFileInfo>
#include <QInputDialog>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QStackedWidget>
#include <QStatusBar>
#include <QToolBar>
#include <QToolButton>
#include <QUndoView>
#include <QTreeView>
#include <QUrl>
#include <QVBoxLayout>

#include "ui/command_search.h"
#include "ui/document/document.h"
#include "ui/document/plan_tools.h"
#include "ui/document/settings.h"
#include "ui/document/words.h"
#include "ui/file_actions.h"
#include "ui/help.h"
#include "ui/icons.h"
#include "ui/jobs/job_runner.h"
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
#include "ui/preferences.h"

namespace rankscope::ui {

namespace {
/// Seconds after which the end of a job calls for attention: the user has turned to something else.
constexpr double kWorthANotice = 8;
} // namespace

MainWindow::MainWindow(QWidget* parent)
    : QMainWindow(parent), m_jobs(new JobRunner(this)), m_document(new Document(*m_jobs, this)),
      m_tools(new PlanTools(*m_document, this)), m_banner(new Banner(this)),
      m_files(new FileActions(*m_document, *m_banner, this)), m_pages(new QStackedWidget(this)),
      m_start(new StartPage(this)), m_layers(new LayersPanel(*m_document, this)),
      m_spectrum(new CurvePanel(*m_document, CurvePanel::Quantity::Sigma, this)),
      m_cosine(new CurvePanel(*m_document, CurvePanel::Quantity::Cosine, this)),
      m_plan(new PlanPanel(*m_document, *m_tools, this)), m_totals(new TotalsBar(*m_document, *m_jobs, this)) {
  setWindowIcon(icon("rankscope"));
  setAcceptDrops(true);
  setDockNestingEnabled(true);
  resize(1280, 800);
  setUpPages();
  setUpDocks();
  setUpActions();
  m_firstLayout = saveState();
  restoreGeometry(settings::bytes(QStringLiteral("window/geometry")));
  m_restored = restoreState(settings::bytes(QStringLiteral("window/state")));
  m_layers->restoreHeader(settings::bytes(QStringLiteral("window/columns")));

  connect(m_document, &Document::opened, this, &MainWindow::showPage);
  connect(m_document, &Document::closed, this, &MainWindow::showPage);
  connect(m_document, &Document::runMoved, this, &MainWindow::showTitle);
  connect(m_document, &Document::failed, m_files, &FileActions::showError);
  connect(m_document, &Document::notice, this,
          [this](const QString& text) { m_banner->show(Banner::Kind::Note, text); });
  connect(m_document, &Document::restored, this, [this](const QString& text) {
    m_banner->show(Banner::Kind::Note, text, {}, tr("Start over"), [this] { m_tools->clear(); });
  });
  connect(m_document, &Document::exported, this, [this](const QString& path) {
    m_banner->show(Banner::Kind::Note, tr("The model is in %1, re-read and checked.").arg(path), {}, tr("Show"),
                   [path] { QDesktopServices::openUrl(QUrl::fromLocalFile(path)); });
  });
  connect(m_jobs, &JobRunner::ended, this, [this](int id, JobState outcome) {
    const JobStatus* job = m_jobs->job(id);
    if (outcome != JobState::Cancelled && job->seconds > kWorthANotice) QApplication::alert(this);
  });
  connect(m_start, &StartPage::openWanted, m_files, &FileActions::askOpenFile);
  connect(m_start, &StartPage::demoWanted, m_files, &FileActions::openDemo);
  connect(m_start, &StartPage::fileWanted, m_files, &FileActions::open);
  connect(m_files, &FileActions::recentChanged, this, &MainWindow::fillRecent);
  showPage();
}

// Destroyed before the panels that listen to it, the document would signal into half-destroyed children.
MainWindow::~MainWindow() {
  disconnect(m_document, nullptr, nullptr, nullptr);
}

void MainWindow::setUpPages() {
  m_pages->addWidget(m_start);
  m_pages->addWidget(m_layers);
  auto* middle = new QWidget(this);
  auto* box = new QVBoxLayout(middle);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addWidget(m_banner);
  box->addWidget(m_pages, 1);
  setCentralWidget(middle);
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
  QDockWidget* cosine = dock(tr("Cosine by rank"), QStringLiteral("dockCosine"), m_cosine, Qt::RightDockWidgetArea);
  QDockWidget* map =
      dock(tr("Map"), QStringLiteral("dockMap"), new MapPanel(*m_document, this), Qt::RightDockWidgetArea);
  QDockWidget* tradeOff = dock(tr("Trade-off"), QStringLiteral("dockTradeOff"),
                               new TradeOffPanel(*m_document, *m_jobs, this), Qt::RightDockWidgetArea);
  QDockWidget* snapshots = dock(tr("Snapshots"), QStringLiteral("dockSnapshots"), new SnapshotsPanel(*m_document, this),
                                Qt::RightDockWidgetArea);
  auto* history = new QUndoView(&m_document->undoStack(), this);
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

QAction* MainWindow::add(QMenu* menu, const char* iconName, const QString& text, const QKeySequence& keys,
                         const QString& name, std::function<void()> act, bool needsModel) {
  QAction* action = iconName ? menu->addAction(icon(iconName), text) : menu->addAction(text);
  action->setShortcut(keys);
  action->setObjectName(name);
  connect(action, &QAction::triggered, this, [act = std::move(act)] { act(); });
  if (needsModel) m_needModel.append(action);
  return action;
}

void MainWindow::setUpActions() {
  m_bar = addToolBar(tr("Main tools"));
  m_bar->setObjectName(QStringLiteral("mainTools"));
  m_bar->setIconSize({18, 18});
  m_bar->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  m_bar->setMovable(false);
  setUpFileMenu();
  setUpEditMenu();
  setUpPlanMenu();
  setUpRunMenu();
  setUpViewMenu();
  setUpHelpMenu();
  setUpToolBar();
}

void MainWindow::setUpFileMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&File"));
  add(
      menu, "open", tr("&Open…"), QKeySequence::Open, QStringLiteral("open"), [this] { m_files->askOpenFile(); },
      false);
  add(
      menu, nullptr, tr("Open &folder…"), QKeySequence(tr("Ctrl+Shift+O")), QStringLiteral("openFolder"),
      [this] { m_files->askOpenFolder(); }, false);
  m_recent = menu->addMenu(tr("Open &recent"));
  connect(m_recent, &QMenu::aboutToShow, this, &MainWindow::fillRecent);
  add(
      menu, "demo", tr("Open &demo"), {}, QStringLiteral("openDemo"), [this] { m_files->openDemo(); }, false);
  menu->addSeparator();
  add(menu, "save", tr("&Save run"), QKeySequence::Save, QStringLiteral("save"), [this] { m_files->saveRun(); });
  add(menu, nullptr, tr("Save run &as…"), QKeySequence::SaveAs, QStringLiteral("saveAs"),
      [this] { m_files->saveRunAs(); });
  menu->addSeparator();
  add(menu, "export", tr("&Export factored model…"), QKeySequence(tr("Ctrl+E")), QStringLiteral("exportFactored"),
      [this] { m_files->askExport(ExportKind::Factored); });
  add(menu, nullptr, tr("Export de&nse model…"), QKeySequence(tr("Ctrl+Shift+E")), QStringLiteral("exportDense"),
      [this] { m_files->askExport(ExportKind::Dense); });
  add(menu, "report", tr("Write re&port…"), QKeySequence(tr("Ctrl+R")), QStringLiteral("report"),
      [this] { m_files->askReport(); });
  menu->addSeparator();
  add(menu, nullptr, tr("&Close model"), QKeySequence::Close, QStringLiteral("close"), [this] { m_document->close(); });
  add(
      menu, nullptr, tr("&Quit"), QKeySequence::Quit, QStringLiteral("quit"), [this] { close(); }, false);
}

void MainWindow::setUpEditMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Edit"));
  QUndoStack& stack = m_document->undoStack();
  QAction* undo = stack.createUndoAction(this, tr("Undo"));
  undo->setIcon(icon("undo"));
  undo->setShortcut(QKeySequence::Undo);
  undo->setObjectName(QStringLiteral("undo"));
  QAction* redo = stack.createRedoAction(this, tr("Redo"));
  redo->setIcon(icon("redo"));
  redo->setShortcuts({QKeySequence(QKeySequence::Redo), QKeySequence(tr("Ctrl+Y"))});
  redo->setObjectName(QStringLiteral("redo"));
  menu->addAction(undo);
  menu->addAction(redo);
  menu->addSeparator();
  add(menu, "copy", tr("&Copy rows"), QKeySequence::Copy, QStringLiteral("copyRows"),
      [this] { m_layers->copySelection(false); });
  add(menu, nullptr, tr("Copy rows as &Markdown"), QKeySequence(tr("Ctrl+Shift+C")), QStringLiteral("copyMarkdown"),
      [this] { m_layers->copySelection(true); });
  menu->addSeparator();
  add(
      menu, nullptr, tr("P&references…"), QKeySequence::Preferences, QStringLiteral("preferences"),
      [this] { showPreferences(); }, false);
  add(
      menu, "search", tr("Find a co&mmand…"), QKeySequence(tr("Ctrl+K")), QStringLiteral("commands"),
      [this] { searchCommands(); }, false);
  add(menu, nullptr, tr("&Filter layers"), QKeySequence::Find, QStringLiteral("filter"),
      [this] { m_layers->focusFilter(); });
}

void MainWindow::setUpPlanMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Plan"));
  QMenu* presets = menu->addMenu(icon("preset"), tr("&Preset"));
  presets->setObjectName(QStringLiteral("presetMenu"));
  for (const double percent : {6.25, 12.5, 25.0}) {
    add(presets, nullptr, tr("Uniform, %1 % of full rank").arg(locale().toString(percent, 'g', 4)), {},
        QStringLiteral("presetUniform%1").arg(percent),
        [this, percent] { m_tools->applyPreset(Preset::Uniform, percent / 100); });
  }
  presets->addSeparator();
  add(presets, nullptr, tr("Selective: MLP, first and last block dense"), {}, QStringLiteral("presetSelective"),
      [this] { m_tools->applyPreset(Preset::Selective); });
  add(presets, nullptr, tr("Hybrid: MLP dense, ranks by role"), {}, QStringLiteral("presetHybrid"),
      [this] { m_tools->applyPreset(Preset::Hybrid); });
  QMenu* budgets = menu->addMenu(tr("&Budget"));
  for (const int percent : {90, 75, 50, 25}) {
    add(budgets, nullptr, tr("Keep %1 % of the linears' bytes").arg(percent), {},
        QStringLiteral("budget%1").arg(percent), [this, percent] { m_tools->applyBudget(KeepShare{percent / 100.0}); });
  }
  add(menu, nullptr, tr("&Everything dense"), {}, QStringLiteral("planClear"), [this] { m_tools->clear(); });
  menu->addSeparator();
  m_layerMenu = menu->addMenu(tr("&Selected layers"));
  const auto ask = [this](const QString& title, double value, auto apply) {
    bool agreed = false;
    const double wanted = QInputDialog::getDouble(this, title, tr("Between 0 and 1:"), value, 0.001, 1, 4, &agreed);
    if (agreed) apply(wanted);
  };
  add(m_layerMenu, nullptr, tr("Set to &cosine…"), QKeySequence(tr("Ctrl+Shift+K")), QStringLiteral("reachCosine"),
      [this, ask] {
        ask(tr("Smallest rank that reaches a cosine"), 0.95, [this](double v) { m_tools->reachCosine(v); });
      });
  add(m_layerMenu, nullptr, tr("Set to &energy…"), {}, QStringLiteral("reachEnergy"), [this, ask] {
    ask(tr("Smallest rank that keeps a share of the energy"), 0.9, [this](double v) { m_tools->reachEnergy(v); });
  });
  m_layerMenu->addSeparator();
  add(m_layerMenu, nullptr, tr("Copy rank to same &role"), {}, QStringLiteral("copyToRole"),
      [this] { m_tools->copyRank(true, false); });
  add(m_layerMenu, nullptr, tr("Copy rank to same &block"), {}, QStringLiteral("copyToBlock"),
      [this] { m_tools->copyRank(false, true); });
  add(m_layerMenu, nullptr, tr("Copy rank to all s&elected"), {}, QStringLiteral("copyToSelected"),
      [this] { m_tools->copyRank(false, false); });
  m_layerMenu->addSeparator();
  add(m_layerMenu, nullptr, tr("&Dense, or half of break-even (D)"), {}, QStringLiteral("toggleDense"),
      [this] { m_layers->toggleDense(); });
  add(m_layerMenu, "pin", tr("&Pin or unpin (P)"), {}, QStringLiteral("togglePin"),
      [this] { m_layers->togglePinned(); });
  add(m_layerMenu, nullptr, tr("Back to the r&ules"), {}, QStringLiteral("clearOverrides"),
      [this] { m_document->clearOverrides(m_document->selection()); });
  QMenu* snap = menu->addMenu(tr("S&nap dragging"));
  auto* group = new QActionGroup(this);
  for (const int step : {1, 8, 16, 64}) {
    QAction* action = add(
        snap, nullptr, step == 1 ? tr("To every rank") : tr("To multiples of %1").arg(step), {},
        QStringLiteral("snap%1").arg(step),
        [this, step] {
          settings::setRankStep(step);
          m_spectrum->setRankStep(step);
          m_cosine->setRankStep(step);
        },
        false);
    action->setCheckable(true);
    action->setChecked(settings::rankStep() == step);
    group->addAction(action);
  }
  menu->addSeparator();
  add(menu, nullptr, tr("&Load plan…"), {}, QStringLiteral("loadPlan"), [this] { m_files->askLoadPlan(); });
  add(menu, nullptr, tr("Sa&ve plan…"), {}, QStringLiteral("savePlan"), [this] { m_files->askSavePlan(); });
  connect(m_layers, &LayersPanel::contextMenuWanted, this, [this](const QPoint& at) { m_layerMenu->popup(at); });
}

void MainWindow::setUpRunMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Run"));
  add(menu, "compress", tr("&Compress"), QKeySequence(Qt::Key_F5), QStringLiteral("compress"),
      [this] { m_document->compress(); });
  QAction* cancel = add(
      menu, "cancel", tr("Ca&ncel"), QKeySequence(tr("Ctrl+.")), QStringLiteral("cancel"),
      [this] { m_jobs->cancelAll(); }, false);
  cancel->setEnabled(false);
  connect(m_jobs, &JobRunner::changed, cancel, [this, cancel] { cancel->setEnabled(m_jobs->isBusy()); });
}

void MainWindow::setUpViewMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&View"));
  for (QDockWidget* holder : m_docks) menu->addAction(holder->toggleViewAction());
  menu->addSeparator();
  menu->addMenu(m_layers->columnMenu());
  add(
      menu, nullptr, tr("&Reset layout"), {}, QStringLiteral("resetLayout"), [this] { resetLayout(); }, false);
  menu->addSeparator();
  QMenu* themes = menu->addMenu(icon("theme"), tr("&Theme"));
  auto* group = new QActionGroup(this);
  const auto theme = [&](const QString& text, const QString& name, ThemeChoice choice) {
    QAction* action = add(
        themes, nullptr, text, {}, QStringLiteral("theme-") + name,
        [name, choice] {
          settings::setTheme(name);
          applyTheme(*qApp, choice);
        },
        false);
    action->setCheckable(true);
    action->setChecked(settings::theme() == name);
    group->addAction(action);
  };
  theme(tr("As the &desktop"), QStringLiteral("system"), ThemeChoice::System);
  theme(tr("&Light"), QStringLiteral("light"), ThemeChoice::Light);
  theme(tr("&Dark"), QStringLiteral("dark"), ThemeChoice::Dark);
}

void MainWindow::setUpHelpMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Help"));
  add(
      menu, "help", tr("&Help on this panel"), QKeySequence::HelpContents, QStringLiteral("help"),
      [this] { showHelp(); }, false);
  menu->addSeparator();
  add(
      menu, nullptr, tr("&About Rankscope"), {}, QStringLiteral("about"), [this] { about(); }, false);
}

void MainWindow::setUpToolBar() {
  const auto named = [this](const char* name) { return findChild<QAction*>(QLatin1String(name)); };
  m_bar->addAction(named("open"));
  m_bar->addAction(named("save"));
  m_bar->addSeparator();
  m_bar->addAction(named("undo"));
  m_bar->addAction(named("redo"));
  for (const char* name : {"undo", "redo"}) {
    static_cast<QToolButton*>(m_bar->widgetForAction(named(name)))->setToolButtonStyle(Qt::ToolButtonIconOnly);
  }
  m_bar->addSeparator();
  const auto menuButton = [this](const QString& text, const char* picture, QMenu* menu) {
    auto* button = new QToolButton(this);
    button->setText(text);
    button->setIcon(icon(picture));
    button->setMenu(menu);
    button->setPopupMode(QToolButton::InstantPopup);
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    QAction* action = m_bar->addWidget(button);
    m_needModel.append(action);
    return button;
  };
  menuButton(tr("Preset"), "preset", findChild<QMenu*>(QStringLiteral("presetMenu")));
  m_bar->addSeparator();
  m_bar->addAction(named("compress"));
  auto* exports = new QMenu(this);
  for (const char* name : {"exportFactored", "exportDense", "report"}) exports->addAction(named(name));
  menuButton(tr("Export"), "export", exports);
  auto* gap = new QWidget(this);
  gap->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  m_bar->addWidget(gap);
  m_bar->addAction(named("commands"));
}

void MainWindow::showPage() {
  const bool open = m_document->isOpen();
  if (!open) m_start->refresh();
  m_pages->setCurrentWidget(open ? static_cast<QWidget*>(m_layers) : m_start);
  for (QDockWidget* holder : m_docks) holder->setVisible(open);
  for (QAction* action : m_needModel) action->setEnabled(open);
  statusBar()->setVisible(open);
  if (open) {
    if (!std::exchange(m_laidOut, true)) layOut();
    m_layers->table()->setFocus();
  }
  showTitle();
}

void MainWindow::showTitle() {
  if (!m_document->isOpen()) {
    setWindowTitle(tr("Rankscope"));
    return;
  }
  const Checkpoint::Content& model = m_document->checkpoint()->content();
  QString name = QString::fromStdString(model.modelName);
  if (model.synthetic) name = tr("%1 (synthetic)").arg(name);
  if (!m_document->runIsPrivate())
    name = tr("%1 – %2").arg(QString::fromStdString(m_document->runPath().filename().string()), name);
  setWindowTitle(tr("%1 · %2 · %3 parameters – Rankscope")
                     .arg(name, QString::fromStdString(model.architecture),
                          words::count(static_cast<std::int64_t>(m_document->checkpoint()->parameters()))));
  setWindowFilePath(QString::fromStdString(model.path.string()));
}

void MainWindow::fillRecent() {
  m_recent->clear();
  for (const auto& file : settings::recentFiles()) {
    QAction* action = m_recent->addAction(tr("%1  (%2)").arg(file.name, file.path));
    connect(action, &QAction::triggered, this, [this, path = file.path] { m_files->open(path); });
  }
  if (m_recent->isEmpty()) m_recent->addAction(tr("Nothing yet"))->setEnabled(false);
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

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls() && event->mimeData()->urls().first().isLocalFile()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  event->acceptProposedAction();
  const QString path = event->mimeData()->urls().first().toLocalFile();
  QMetaObject::invokeMethod(
      this, [this, path] { m_files->open(path); }, Qt::QueuedConnection);
}

void MainWindow::closeEvent(QCloseEvent* event) {
  const JobStatus* running = m_jobs->running();
  if (running && isVisible() && running->asksBeforeStop) {
    const auto answer = QMessageBox::question(
        this, tr("Rankscope"),
        tr("%1 is still running. Stop it and close? What is finished is kept, and the next start goes on from there.")
            .arg(running->title),
        QMessageBox::Close | QMessageBox::Cancel, QMessageBox::Cancel);
    if (answer != QMessageBox::Close) {
      event->ignore();
      return;
    }
  }
  m_jobs->cancelAllAndWait();
  if (m_document->isOpen()) {
    settings::setBytes(QStringLiteral("window/state"), saveState());
    settings::setBytes(QStringLiteral("window/columns"), m_layers->headerState());
  }
  settings::setBytes(QStringLiteral("window/geometry"), saveGeometry());
  event->accept();
}

} // namespace rankscope::ui
