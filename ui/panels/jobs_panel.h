// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QPushButton;
class QTreeWidget;

namespace rankscope::ui {

class JobRunner;

/// Every job of this session: what it is, how far, how it ended.
class JobsPanel final : public QWidget {
  Q_OBJECT

 public:
  explicit JobsPanel(JobRunner& jobs, QWidget* parent = nullptr);

 private:
  void showJobs();
  void showJob(int id);

  JobRunner& m_jobs;
  QTreeWidget* m_list;
  QPushButton* m_cancel;
};

} // namespace rankscope::ui
