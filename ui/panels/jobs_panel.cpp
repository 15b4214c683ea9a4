// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/jobs_panel.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "ui/document/words.h"
#include "ui/jobs/job_runner.h"
#include "ui/models/layer_delegates.h"

namespace rankscope::ui {

namespace {

enum Column { Title, State, Time, Message };
constexpr int kIdRole = Qt::UserRole + 1;

QString stateText(const JobStatus& job) {
  switch (job.state) {
  case JobState::Waiting:
    return JobsPanel::tr("waiting");
  case JobState::Running:
    return words::share(job.fraction);
  case JobState::Done:
    return JobsPanel::tr("done");
  case JobState::Cancelled:
    return JobsPanel::tr("cancelled");
  case JobState::Failed:
    return JobsPanel::tr("failed");
  }
  return {};
}

QString timeText(const JobStatus& job) {
  if (job.state == JobState::Waiting) return {};
  if (job.state == JobState::Running)
    return job.secondsLeft ? JobsPanel::tr("%1 left").arg(words::duration(*job.secondsLeft)) : QString();
  return job.seconds < 0.95 ? JobsPanel::tr("%1 s").arg(words::real(job.seconds, 1)) : words::duration(job.seconds);
}

} // namespace

JobsPanel::JobsPanel(JobRunner& jobs, QWidget* parent)
    : QWidget(parent), m_jobs(jobs), m_list(new QTreeWidget(this)), m_cancel(new QPushButton(tr("Cancel job"), this)) {
  m_list->setHeaderLabels({tr("Job"), tr("State"), tr("Time"), tr("Message")});
  m_list->setAccessibleName(tr("Jobs"));
  m_list->setRootIsDecorated(false);
  m_list->setFrameShape(QFrame::NoFrame);
  m_list->setUniformRowHeights(true);
  m_list->setItemDelegate(new RowDelegate(m_list));
  m_cancel->setToolTip(tr("What is finished is kept"));
  auto* foot = new QHBoxLayout;
  foot->setContentsMargins(6, 0, 6, 6);
  foot->addStretch(1);
  foot->addWidget(m_cancel);
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->addWidget(m_list, 1);
  box->addLayout(foot);
  connect(&jobs, &JobRunner::changed, this, &JobsPanel::showJobs);
  connect(&jobs, &JobRunner::progressed, this, &JobsPanel::showJob);
  connect(m_cancel, &QPushButton::clicked, this, [this] {
    if (const auto* item = m_list->currentItem()) m_jobs.cancel(item->data(Title, kIdRole).toInt());
  });
  showJobs();
}

void JobsPanel::showJobs() {
  const auto& jobs = m_jobs.jobs();
  while (m_list->topLevelItemCount() < static_cast<int>(jobs.size()))
    m_list->insertTopLevelItem(0, new QTreeWidgetItem);
  for (const JobStatus& job : jobs) {
    // Newest first, so that what runs is at the top.
    auto* item = m_list->topLevelItem(static_cast<int>(jobs.size()) - job.id);
    item->setData(Title, kIdRole, job.id);
    item->setText(Title, job.title);
    item->setText(Message, job.message);
    item->setToolTip(Message, job.message);
    showJob(job.id);
  }
  if (m_jobs.running())
    m_list->setCurrentItem(m_list->topLevelItem(static_cast<int>(jobs.size()) - m_jobs.running()->id));
  m_cancel->setEnabled(m_jobs.isBusy());
  for (const int column : {Title, State, Time}) m_list->resizeColumnToContents(column);
}

void JobsPanel::showJob(int id) {
  const JobStatus* job = m_jobs.job(id);
  auto* item = m_list->topLevelItem(static_cast<int>(m_jobs.jobs().size()) - id);
  if (!job || !item) return;
  item->setText(State, stateText(*job));
  item->setText(Time, timeText(*job));
}

} // namespace rankscope::ui
