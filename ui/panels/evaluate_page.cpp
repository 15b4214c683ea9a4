// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/evaluate_page.h"

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollBar>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTextBrowser>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/document/document.h"
#include "ui/document/evaluations.h"
#include "ui/icons.h"
#include "ui/jobs/job_runner.h"
#include "ui/panels/evaluate_controls.h"
#include "ui/panels/evaluate_details.h"
#include "ui/panels/evaluate_figures.h"
#include "ui/panels/evaluate_study.h"
#include "ui/panels/evaluate_texts.h"
#include "ui/panels/job_row.h"
#include "ui/plots/evaluation_plots.h"
#include "ui/plots/framed_plot.h"
#include "ui/refresher.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {
constexpr int kLaterMs = 60;
}

EvaluatePage::EvaluatePage(Document& document, Evaluations& evaluations, JobRunner& jobs, QWidget* parent)
    : QWidget(parent), m_document(document), m_evaluations(evaluations), m_jobs(jobs),
      m_controls(new EvaluateControls(this)), m_results(new QComboBox(this)), m_stale(new QLabel(this)),
      m_job(new JobRow(jobs, this)), m_body(new QStackedWidget(this)), m_hint(new QLabel(this)),
      m_start(new QPushButton(icon("evaluate"), tr("Evaluate this plan"), this)), m_figures(new EvaluateFigures(this)),
      m_tabs(new QTabWidget(this)),
      m_depth(new FramedPlot(tr("Error by depth"), tr("Comes with the first tokens"), this)),
      m_histogram(new FramedPlot(tr("How KL is spread over the positions"), tr("Comes with the first tokens"), this)),
      m_texts(new EvaluateTexts(this)), m_study(new EvaluateStudy(document, this)), m_details(new QTextBrowser(this)) {
  m_results->setObjectName(QStringLiteral("evaluateResults"));
  m_results->setAccessibleName(tr("Result to look at"));
  m_results->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  m_results->setMinimumContentsLength(24);
  m_stale->setObjectName(QStringLiteral("evaluateStale"));
  m_stale->setText(tr("The plan has changed since"));
  m_stale->setToolTip(tr("These figures belong to another plan. Evaluate measures the plan as it is now."));
  m_job->stopButton().setObjectName(QStringLiteral("evaluateCancel"));
  m_job->stopButton().setToolTip(tr("Stop: what is measured so far is kept and shown"));
  auto* row = new QHBoxLayout;
  row->setContentsMargins(8, 0, 8, 0);
  row->setSpacing(8);
  auto* label = new QLabel(tr("&Result"), this);
  label->setBuddy(m_results);
  row->addWidget(label);
  row->addWidget(m_results, 1);
  row->addWidget(m_stale);
  row->addWidget(m_job);

  auto* empty = new QWidget(this);
  auto* middle = new QVBoxLayout(empty);
  middle->setContentsMargins(200, 0, 200, 0);
  m_hint->setWordWrap(true);
  m_hint->setAlignment(Qt::AlignCenter);
  m_hint->setObjectName(QStringLiteral("evaluateHint"));
  middle->addStretch(2);
  middle->addWidget(m_hint); // aligned, a wrapped label would not get the height it needs
  middle->addSpacing(10);
  middle->addWidget(m_start, 0, Qt::AlignHCenter);
  middle->addStretch(3);
  auto* results = new QWidget(this);
  auto* filled = new QVBoxLayout(results);
  filled->setContentsMargins(0, 6, 0, 0);
  filled->setSpacing(8);
  filled->addWidget(m_figures);
  filled->addWidget(buildTabs(), 1);
  m_body->addWidget(empty);
  m_body->addWidget(results);
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(4);
  box->addWidget(m_controls);
  box->addLayout(row);
  box->addWidget(m_body, 1);

  auto* later = new Refresher(
      *this,
      [this] {
        showReadiness();
        showSelected();
      },
      kLaterMs);
  connect(&document, &Document::planChanged, later, &Refresher::request);
  connect(&document, &Document::opened, later, &Refresher::request);
  connect(&document, &Document::spectraEnded, later, &Refresher::request);
  connect(&evaluations, &Evaluations::changed, this, &EvaluatePage::fillResults);
  connect(&evaluations, &Evaluations::grew, this, [this] {
    if (m_results->currentData().toInt() == 0) showSelected();
  });
  connect(&jobs, &JobRunner::changed, this, &EvaluatePage::showJob);
  connect(&jobs, &JobRunner::progressed, this, &EvaluatePage::showJob);
  connect(m_results, &QComboBox::currentIndexChanged, this, &EvaluatePage::showSelected);
  connect(m_controls, &EvaluateControls::evaluateWanted, this, &EvaluatePage::evaluate);
  connect(m_start, &QPushButton::clicked, this, &EvaluatePage::evaluate);
  connect(m_study, &EvaluateStudy::studyWanted, this, &EvaluatePage::study);
  connect(m_texts, &EvaluateTexts::generateWanted, this, &EvaluatePage::generate);
  showJob();
  fillResults(-1);
}

QWidget* EvaluatePage::buildTabs() {
  auto* plots = new QSplitter(Qt::Horizontal, this);
  plots->addWidget(m_depth);
  plots->addWidget(m_histogram);
  plots->setSizes({500, 500});
  m_details->setObjectName(QStringLiteral("EvaluateDetails"));
  m_details->setAccessibleName(tr("All figures"));
  m_details->document()->setDocumentMargin(12);
  m_details->setFrameShape(QFrame::NoFrame);
  m_tabs->setAccessibleName(tr("Details of the result"));
  m_tabs->setDocumentMode(true);
  plots->setObjectName(QStringLiteral("Evaluate"));
  m_texts->setObjectName(QStringLiteral("EvaluateTexts"));
  m_study->setObjectName(QStringLiteral("EvaluateStudy"));
  m_tabs->addTab(plots, tr("Whole model"));
  m_tabs->addTab(m_texts, tr("Texts"));
  m_tabs->addTab(m_study, tr("Layers and their sum"));
  m_tabs->addTab(m_details, tr("All figures"));
  return m_tabs;
}

void EvaluatePage::evaluate() {
  EvaluationOptions options = m_controls->options();
  if (m_controls->wantsTexts() && !m_texts->prompt().empty()) {
    options.prompt = m_texts->prompt();
    options.generation = m_texts->options();
  }
  m_evaluations.evaluate(m_controls->text(), options);
}

void EvaluatePage::study() {
  m_evaluations.study({m_controls->text().file, m_study->tokens()}, m_study->options());
  m_tabs->setCurrentWidget(m_study);
}

void EvaluatePage::generate() {
  m_evaluations.generate(m_texts->prompt(), m_texts->options());
  m_tabs->setCurrentWidget(m_texts);
}

const EvaluationEntry* EvaluatePage::selected() const {
  return m_results->count() == 0 ? nullptr : m_evaluations.entry(m_results->currentData().toInt());
}

void EvaluatePage::fillResults(int newest) {
  {
    const QSignalBlocker quiet(m_results);
    const QVariant before = m_results->currentData();
    m_results->clear();
    if (const EvaluationEntry* running = m_evaluations.running()) m_results->addItem(title(*running), 0);
    const auto& entries = m_evaluations.entries();
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
      m_results->addItem(title(*entry), entry->number);
    int index = m_results->findData(newest);
    if (index < 0) index = m_results->findData(before);
    m_results->setCurrentIndex(std::max(0, index));
    if (m_results->count() == 0) m_results->setPlaceholderText(tr("Nothing measured yet"));
    m_results->setEnabled(m_results->count() > 0);
  }
  showReadiness();
  showSelected();
}

void EvaluatePage::showReadiness() {
  const bool changes = m_document.isOpen() && m_document.totals().compressed > 0;
  QString why = m_evaluations.obstacle();
  if (why.isEmpty() && !changes)
    why =
        tr("The plan leaves every layer dense, so there is nothing to compare yet. Choose ranks on the page Layers, or "
           "take a preset from the menu Plan.");
  const bool ready = m_document.isOpen() && why.isEmpty();
  m_controls->setReady(ready, why);
  m_texts->setReady(ready, why);
  m_study->setReady(ready, why);
  m_start->setVisible(ready);
  m_hint->setText(
      !ready ? why
             : tr("Nothing was measured yet. <b>Evaluate</b> runs the original and the compressed model on the "
                  "same text and says what the plan costs: perplexity, KL, what both write, and what those "
                  "numbers are worth. Layers that are not compressed yet are compressed on the way."));
}

QString EvaluatePage::hint() const {
  return m_body->currentIndex() == 0 ? m_hint->text() : QString();
}

void EvaluatePage::showSelected() {
  const EvaluationEntry* entry = m_document.isOpen() ? selected() : nullptr;
  m_body->setCurrentIndex(entry ? 1 : 0);
  const bool stale = entry && entry->number != 0 && m_evaluations.isStale(*entry);
  m_stale->setVisible(stale);
  if (!entry) return;
  if (entry->number == 0) m_results->setItemText(m_results->currentIndex(), title(*entry));
  const ShownParts shown = shownParts(m_evaluations.entries(), *entry);
  const std::vector<Figure> figures = figuresOf(shown, entry->bytes);
  m_figures->setVisible(!figures.empty());
  m_figures->show(figures, stale);
  showPlots(shown);
  m_texts->show(shown.texts, entry->number == 0);
  m_study->show(shown.study);
  const int scroll = m_details->verticalScrollBar()->value();
  m_details->setHtml(detailsHtml(*entry, shown, themeFor(palette())));
  m_details->verticalScrollBar()->setValue(scroll);
}

void EvaluatePage::showPlots(const ShownParts& shown) {
  if (!shown.comparison || shown.comparison->positions == 0) {
    m_depth->setDrawing({});
    m_histogram->setDrawing({});
    return;
  }
  std::optional<Comparison> bf16;
  if (shown.evaluation && shown.evaluation->controls) bf16 = shown.evaluation->controls->bf16;
  m_depth->setDrawing([comparison = *shown.comparison, bf16](QCustomPlot& plot, const Theme& theme) {
    drawErrorByDepth(plot, theme, comparison, bf16 ? &*bf16 : nullptr);
  });
  m_histogram->setDrawing([comparison = *shown.comparison](QCustomPlot& plot, const Theme& theme) {
    drawKlHistogram(plot, theme, comparison);
  });
}

void EvaluatePage::showJob() {
  const JobStatus* job = m_jobs.running();
  const bool ours = job && m_evaluations.job() == job->id;
  bool waits = false;
  for (const JobStatus& status : m_jobs.jobs()) waits = waits || status.state == JobState::Waiting;
  if (!job || (!ours && !waits)) {
    m_job->show(nullptr, {});
    return;
  }
  m_job->show(job, ours ? job->title : tr("First: %1").arg(job->title), ours);
}

void EvaluatePage::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  showReadiness();
  showSelected();
}

void EvaluatePage::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) showSelected();
}

} // namespace rankscope::ui
