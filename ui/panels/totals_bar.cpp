// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/totals_bar.h"

#include <QEvent>
#include <QFrame>
#include <QHBoxLayout>
#include <QToolButton>

#include "ui/document/advising.h"
#include "ui/document/document.h"
#include "ui/document/words.h"
#include "ui/jobs/job_runner.h"
#include "ui/panels/job_row.h"
#include "ui/panels/text_line.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {

QFrame* divider(QWidget* parent) {
  auto* line = new QFrame(parent);
  line->setFrameShape(QFrame::VLine);
  line->setFrameShadow(QFrame::Plain);
  line->setForegroundRole(QPalette::Mid);
  return line;
}

} // namespace

TotalsBar::TotalsBar(Document& document, JobRunner& jobs, Advising& advising, QWidget* parent)
    : QWidget(parent), m_document(document), m_jobs(jobs), m_advising(advising),
      m_bytes(new TextLine(Qt::RichText, this)), m_quality(new TextLine(Qt::RichText, this)),
      m_prediction(new TextLine(Qt::RichText, this)), m_verdicts(new TextLine(Qt::RichText, this)),
      m_job(new JobRow(jobs, this)) {
  m_bytes->setToolTip(tr("Bytes of the whole model's tensors before and after, scales included; and the same for the "
                         "attention and MLP matrices alone"));
  m_quality->setToolTip(
      tr("Mean cosine of the layers that get factors: measured where there is a measurement, else predicted. What "
         "quantised layers and factors fitted to a text keep is known once Compress has measured it."));
  m_prediction->setToolTip(
      tr("Predicted cost of the whole plan: KL in nats a token with the range that holds about four plans in five, and "
         "perplexity. From an advice's measurements of single layers."));
  m_prediction->setAccessibleName(tr("Predicted cost"));
  m_prediction->setObjectName(QStringLiteral("prediction"));
  m_verdicts->setToolTip(tr("Layers that get factors, by verdict"));
  m_bytes->setAccessibleName(tr("Size before and after"));
  m_quality->setAccessibleName(tr("Mean cosine"));
  m_verdicts->setAccessibleName(tr("Layers by verdict"));
  m_job->stopButton().setObjectName(QStringLiteral("cancelJob"));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(8, 2, 4, 2);
  row->setSpacing(10);
  row->addWidget(m_bytes);
  row->addWidget(divider(this));
  row->addWidget(m_quality);
  row->addWidget(divider(this));
  row->addWidget(m_verdicts);
  row->addWidget(m_prediction);
  row->addStretch(1);
  row->addWidget(m_job);
  connect(&document, &Document::totalsChanged, this, &TotalsBar::showTotals);
  connect(&document, &Document::closed, this, &TotalsBar::showTotals);
  connect(&document, &Document::totalsChanged, this, &TotalsBar::showPrediction);
  connect(&advising, &Advising::predictorChanged, this, &TotalsBar::showPrediction);
  connect(&jobs, &JobRunner::changed, this, &TotalsBar::showJob);
  connect(&jobs, &JobRunner::progressed, this, &TotalsBar::showJob);
  showTotals();
  showPrediction();
  showJob();
}

void TotalsBar::showTotals() {
  const bool open = m_document.isOpen();
  for (QFrame* line : findChildren<QFrame*>(QString(), Qt::FindDirectChildrenOnly)) line->setVisible(open);
  for (TextLine* line : {m_bytes, m_quality, m_verdicts}) line->setVisible(open);
  if (!open) return;
  const PlanTotals& totals = m_document.totals();
  m_bytes->setText(tr("%1 → <b>%2</b> · %3 kept (%4 of the linears)")
                       .arg(words::bytes(totals.model.before), words::bytes(totals.model.after),
                            words::share(totals.model.kept()), words::share(totals.scope.kept())));
  if (totals.compressed == 0) {
    m_quality->setText(tr("every layer dense"));
  } else if (totals.unknown == totals.compressed) {
    const bool comes = m_document.spectraKnown() < static_cast<int>(m_document.layerCount());
    m_quality->setText(comes ? tr("mean cosine …") : tr("mean cosine –"));
  } else {
    const QString about = totals.measured == totals.compressed ? QString() : QStringLiteral("≈ ");
    m_quality->setText(tr("mean cosine <b>%1%2</b>").arg(about, words::cosine(totals.meanCosine)));
  }
  const Theme& theme = themeFor(palette());
  QStringList parts;
  for (const Verdict verdict : kVerdicts) {
    const int count = totals.verdicts[static_cast<std::size_t>(verdict)];
    if (count == 0) continue;
    parts.append(
        QStringLiteral("<span style=\"color:%1\">%2 %3 %4</span>")
            .arg(theme.of(verdict).name(), words::verdictMark(verdict), words::count(count), words::verdict(verdict)));
  }
  if (totals.larger > 0)
    parts.append(QStringLiteral("<b>⚠ %1</b>").arg(tr("%n layer(s) larger than before", nullptr, totals.larger)));
  if (totals.dense > 0) parts.append(tr("%1 dense").arg(words::count(totals.dense)));
  m_verdicts->setText(parts.join(QStringLiteral("&nbsp;&nbsp;")));
}

void TotalsBar::showPrediction() {
  const auto prediction = m_advising.prediction();
  const bool shown = prediction && m_document.totals().compressed > 0;
  m_prediction->setVisible(shown);
  if (!shown) {
    m_prediction->setText(QString());
    return;
  }
  const PlanPrediction& p = *prediction;
  m_prediction->setText(p.covered ? tr("KL ≈ <b>%1</b> (%2–%3) · perplexity ≈ %4")
                                        .arg(words::nats(p.kl), words::nats(p.klLow), words::nats(p.klHigh),
                                             words::real(p.perplexity, p.perplexity < 100 ? 2 : 0))
                                  : tr("beyond what was measured: KL ≈ %1").arg(words::real(p.kl, 1)));
}

QString TotalsBar::text() const {
  return QStringList{m_bytes->text(), m_quality->text(), m_verdicts->text(), m_prediction->text()}.join(
      QLatin1Char(' '));
}

void TotalsBar::showJob() {
  const JobStatus* job = m_jobs.running();
  m_job->show(job, job ? job->title : QString());
}

void TotalsBar::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) showTotals();
}

} // namespace rankscope::ui
