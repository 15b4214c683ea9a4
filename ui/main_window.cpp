// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/main_window.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDockWidget>
#include <QDragEnterEvent>
#include <QMimeData>
#include <QUrl>
#include <QScreen>
#include <QStackedWidget>
#include <QStatusBar>
#include <QTreeView>

#include "ui/document/advising.h"
#include "ui/document/document.h"
#include "ui/document/evaluations.h"
#include "ui/document/output_spectra.h"
#include "ui/document/plan_tools.h"
#include "ui/document/session.h"
#include "ui/document/settings.h"
#include "ui/document/words.h"
#include "ui/file_actions.h"
#include "ui/first_size.h"
#include "ui/icons.h"
#include "ui/jobs/job_runner.h"
#include "ui/page_switch.h"
#include "ui/panels/advise_page.h"
#include "ui/panels/banner.h"
#include "ui/panels/curve_panel.h"
#include "ui/panels/evaluate_page.h"
#include "ui/panels/layers_panel.h"
#include "ui/panels/plan_panel.h"
#include "ui/panels/rules_panel.h"
#include "ui/panels/start_page.h"
#include "ui/panels/totals_bar.h"

namespace rankscope::ui {

namespace {
/// Seconds after which the end of a job calls for attention: the user has turned to something else.
constexpr double kWorthANotice = 8;
} // namespace

MainWindow::MainWindow(QWidget* parent)
    : QMainWindow(parent), m_jobs(new JobRunner(this)), m_document(new Document(*m_jobs, this)),
      m_tools(new PlanTools(*m_document, this)), m_banner(new Banner(this)),
      m_files(new FileActions(*m_document, *m_jobs, *m_banner, this)), m_pages(new QStackedWidget(this)),
      m_start(new StartPage(this)), m_switch(new PageSwitch(*this, *m_pages, this)),
      m_layers(new LayersPanel(*m_document, this)), m_evaluations(new Evaluations(*m_document, *m_jobs, this)),
      m_evaluate(new EvaluatePage(*m_document, *m_evaluations, *m_jobs, this)),
      m_advising(new Advising(*m_document, *m_jobs, this)),
      m_advise(new AdvisePage(*m_document, *m_advising, *m_jobs, this)),
      m_outputs(new OutputSpectra(*m_document, *m_jobs, this)),
      m_spectrum(new CurvePanel(*m_document, *m_outputs, CurvePanel::Quantity::Sigma, this)),
      m_cosine(new CurvePanel(*m_document, *m_outputs, CurvePanel::Quantity::Cosine, this)),
      m_plan(new PlanPanel(*m_document, *m_tools, this)),
      m_totals(new TotalsBar(*m_document, *m_jobs, *m_advising, this)) {
  m_tools->weighWith(*m_advising);
  words::useDecimalBytes(settings::decimalUnits());
  setWindowIcon(icon("rankscope"));
  setAcceptDrops(true);
  setDockNestingEnabled(true);
  resize(firstSize({1280, 800}, screen()->availableGeometry().size(), kUsualFrame));
  setUpPages();
  setUpDocks();
  setUpActions();
  m_firstLayout = saveState();
  restoreGeometry(settings::bytes(QStringLiteral("window/geometry")));
  m_restored = restoreState(settings::bytes(QStringLiteral("window/state")));
  m_layers->restoreHeader(settings::bytes(QStringLiteral("window/table")));

  connect(m_document, &Document::opened, this, &MainWindow::showPage);
  connect(m_document, &Document::closed, this, &MainWindow::showPage);
  connect(m_document, &Document::runMoved, this, &MainWindow::showTitle);
  const auto problem = [this](const QString& sentence) { m_banner->show(Banner::Kind::Problem, sentence); };
  connect(m_evaluations, &Evaluations::failed, this, problem);
  connect(m_advising, &Advising::failed, this, problem);
  connect(m_advise, &AdvisePage::refused, this, problem);
  connect(m_evaluations, &Evaluations::changed, this, [this] { m_advise->setObstacle(m_evaluations->obstacle()); });
  connect(m_advise, &AdvisePage::taken, this, [this] { m_switch->showPage(m_layers); });
  connect(m_document, &Document::notice, this,
          [this](const QString& text) { m_banner->show(Banner::Kind::Note, text); });
  connect(m_document, &Document::restored, this, [this](const QString& text) {
    m_banner->show(Banner::Kind::Note, text, {}, tr("Start over"), [this] { m_tools->clear(); });
  });
  connect(m_jobs, &JobRunner::ended, this, [this](int id, JobState outcome) {
    const JobStatus* job = m_jobs->job(id);
    if (outcome != JobState::Cancelled && job->seconds > kWorthANotice) QApplication::alert(this);
  });
  connect(&m_plan->rules(), &RulesPanel::loadWanted, m_files, &FileActions::askLoadPlan);
  connect(&m_plan->rules(), &RulesPanel::saveWanted, m_files, &FileActions::askSavePlan);
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

void MainWindow::showPage() {
  const bool open = m_document->isOpen();
  if (!open) m_start->refresh();
  m_switch->showPage(m_layers);
  m_switch->setVisible(open);
  if (!open) m_pages->setCurrentWidget(m_start);
  for (QDockWidget* holder : m_docks) holder->setVisible(open);
  for (QAction* action : m_needModel) action->setEnabled(open);
  statusBar()->setVisible(open);
  if (open) {
    // Once the docks have been shown: only then do they take sizes.
    if (!std::exchange(m_laidOut, true)) QMetaObject::invokeMethod(this, &MainWindow::layOut, Qt::QueuedConnection);
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
  if (!m_files->mayStop()) {
    event->ignore();
    return;
  }
  m_jobs->cancelAllAndWait();
  if (m_document->isOpen()) {
    settings::setBytes(QStringLiteral("window/state"), m_switch->layoutState());
    settings::setBytes(QStringLiteral("window/table"), m_layers->headerState());
  }
  settings::setBytes(QStringLiteral("window/geometry"), saveGeometry());
  session::note({});
  event->accept();
}

} // namespace rankscope::ui
