// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/jobs/job_runner.h"

#include <atomic>

#include <QSignalSpy>
#include <QThread>

#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::ui;

namespace {

/// A job that counts to `steps`, a millisecond each, unless it is stopped.
Job counting(const QString& title, int steps, std::function<void(JobState, const std::optional<Error>&)> ended = {}) {
  Job job;
  job.title = title;
  job.prepare = [steps] {
    return [steps](const Progress& progress) {
      for (int i = 0; i < steps; ++i) {
        progress.check();
        progress.report(static_cast<double>(i) / steps, "step");
        QThread::msleep(1);
      }
    };
  };
  job.ended = std::move(ended);
  return job;
}

} // namespace

class TestJobRunner final : public QObject {
  Q_OBJECT

 private slots:
  void jobsRunOneAfterTheOther() {
    JobRunner runner;
    QStringList order;
    runner.enqueue(
        counting(QStringLiteral("a"), 20, [&](JobState, const auto&) { order.append(QStringLiteral("a")); }));
    runner.enqueue(counting(QStringLiteral("b"), 5, [&](JobState, const auto&) { order.append(QStringLiteral("b")); }));
    QCOMPARE(runner.jobs().size(), std::size_t{2});
    QCOMPARE(runner.running()->title, QStringLiteral("a"));
    QTRY_VERIFY(!runner.isBusy());
    QCOMPARE(order, QStringList({QStringLiteral("a"), QStringLiteral("b")}));
    QCOMPARE(runner.jobs()[1].state, JobState::Done);
    QCOMPARE(runner.jobs()[1].fraction, 1.0);
  }

  void cancelStopsTheRunningJobOnly() {
    JobRunner runner;
    const int first = runner.enqueue(counting(QStringLiteral("long"), 100000));
    const int second = runner.enqueue(counting(QStringLiteral("short"), 3));
    runner.cancel(first);
    QTRY_VERIFY(!runner.isBusy());
    QCOMPARE(runner.job(first)->state, JobState::Cancelled);
    QCOMPARE(runner.job(second)->state, JobState::Done);
  }

  void aWaitingJobCanBeCancelled() {
    JobRunner runner;
    runner.enqueue(counting(QStringLiteral("first"), 30));
    bool told = false;
    const int second = runner.enqueue(counting(
        QStringLiteral("second"), 3, [&](JobState state, const auto&) { told = state == JobState::Cancelled; }));
    runner.cancel(second);
    QVERIFY(told);
    QTRY_VERIFY(!runner.isBusy());
    QCOMPARE(runner.job(second)->state, JobState::Cancelled);
  }

  void errorsBecomeOutcomes() {
    JobRunner runner;
    Job job;
    std::optional<Error> seen;
    job.prepare = [] { return [](const Progress&) { throw Error(ErrorKind::NoSpace, "the disk is full"); }; };
    job.ended = [&](JobState, const std::optional<Error>& error) { seen = error; };
    const int id = runner.enqueue(std::move(job));
    QTRY_VERIFY(!runner.isBusy());
    QCOMPARE(runner.job(id)->state, JobState::Failed);
    QCOMPARE(runner.job(id)->message, QStringLiteral("the disk is full"));
    QVERIFY(seen && seen->kind() == ErrorKind::NoSpace);
  }

  void lettersArriveInOrderOnTheGuiThreadBeforeTheEnd() {
    JobRunner runner;
    std::vector<int> letters;
    bool endedLast = false;
    Job job;
    QThread* const gui = QThread::currentThread();
    job.prepare = [&] {
      return [&](const Progress&) {
        for (int i = 0; i < 500; ++i) {
          runner.deliver([&, i] {
            QCOMPARE(QThread::currentThread(), gui);
            letters.push_back(i);
          });
        }
      };
    };
    job.ended = [&](JobState, const auto&) { endedLast = letters.size() == 500; };
    QSignalSpy batches(&runner.mailbox(), &Mailbox::emptied);
    runner.enqueue(std::move(job));
    QTRY_VERIFY(!runner.isBusy());
    QVERIFY(endedLast);
    QVERIFY(std::is_sorted(letters.begin(), letters.end()));
    QVERIFY2(batches.size() < 20, "letters come in batches");
  }

  void aYieldingJobStepsAsideAndGoesOn() {
    JobRunner runner;
    QStringList order;
    std::atomic<int> done = 0;
    Job spectra;
    spectra.title = QStringLiteral("spectra");
    spectra.yields = true;
    spectra.prepare = [&] {
      order.append(QStringLiteral("spectra begin"));
      return [&done](const Progress& progress) {
        while (done < 60) {
          progress.check();
          QThread::msleep(1);
          ++done;
        }
      };
    };
    spectra.ended = [&](JobState state, const auto&) {
      order.append(state == JobState::Done ? QStringLiteral("spectra done") : QStringLiteral("spectra stopped"));
    };
    const auto note = [&](const QString& what) {
      return [&order, what](JobState, const auto&) { order.append(what); };
    };
    const int first = runner.enqueue(std::move(spectra));
    Job needsThem = counting(QStringLiteral("late"), 2, note(QStringLiteral("late")));
    needsThem.waitsForYielding = true;
    runner.enqueue(std::move(needsThem));
    QTRY_VERIFY(done > 3);
    runner.enqueue(counting(QStringLiteral("urgent"), 2, note(QStringLiteral("urgent"))));
    QTRY_VERIFY(!runner.isBusy());
    QCOMPARE(order,
             QStringList({QStringLiteral("spectra begin"), QStringLiteral("urgent"), QStringLiteral("spectra begin"),
                          QStringLiteral("spectra done"), QStringLiteral("late")}));
    QCOMPARE(runner.job(first)->state, JobState::Done);
    QCOMPARE(done.load(), 60);
  }

  void aJobThatSteppedAsideCanBeCancelled() {
    JobRunner runner;
    Job patient = counting(QStringLiteral("patient"), 100000);
    patient.yields = true;
    const int id = runner.enqueue(std::move(patient));
    runner.enqueue(counting(QStringLiteral("urgent"), 3));
    runner.cancel(id);
    QTRY_VERIFY(!runner.isBusy());
    QCOMPARE(runner.job(id)->state, JobState::Cancelled);
    QVERIFY(runner.worthAsking().empty());
  }

  void cancelAllAndWaitLeavesNothingRunning() {
    JobRunner runner;
    runner.enqueue(counting(QStringLiteral("a"), 100000));
    runner.enqueue(counting(QStringLiteral("b"), 100000));
    runner.cancelAllAndWait();
    QVERIFY(!runner.isBusy());
    for (const JobStatus& job : runner.jobs()) QCOMPARE(job.state, JobState::Cancelled);
  }
};

RANKSCOPE_TEST_MAIN(TestJobRunner)
#include "tst_job_runner.moc"
