// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QProgressBar;
class QToolButton;

namespace rankscope::ui {

class JobRunner;
class TextLine;
struct JobStatus;

/// One job as a line: what it is doing, how far it is, how long it will take, and a button that stops it. Hidden while
/// there is none to show.
class JobRow final : public QWidget {
  Q_OBJECT

 public:
  explicit JobRow(JobRunner& jobs, QWidget* parent = nullptr);

  /// `job` may be null. `what` stands before the figures.
  void show(const JobStatus* job, const QString& what, bool mayStop = true);
  QString text() const;
  QToolButton& stopButton() const { return *m_stop; }

 private:
  TextLine* m_text;
  QProgressBar* m_progress;
  QToolButton* m_stop;
  int m_job = 0;
};

} // namespace rankscope::ui
