// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/schedule.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "core/base/error.h"
#include "tests/support/test_main.h"

using namespace rankscope;

static std::vector<std::size_t> orderOf(const Schedule& schedule) {
  std::vector<std::size_t> order;
  runScheduled(schedule, 1, {}, [&](std::size_t item, int) { order.push_back(item); });
  return order;
}

class TestSchedule : public QObject {
  Q_OBJECT

 private slots:
  void largestComesFirstAndEqualsKeepTheirOrder() {
    QCOMPARE(orderOf(Schedule({1, 5, 3, 5, 1})), (std::vector<std::size_t>{1, 3, 2, 0, 4}));
  }

  void preferredComesBeforeAll() {
    Schedule schedule({1, 5, 3, 2});
    const std::vector<std::size_t> wanted{3, 0};
    schedule.prefer(wanted);
    QCOMPARE(orderOf(schedule), (std::vector<std::size_t>{3, 0, 1, 2}));
  }

  void preferenceMayChangeDuringARun() {
    Schedule schedule({9, 5, 3, 2, 1});
    std::vector<std::size_t> order;
    runScheduled(schedule, 1, {}, [&](std::size_t item, int) {
      order.push_back(item);
      const std::vector<std::size_t> wanted{4, 0}; // item 0 has started already
      if (item == 0) schedule.prefer(wanted);
    });
    QCOMPARE(order, (std::vector<std::size_t>{0, 4, 1, 2, 3}));
  }

  void laterPreferencesReplaceEarlierOnes() {
    Schedule schedule({3, 2, 1});
    schedule.prefer(std::vector<std::size_t>{2});
    schedule.prefer(std::vector<std::size_t>{1});
    QCOMPARE(orderOf(schedule), (std::vector<std::size_t>{1, 0, 2}));
  }

  void everyItemRunsOnceOnSeveralCores() {
    std::vector<double> costs;
    for (int i = 0; i < 500; ++i) costs.push_back(i % 7);
    std::vector<std::atomic<int>> runs(costs.size());
    double last = 0;
    const Progress progress({}, [&](double fraction, std::string_view) {
      QVERIFY(fraction >= last);
      last = fraction;
    });
    runScheduled(Schedule(costs), 2, progress, [&](std::size_t item, int threads) {
      ++runs[item];
      QVERIFY(threads == 1 || threads == 2);
    });
    for (const auto& count : runs) QCOMPARE(count.load(), 1);
    QCOMPARE(last, 1.0);
  }

  void lastItemsMaySplitThemselves() {
    std::vector<int> threadsOf(6);
    runScheduled(Schedule({6, 5, 4, 3, 2, 1}), 2, {},
                 [&](std::size_t item, int threads) { threadsOf[item] = threads; });
    QCOMPARE(threadsOf, (std::vector<int>{1, 1, 1, 1, 1, 2}));
    int threadsOfOnly = 0;
    runScheduled(Schedule({1}), 2, {}, [&](std::size_t, int threads) { threadsOfOnly = threads; });
    QCOMPARE(threadsOfOnly, 2);
  }

  void firstExceptionStopsTheRestAndArrives() {
    std::atomic<int> started = 0;
    const auto failing = [&](std::size_t item, int) {
      ++started;
      if (item == 2) throw Error(ErrorKind::NoSpace, "the disk is full");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    };
    try {
      runScheduled(Schedule(std::vector<double>(200, 1.0)), 2, {}, failing);
      QFAIL("the exception was lost");
    } catch (const Error& error) {
      QCOMPARE(error.kind(), ErrorKind::NoSpace);
    }
    QVERIFY(started < 20);
  }

  void stopRequestStartsNothingMore() {
    std::stop_source stop;
    std::atomic<int> started = 0;
    QVERIFY_THROWS_EXCEPTION(Cancelled, runScheduled(Schedule(std::vector<double>(100, 1.0)), 2,
                                                     Progress(stop.get_token()), [&](std::size_t, int) {
                                                       if (++started == 3) stop.request_stop();
                                                     }));
    QVERIFY(started < 6);
  }

  void nothingToDoIsDone() {
    runScheduled(Schedule({}), 2, {}, [](std::size_t, int) { QFAIL("there is no item"); });
    runScheduled(Schedule({0, 0}), 2, {}, [](std::size_t, int) {});
  }
};

RANKSCOPE_TEST_MAIN(TestSchedule)
#include "tst_schedule.moc"
