// SPDX-License-Identifier: GPL-3.0-or-later
// Menus, their actions, and the tool bar made of them.
#include "ui/main_window.h"

#include <QAction>
#include <QActionGroup>
#include <QApplication>
#include <QDockWidget>
#include <QMenu>
#include <QMenuBar>
#include <QTimer>
#include <QToolBar>
#include <QToolButton>
#include <QUndoStack>

#include "ui/document/document.h"
#include "ui/document/settings.h"
#include "ui/file_actions.h"
#include "ui/icons.h"
#include "ui/jobs/job_runner.h"
#include "ui/page_switch.h"
#include "ui/panels/advise_page.h"
#include "ui/panels/evaluate_page.h"
#include "ui/panels/layers_panel.h"

namespace rankscope::ui {

namespace {

constexpr int kNameMs = 150;

/// Names an action after the step of the undo stack that it stands for, a moment later: a drag changes the name with
/// every move, and every new name lays out the tool bar anew.
void nameLater(QAction& action, QUndoStack& stack, QString (QUndoStack::*text)() const,
               void (QUndoStack::*changed)(const QString&)) {
  auto* timer = new QTimer(&action);
  timer->setSingleShot(true);
  timer->setInterval(kNameMs);
  QObject::connect(timer, &QTimer::timeout, &action, [&action, &stack, text, word = action.text()] {
    const QString step = (stack.*text)();
    action.setText(step.isEmpty() ? word : word + QLatin1Char(' ') + step);
  });
  QObject::connect(&stack, changed, timer, qOverload<>(&QTimer::start));
}

} // namespace

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
  add(menu, nullptr, tr("&Close model"), QKeySequence::Close, QStringLiteral("close"), [this] { m_files->close(); });
  add(
      menu, nullptr, tr("&Quit"), QKeySequence::Quit, QStringLiteral("quit"), [this] { close(); }, false);
}

void MainWindow::fillRecent() {
  m_recent->clear();
  for (const auto& file : settings::recentFiles()) {
    QAction* action = m_recent->addAction(tr("%1  (%2)").arg(file.name, file.path));
    connect(action, &QAction::triggered, this, [this, path = file.path] { m_files->open(path); });
  }
  if (m_recent->isEmpty()) m_recent->addAction(tr("Nothing yet"))->setEnabled(false);
}

void MainWindow::setUpEditMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Edit"));
  QUndoStack& stack = m_document->undoStack();
  auto* undo = new QAction(icon("undo"), tr("Undo"), this);
  undo->setShortcut(QKeySequence::Undo);
  undo->setObjectName(QStringLiteral("undo"));
  undo->setEnabled(false);
  connect(undo, &QAction::triggered, &stack, &QUndoStack::undo);
  connect(&stack, &QUndoStack::canUndoChanged, undo, &QAction::setEnabled);
  nameLater(*undo, stack, &QUndoStack::undoText, &QUndoStack::undoTextChanged);
  auto* redo = new QAction(icon("redo"), tr("Redo"), this);
  redo->setShortcuts({QKeySequence(QKeySequence::Redo), QKeySequence(tr("Ctrl+Y"))});
  redo->setObjectName(QStringLiteral("redo"));
  redo->setEnabled(false);
  connect(redo, &QAction::triggered, &stack, &QUndoStack::redo);
  connect(&stack, &QUndoStack::canRedoChanged, redo, &QAction::setEnabled);
  nameLater(*redo, stack, &QUndoStack::redoText, &QUndoStack::redoTextChanged);
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

void MainWindow::setUpRunMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Run"));
  add(menu, "compress", tr("&Compress"), QKeySequence(Qt::Key_F5), QStringLiteral("compress"),
      [this] { m_document->compress(); });
  const auto onPage = [this](void (EvaluatePage::*start)()) {
    return [this, start] {
      m_switch->showPage(m_evaluate);
      (m_evaluate->*start)();
    };
  };
  add(menu, "evaluate", tr("&Evaluate"), QKeySequence(Qt::Key_F6), QStringLiteral("evaluate"),
      onPage(&EvaluatePage::evaluate));
  add(menu, "advise", tr("Ad&vise"), QKeySequence(Qt::Key_F7), QStringLiteral("advise"), [this] {
    m_switch->showPage(m_advise);
    m_advise->advise();
  });
  add(menu, nullptr, tr("&Write texts side by side"), {}, QStringLiteral("writeTexts"),
      onPage(&EvaluatePage::generate));
  add(menu, nullptr, tr("Aggregation &study"), {}, QStringLiteral("study"), onPage(&EvaluatePage::study));
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
  QMenu* layouts = menu->addMenu(tr("&Layouts"));
  layouts->setObjectName(QStringLiteral("layouts"));
  connect(layouts, &QMenu::aboutToShow, this, [this, layouts] { fillLayouts(*layouts); });
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
  add(menu, nullptr, tr("&Tour of the window"), {}, QStringLiteral("tour"), [this] { startTour(); });
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
  m_bar->addAction(named("evaluate"));
  auto* exports = new QMenu(this);
  for (const char* name : {"exportFactored", "exportDense", "report"}) exports->addAction(named(name));
  menuButton(tr("Export"), "export", exports);
  auto* gap = new QWidget(this);
  gap->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  m_bar->addWidget(gap);
  m_bar->addAction(named("commands"));
}

} // namespace rankscope::ui
