// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QProgressBar;
class QToolButton;

namespace rankscope::ui {

class Document;
class JobRunner;

/// What the plan costs, always in sight: bytes before and after, mean cosine, layers by verdict; and the running job.
class TotalsBar final : public QWidget {
  Q_OBJECT

 public:
  TotalsBar(Document& document, JobRunner& jobs, QWidget* parent = nullptr);
  QString text() const;

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void showTotals();
  void showJob();

  Document& m_document;
  JobRunner& m_jobs;
  QLabel* m_bytes;
  QLabel* m_quality;
  QLabel* m_verdicts;
  QLabel* m_job;
  QProgressBar* m_progress;
  QToolButton* m_cancel;
};

} // namespace rankscope::ui
