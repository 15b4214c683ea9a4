// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/advise_page.h"

#include <cmath>

#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QRegularExpression>
#include <QSortFilterProxyModel>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>
#include <QTextBrowser>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/document/advice_words.h"
#include "ui/document/document.h"
#include "ui/document/words.h"
#include "ui/icons.h"
#include "ui/jobs/job_runner.h"
#include "ui/models/advice_model.h"
#include "ui/models/layer_delegates.h"
#include "ui/panels/job_row.h"
#include "ui/plots/advice_plots.h"
#include "ui/plots/framed_plot.h"

namespace rankscope::ui {

namespace {

const QString kAsk = QStringLiteral("?");

} // namespace

AdvisePage::AdvisePage(Document& document, Advising& advising, JobRunner& jobs, QWidget* parent)
    : QWidget(parent), m_document(document), m_advising(advising), m_jobs(jobs), m_text(new QComboBox(this)),
      m_budget(new QComboBox(this)), m_run(new QPushButton(icon("advise"), tr("Advise"), this)),
      m_job(new JobRow(jobs, this)), m_body(new QStackedWidget(this)), m_hint(new QLabel(this)), m_again(new QLabel(this)),
      m_start(new QPushButton(icon("advise"), tr("Advise on this model"), this)),
      m_words(new QTextBrowser(this)), m_model(new AdviceModel(this)), m_table(new QTableView(this)),
      m_take(new QPushButton(tr("Take this plan"), this)),
      m_options(new FramedPlot(tr("What each size costs"), tr("Comes when the layers are measured"), this)),
      m_checks(new FramedPlot(tr("Prediction against measurement"), tr("Comes when the layers are measured"), this)) {
  m_text->addItem(tr("Stories that the demo never saw"), QString());
  m_text->addItem(tr("Choose a file…"), kAsk);
  m_text->setMaximumWidth(380);
  m_text->setToolTip(tr("The last third is measured on, the rest calibrates; they share no record"));
  m_budget->setObjectName(QStringLiteral("adviseBudget"));
  m_budget->setEditable(true);
  m_budget->addItems({QStringLiteral("75 %"), QStringLiteral("50 %"), QStringLiteral("35 %"), QStringLiteral("25 %")});
  m_budget->setCurrentIndex(1);
  m_budget->setAccessibleName(tr("Budget"));
  m_budget->setToolTip(
      tr("Share of the bytes of attention and MLP that may be kept; or the largest KL, such as 0.1 nats"));
  m_run->setObjectName(QStringLiteral("adviseRun"));
  m_take->setObjectName(QStringLiteral("adviseTake"));
  m_take->setToolTip(tr("Makes the chosen option the plan; Undo brings the old one back"));
  m_job->stopButton().setObjectName(QStringLiteral("adviseCancel"));
  m_job->stopButton().setToolTip(tr("Stop: layers that are measured need not be measured again"));
  auto* row = new QHBoxLayout;
  row->setContentsMargins(8, 6, 8, 4);
  row->setSpacing(6);
  const auto field = [&](const QString& name, QWidget* widget) {
    auto* label = new QLabel(name, this);
    label->setBuddy(widget);
    row->addWidget(label);
    row->addWidget(widget);
  };
  field(tr("Te&xt"), m_text);
  m_text->setAccessibleName(tr("Text"));
  field(tr("&Budget"), m_budget);
  row->addStretch(1);
  row->addWidget(m_job);
  row->addWidget(m_run);

  auto* empty = new QWidget(this);
  auto* middle = new QVBoxLayout(empty);
  middle->setContentsMargins(200, 0, 200, 0);
  m_hint->setWordWrap(true);
  m_hint->setAlignment(Qt::AlignCenter);
  m_hint->setObjectName(QStringLiteral("adviseHint"));
  m_start->setObjectName(QStringLiteral("adviseStart"));
  middle->addStretch(2);
  middle->addWidget(m_hint); // aligned, a wrapped label would not get the height it needs
  middle->addSpacing(10);
  middle->addWidget(m_start, 0, Qt::AlignHCenter);
  middle->addStretch(3);
  m_body->addWidget(empty);
  m_body->addWidget(buildResults());
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addLayout(row);
  box->addWidget(m_body, 1);

  connect(m_text, &QComboBox::activated, this, [this](int index) {
    if (m_text->itemData(index).toString() != kAsk) {
      m_lastText = m_text->itemData(index).toString();
      return;
    }
    const QString path = QFileDialog::getOpenFileName(this, tr("Text to advise on"));
    if (!path.isEmpty()) {
      m_text->insertItem(m_text->count() - 1, QFileInfo(path).fileName(), path);
      m_lastText = path;
    }
    m_text->setCurrentIndex(m_text->findData(m_lastText));
  });
  connect(m_run, &QPushButton::clicked, this, &AdvisePage::advise);
  connect(m_start, &QPushButton::clicked, this, &AdvisePage::advise);
  connect(m_take, &QPushButton::clicked, this, &AdvisePage::take);
  connect(&advising, &Advising::changed, this, &AdvisePage::showView);
  connect(&jobs, &JobRunner::changed, this, &AdvisePage::showJob);
  connect(&jobs, &JobRunner::progressed, this, &AdvisePage::showJob);
  showView();
  showJob();
}

QWidget* AdvisePage::buildResults() {
  m_again->setObjectName(QStringLiteral("adviseAgain"));
  m_again->setWordWrap(true);
  m_again->setMargin(8);
  m_words->setAccessibleName(tr("Recommendation"));
  m_words->document()->setDocumentMargin(10);
  m_words->setFrameShape(QFrame::NoFrame);
  auto* sorted = new QSortFilterProxyModel(this);
  sorted->setSourceModel(m_model);
  sorted->setSortRole(AdviceModel::SortRole);
  m_table->setModel(sorted);
  m_table->setSortingEnabled(true);
  m_table->sortByColumn(AdviceModel::Kl, Qt::AscendingOrder);
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->setSelectionMode(QAbstractItemView::SingleSelection);
  m_table->setAlternatingRowColors(true);
  m_table->setShowGrid(false);
  m_table->setItemDelegate(new CellDelegate(m_table));
  m_table->setWordWrap(false);
  m_table->verticalHeader()->hide();
  m_table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
  m_table->horizontalHeader()->setHighlightSections(false);
  m_table->setAccessibleName(tr("Options"));
  m_table->setFrameShape(QFrame::NoFrame);
  connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
    m_take->setEnabled(chosen().has_value());
    drawPlots();
  });
  connect(m_table, &QTableView::doubleClicked, this, &AdvisePage::take);
  auto* options = new QWidget(this);
  auto* under = new QHBoxLayout;
  under->setContentsMargins(8, 4, 8, 6);
  under->addStretch(1);
  under->addWidget(m_take);
  auto* column = new QVBoxLayout(options);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(m_table, 1);
  column->addLayout(under);
  auto* plots = new QSplitter(Qt::Horizontal, this);
  plots->addWidget(m_options);
  plots->addWidget(m_checks);
  plots->setSizes({640, 380});
  auto* all = new QSplitter(Qt::Vertical, this);
  all->addWidget(m_words);
  all->addWidget(options);
  all->addWidget(plots);
  all->setSizes({150, 270, 300});
  all->setCollapsible(1, false);
  auto* results = new QWidget(this);
  auto* below = new QVBoxLayout(results);
  below->setContentsMargins(0, 0, 0, 0);
  below->setSpacing(0);
  below->addWidget(m_again);
  below->addWidget(all, 1);
  return results;
}

std::optional<AdviceBudget> AdvisePage::budget() const {
  QString text = m_budget->currentText().trimmed();
  const bool nats = text.contains(QLatin1String("nat")), percent = text.contains(QLatin1Char('%'));
  static const QRegularExpression notNumber(QStringLiteral("[^0-9.,]"));
  const double value = text.remove(notNumber).replace(QLatin1Char(','), QLatin1Char('.')).toDouble();
  if (nats && value > 0) return LargestKl{value};
  const double share = percent || value > 1 ? value / 100 : value;
  return !nats && share > 0 && share <= 1 ? std::optional<AdviceBudget>(KeepShare{share}) : std::nullopt;
}

AdviceWish AdvisePage::wish() const {
  AdviceWish wish;
  wish.text = m_text->currentData().toString() == kAsk ? m_lastText.toStdString()
                                                       : m_text->currentData().toString().toStdString();
  wish.budget = budget().value_or(wish.budget);
  return wish;
}

void AdvisePage::advise() {
  if (budget()) return m_advising.advise(wish());
  emit refused(tr("The budget \"%1\" is neither a share from above 0 to 100 % nor a largest KL such as 0.1 nats.")
                   .arg(m_budget->currentText().trimmed()));
}

void AdvisePage::setObstacle(const QString& sentence) {
  m_obstacle = sentence;
  showView();
}

QString AdvisePage::sentences() const {
  return m_words->toPlainText();
}

std::optional<std::size_t> AdvisePage::chosen() const {
  const QModelIndexList rows = m_table->selectionModel()->selectedRows();
  if (rows.isEmpty()) return std::nullopt;
  const auto* sorted = static_cast<const QSortFilterProxyModel*>(m_table->model());
  return static_cast<std::size_t>(sorted->mapToSource(rows.first()).row());
}

void AdvisePage::take() {
  const auto row = chosen();
  if (!row) return;
  m_advising.apply(m_model->view().rows[*row]);
  emit taken();
}

void AdvisePage::showView() {
  const bool ready = m_document.isOpen() && m_obstacle.isEmpty();
  m_run->setEnabled(ready && !m_advising.job());
  m_start->setVisible(m_run->isEnabled());
  m_run->setToolTip(ready ? tr("Measures every layer's sensitivity, then the study's options and ours at equal bytes")
                          : m_obstacle);
  m_hint->setText(
      !m_obstacle.isEmpty() ? m_obstacle
      : m_advising.job()
          ? tr("Calibrating, then trying every layer alone. The first options appear when that is done.")
          : tr("Which plan is best for a budget? <b>Advise</b> tries every layer alone in every way, "
               "predicts whole plans from that, and then measures the study's own options and the best ones "
               "it can find at equal bytes, on text that took no part in calibration. It takes some minutes."));
  const auto& view = m_advising.view();
  const bool known = view && (!view->rows.empty() || !view->checks.empty());
  m_body->setCurrentIndex(known ? 1 : 0);
  m_again->setVisible(known && view->complete && m_advising.job());
  m_again->setText(tr("Running again. The advice below is the one before; it stays until the new one is finished."));
  if (!known) {
    m_model->show({});
    return;
  }
  const auto before = chosen();
  // The recommendation may change while options are measured: only what the user chose instead is kept.
  const bool chose = before && m_model->view().recommended != before;
  const QString name = chose ? m_model->view().rows[*before].name : QString();
  m_model->show(*view);
  std::optional<std::size_t> select = view->recommended;
  for (std::size_t i = 0; i < view->rows.size(); ++i)
    if (!name.isEmpty() && view->rows[i].name == name) select = i;
  if (select) {
    const auto* sorted = static_cast<const QSortFilterProxyModel*>(m_table->model());
    m_table->selectRow(sorted->mapFromSource(m_model->index(static_cast<int>(*select), 0)).row());
  }
  m_take->setEnabled(select.has_value());
  m_table->resizeColumnsToContents();
  QString html;
  for (const QString& sentence : adviceWords(*view))
    html += QStringLiteral("<p style=\"margin:0 0 5px 0\">%1</p>").arg(sentence.toHtmlEscaped());
  for (const QString& note : adviceNotes(*view))
    html += QStringLiteral("<p style=\"margin:0 0 5px 0\"><i>%1</i></p>").arg(note.toHtmlEscaped());
  m_words->setHtml(html);
  m_checks->setTitle(std::isfinite(view->medianError)
                         ? tr("Prediction against measurement: %1 off, median").arg(words::share(view->medianError))
                         : tr("Prediction against measurement"),
                     tr("Random plans that took no part in fitting the prediction; bars hold about four in five"));
  drawPlots();
}

void AdvisePage::drawPlots() {
  const AdviceView& view = m_model->view();
  if (view.rows.empty() && view.frontier.empty())
    m_options->setDrawing({});
  else
    m_options->setDrawing(
        [view, row = chosen()](QCustomPlot& plot, const Theme& theme) { drawOptions(plot, theme, view, row); });
  if (view.checks.empty())
    m_checks->setDrawing({});
  else
    m_checks->setDrawing([view](QCustomPlot& plot, const Theme& theme) { drawChecks(plot, theme, view); });
}

void AdvisePage::showJob() {
  const JobStatus* job = m_jobs.running();
  const bool ours = job && m_advising.job() == job->id;
  const QString layer = ours ? stageWords(job->item.section(QLatin1Char('.'), -4)) : QString();
  m_job->show(ours ? job : nullptr, layer);
}

} // namespace rankscope::ui
