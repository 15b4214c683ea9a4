// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/jobs/job_runner.h"

#include <algorithm>
#include <mutex>

#include <QTimer>

#include "ui/jobs/low_priority.h"

namespace rankscope::ui {

namespace {
constexpr int kPollMs = 100;
} // namespace

struct JobRunner::Shared {
  std::mutex mutex;
  double fraction = 0;
  std::string item;
};

JobRunner::JobRunner(QObject* parent) : QObject(parent), m_poll(new QTimer(this)) {
  m_poll->setInterval(kPollMs);
  connect(m_poll, &QTimer::timeout, this, &JobRunner::poll);
}

JobRunner::~JobRunner() {
  m_queue.clear();
  if (m_worker.joinable()) {
    m_worker.request_stop();
    m_worker.join();
  }
}

const JobStatus* JobRunner::job(int id) const {
  const auto found =
      std::find_if(m_statuses.begin(), m_statuses.end(), [id](const JobStatus& s) { return s.id == id; });
  return found == m_statuses.end() ? nullptr : &*found;
}

JobStatus* JobRunner::status(int id) {
  return const_cast<JobStatus*>(job(id));
}
const JobStatus* JobRunner::running() const {
  return m_running ? job(m_running->id) : nullptr;
}

std::vector<const JobStatus*> JobRunner::worthAsking() const {
  std::vector<const JobStatus*> found;
  if (m_running && m_running->job.asksBeforeStop) found.push_back(job(m_running->id));
  for (const Waiting& waiting : m_queue)
    if (waiting.job.asksBeforeStop) found.push_back(job(waiting.id));
  return found;
}

int JobRunner::enqueue(Job job) {
  const int id = ++m_lastId;
  JobStatus status;
  status.id = id;
  status.title = job.title;
  status.asksBeforeStop = job.asksBeforeStop;
  m_statuses.push_back(status);
  const bool urgent = !job.yields && !job.waitsForYielding;
  m_queue.insert(urgent ? firstThatYields() : m_queue.end(), {id, std::move(job)});
  if (urgent) stepAside();
  emit changed();
  if (!m_running) startNext();
  return id;
}

/// Where a job goes that comes before those that yield and before those that wait for them.
std::vector<JobRunner::Waiting>::iterator JobRunner::firstThatYields() {
  return std::find_if(m_queue.begin(), m_queue.end(),
                      [](const Waiting& w) { return w.job.yields || w.job.waitsForYielding; });
}

void JobRunner::stepAside() {
  if (!m_running || !m_running->job.yields) return;
  m_steppingAside = true;
  m_worker.request_stop();
}

void JobRunner::startNext() {
  while (!m_running && !m_queue.empty()) {
    m_running = std::move(m_queue.front());
    m_queue.erase(m_queue.begin());
    JobStatus& now = *status(m_running->id);
    now.state = JobState::Running;
    now.started = QDateTime::currentDateTime();
    m_clock.start();
    m_eta = Eta();
    std::function<void(const Progress&)> work;
    try {
      work = m_running->job.prepare();
    } catch (const Error& error) {
      finish(JobState::Failed, error);
      return;
    }
    m_shared = std::make_shared<Shared>();
    m_poll->start();
    emit changed();
    m_worker = std::jthread([this, work = std::move(work), shared = m_shared](std::stop_token stop) {
      takeLowPriority();
      JobState outcome = JobState::Done;
      std::optional<Error> error;
      try {
        work(Progress(stop, [shared](double fraction, std::string_view item) {
          const std::lock_guard lock(shared->mutex);
          shared->fraction = std::max(shared->fraction, fraction);
          if (!item.empty()) shared->item = item;
        }));
      } catch (const Cancelled&) {
        outcome = JobState::Cancelled;
      } catch (const Error& failure) {
        outcome = JobState::Failed;
        error = failure;
      } catch (const std::bad_alloc&) {
        outcome = JobState::Failed;
        error = Error(ErrorKind::NoSpace, "there is not enough memory for this");
      } catch (const std::exception& failure) {
        outcome = JobState::Failed;
        error = Error(ErrorKind::Unreadable, failure.what());
      }
      deliver([this, outcome, error] { finish(outcome, error); });
    });
  }
}

void JobRunner::finish(JobState outcome, const std::optional<Error>& error) {
  if (m_worker.joinable()) m_worker.join();
  m_poll->stop();
  Waiting over = std::move(*m_running);
  m_running.reset();
  JobStatus& then = *status(over.id);
  if (std::exchange(m_steppingAside, false) && outcome == JobState::Cancelled) {
    then.state = JobState::Waiting;
    then.secondsLeft.reset();
    m_queue.insert(firstThatYields(), std::move(over));
    emit changed();
    startNext();
    return;
  }
  then.state = outcome;
  then.seconds = static_cast<double>(m_clock.elapsed()) / 1000;
  then.secondsLeft.reset();
  if (outcome == JobState::Done) then.fraction = 1;
  if (error) then.message = QString::fromUtf8(error->what());
  if (over.job.ended) over.job.ended(outcome, error);
  emit ended(over.id, outcome);
  emit changed();
  if (!m_running) startNext();
}

void JobRunner::poll() {
  if (!m_running) return;
  JobStatus& now = *status(m_running->id);
  {
    const std::lock_guard lock(m_shared->mutex);
    now.fraction = m_shared->fraction;
    now.item = QString::fromStdString(m_shared->item);
  }
  const double seconds = static_cast<double>(m_clock.elapsed()) / 1000;
  m_eta.update(now.fraction, seconds);
  now.secondsLeft = m_eta.secondsLeft(seconds);
  emit progressed(now.id);
}

void JobRunner::cancel(int id) {
  if (m_running && m_running->id == id) {
    m_steppingAside = false;
    m_worker.request_stop();
    return;
  }
  const auto found = std::find_if(m_queue.begin(), m_queue.end(), [id](const Waiting& w) { return w.id == id; });
  if (found == m_queue.end()) return;
  const Waiting dropped = std::move(*found);
  m_queue.erase(found);
  status(id)->state = JobState::Cancelled;
  if (dropped.job.ended) dropped.job.ended(JobState::Cancelled, std::nullopt);
  emit ended(id, JobState::Cancelled);
  emit changed();
}

void JobRunner::cancelAll() {
  while (!m_queue.empty()) cancel(m_queue.back().id);
  if (m_running) cancel(m_running->id);
}

void JobRunner::cancelAllAndWait() {
  cancelAll();
  while (m_running) {
    if (m_worker.joinable()) m_worker.join();
    m_mailbox.open();
  }
}

} // namespace rankscope::ui
