// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QProgressBar;
class QToolButton;

namespace rankscope::ui {

class Advising;
class Document;
class JobRunner;

/// What the plan costs, always in sight: bytes before and after, mean cosine, layers by verdict, and,
/// once an advice has measured the layers, the end-to-end cost to be expected; and the running job.
class TotalsBar final : public QWidget {
  Q_OBJECT

 public:
  TotalsBar(Document& document, JobRunner& jobs, Advising& advising, QWidget* parent = nullptr);
  QString text() const;

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void showTotals();
  void showPrediction();
  void showJob();

  Document& m_document;
  JobRunner& m_jobs;
  Advising& m_advising;
  QLabel* m_bytes;
  QLabel* m_quality;
  QLabel* m_prediction;
  QLabel* m_verdicts;
  QLabel* m_job;
  QProgressBar* m_progress;
  QToolButton* m_cancel;
};

} // namespace rankscope::ui
