// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QMainWindow>
#include <QPointer>

#include "ui/theme.h"

class QDockWidget;
class QMenu;
class QStackedWidget;
class QToolBar;

namespace rankscope::ui {

class Banner;
class CurvePanel;
class OutputSpectra;
class Document;
class AdvisePage;
class Advising;
class EvaluatePage;
class Evaluations;
class FileActions;
class Help;
class JobRunner;
class LayersPanel;
class PageSwitch;
class PlanPanel;
class PlanTools;
class StartPage;
class TotalsBar;
class Tour;

/// The window: puts panels, actions and the document together.
class MainWindow final : public QMainWindow {
  Q_OBJECT

 public:
  explicit MainWindow(QWidget* parent = nullptr);
  ~MainWindow() override;

  Document& document() { return *m_document; }
  JobRunner& jobs() { return *m_jobs; }
  FileActions& files() { return *m_files; }
  PlanTools& tools() { return *m_tools; }
  LayersPanel& layers() { return *m_layers; }
  CurvePanel& spectrum() { return *m_spectrum; }
  CurvePanel& cosine() { return *m_cosine; }
  PlanPanel& plan() { return *m_plan; }
  TotalsBar& totals() { return *m_totals; }
  Evaluations& evaluations() { return *m_evaluations; }
  EvaluatePage& evaluatePage() { return *m_evaluate; }
  AdvisePage& advisePage() { return *m_advise; }
  PageSwitch& pages() { return *m_switch; }
  Banner& banner() { return *m_banner; }
  /// Shows the tour of the window; needs an open model.
  void startTour();

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void setUpPages();
  void setUpDocks();
  void setUpActions();
  void setUpFileMenu();
  void setUpEditMenu();
  void setUpPlanMenu();
  void setUpRunMenu();
  void setUpViewMenu();
  void setUpHelpMenu();
  void setUpToolBar();
  void showPage();
  void showTitle();
  void fillRecent();
  void layOut();
  void resetLayout();
  void saveLayout(const QString& name); ///< as it is now, in place of one of that name
  void fillLayouts(QMenu& menu);
  void searchCommands();
  void showHelp();
  void showPreferences();
  void about();
  QAction* add(QMenu* menu, const char* iconName, const QString& text, const QKeySequence& keys, const QString& name,
               std::function<void()> act, bool needsModel = true);
  QDockWidget* dock(const QString& title, const QString& name, QWidget* widget, Qt::DockWidgetArea area);

  JobRunner* m_jobs;
  Document* m_document;
  PlanTools* m_tools;
  Banner* m_banner;
  FileActions* m_files;
  QStackedWidget* m_pages;
  StartPage* m_start;
  PageSwitch* m_switch;
  LayersPanel* m_layers;
  Evaluations* m_evaluations;
  EvaluatePage* m_evaluate;
  Advising* m_advising;
  AdvisePage* m_advise;
  OutputSpectra* m_outputs;
  CurvePanel* m_spectrum;
  CurvePanel* m_cosine;
  PlanPanel* m_plan;
  TotalsBar* m_totals;
  QMenu* m_recent = nullptr;
  QMenu* m_layerMenu = nullptr;
  QToolBar* m_bar = nullptr;
  Help* m_help = nullptr;
  QPointer<Tour> m_tour;
  QList<QDockWidget*> m_docks;
  QList<QAction*> m_needModel;
  QByteArray m_firstLayout;
  bool m_restored = false; ///< the layout of an earlier session
  bool m_laidOut = false;
};

} // namespace rankscope::ui
