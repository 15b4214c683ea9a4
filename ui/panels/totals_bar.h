// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace rankscope::ui {

class Advising;
class Document;
class JobRow;
class JobRunner;
class TextLine;

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
  TextLine* m_bytes;
  TextLine* m_quality;
  TextLine* m_prediction;
  TextLine* m_verdicts;
  JobRow* m_job;
};

} // namespace rankscope::ui
