// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/job_row.h"

#include <QHBoxLayout>
#include <QProgressBar>
#include <QToolButton>

#include "ui/document/words.h"
#include "ui/icons.h"
#include "ui/jobs/job_runner.h"
#include "ui/panels/text_line.h"

namespace rankscope::ui {

namespace {
constexpr int kBarWidth = 150;
constexpr int kSteps = 1000;
} // namespace

JobRow::JobRow(JobRunner& jobs, QWidget* parent)
    : QWidget(parent), m_text(new TextLine(Qt::PlainText, this)), m_progress(new QProgressBar(this)), m_stop(new QToolButton(this)) {
  m_progress->setFixedWidth(kBarWidth);
  m_progress->setRange(0, kSteps);
  m_progress->setTextVisible(false);
  m_progress->setMaximumHeight(12);
  m_progress->setAccessibleName(tr("Progress"));
  m_stop->setIcon(icon("cancel"));
  m_stop->setAutoRaise(true);
  m_stop->setAccessibleName(tr("Cancel"));
  m_stop->setToolTip(tr("Cancel: what is finished is kept"));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  row->addWidget(m_text);
  row->addWidget(m_progress);
  row->addWidget(m_stop);
  connect(m_stop, &QToolButton::clicked, this, [this, &jobs] { jobs.cancel(m_job); });
  hide();
}

void JobRow::show(const JobStatus* job, const QString& what, bool mayStop) {
  setVisible(job);
  if (!job) return;
  m_job = job->id;
  QString text = what.isEmpty() ? QString() : what + QStringLiteral(" · ");
  text += words::share(job->fraction);
  if (job->secondsLeft) text += QStringLiteral(" · ") + tr("%1 left").arg(words::duration(*job->secondsLeft));
  m_text->setText(text);
  m_text->setToolTip(job->item);
  m_progress->setValue(static_cast<int>(kSteps * job->fraction));
  m_stop->setVisible(mayStop);
}

QString JobRow::text() const {
  return m_text->text();
}

} // namespace rankscope::ui
