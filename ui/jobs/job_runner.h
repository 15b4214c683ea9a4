// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <QDateTime>
#include <QElapsedTimer>
#include <QObject>

#include "core/base/error.h"
#include "core/base/eta.h"
#include "core/base/progress.h"
#include "ui/jobs/mailbox.h"

class QTimer;

namespace rankscope::ui {

enum class JobState { Waiting, Running, Done, Cancelled, Failed };

/// What is shown of one job.
struct JobStatus {
  int id = 0;
  QString title;
  JobState state = JobState::Waiting;
  double fraction = 0;
  QString item;                      ///< what is being worked on
  std::optional<double> secondsLeft; ///< known once enough is done to tell
  QDateTime started;
  double seconds = 0;         ///< it took, once it ended
  QString message;            ///< why it failed
  bool asksBeforeStop = true; ///< closing the window must not stop it without a question
};

struct Job {
  QString title;
  bool asksBeforeStop = true;
  /// Others go first: it is stopped when one comes, waits, and is prepared anew after them. Its work takes up what is
  /// finished by itself.
  bool yields = false;
  /// Does not make a yielding job step aside, because it needs what that one finds out.
  bool waitsForYielding = false;
  /// Called on the GUI thread when the job's turn comes; returns the work, which runs on a worker thread and must use
  /// nothing of the GUI but JobRunner::deliver(). May throw Error.
  std::function<std::function<void(const Progress&)>()> prepare;
  /// Called on the GUI thread when all is over; `error` is set when it failed.
  std::function<void(JobState outcome, const std::optional<Error>& error)> ended;
};

/// Runs jobs one after the other on a background thread of low priority, so that the window gets a core when it needs
/// one. Everything but deliver() belongs to the GUI thread. The destructor cancels and joins.
class JobRunner final : public QObject {
  Q_OBJECT

 public:
  explicit JobRunner(QObject* parent = nullptr);
  ~JobRunner() override;

  int enqueue(Job job);
  void cancel(int id);
  void cancelAll();
  /// Cancels everything and returns when the worker has stopped; outcomes are delivered before it returns.
  void cancelAllAndWait();

  bool isBusy() const { return m_running.has_value(); }
  /// Running or waiting jobs that must not be lost without a question, in that order.
  std::vector<const JobStatus*> worthAsking() const;
  const std::vector<JobStatus>& jobs() const { return m_statuses; } ///< all of this session, oldest first
  const JobStatus* running() const;
  const JobStatus* job(int id) const;

  /// From the work: runs `letter` on the GUI thread, in order, before the job's `ended`.
  void deliver(std::function<void()> letter) { m_mailbox.post(std::move(letter)); }
  Mailbox& mailbox() { return m_mailbox; }

 signals:
  void changed(); ///< a job was added, started or ended
  void progressed(int id);
  void ended(int id, rankscope::ui::JobState outcome);

 private:
  struct Waiting {
    int id;
    Job job;
  };
  struct Shared; // written by the worker, read by the poll timer

  void startNext();
  void stepAside();
  std::vector<Waiting>::iterator firstThatYields();
  void finish(JobState outcome, const std::optional<Error>& error);
  void poll();
  JobStatus* status(int id);

  Mailbox m_mailbox;
  std::vector<JobStatus> m_statuses;
  std::vector<Waiting> m_queue;
  std::optional<Waiting> m_running;
  std::shared_ptr<Shared> m_shared;
  QElapsedTimer m_clock;
  Eta m_eta;
  QTimer* m_poll;
  std::jthread m_worker;
  int m_lastId = 0;
  bool m_steppingAside = false; ///< the running job was stopped for another, not by the user
};

} // namespace rankscope::ui
