// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_main.h"

#include <stop_token>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/progress.h"

using namespace rankscope;

class TestProgress : public QObject {
  Q_OBJECT

 private slots:
  void defaultIsSilentAndNeverStops();
  void reportsWithinRange();
  void slicesNest();
  void stopReachesEveryCopy();
  void silentKeepsTheStopToken();
};

void TestProgress::defaultIsSilentAndNeverStops() {
  const Progress progress;
  progress.report(0.5, "anything");
  progress.check();
  QVERIFY(!progress.stopRequested());
}

void TestProgress::reportsWithinRange() {
  std::vector<double> seen;
  std::string last;
  const Progress progress({}, [&](double fraction, std::string_view what) {
    seen.push_back(fraction);
    last = what;
  });
  for (const double fraction : {-1.0, 0.25, 7.0}) progress.report(fraction, "x");
  QVERIFY((seen == std::vector<double>{0, 0.25, 1}));
  QCOMPARE(last, std::string("x"));
}

void TestProgress::slicesNest() {
  std::vector<double> seen;
  const Progress progress({}, [&](double fraction, std::string_view) { seen.push_back(fraction); });
  const Progress half = progress.slice(0.5, 1);
  half.report(0.5);
  half.slice(0.5, 0.75).report(1);
  half.slice(0, 0.5).report(0.5);
  progress.report(1);
  QVERIFY((seen == std::vector<double>{0.75, 0.875, 0.625, 1}));
}

void TestProgress::stopReachesEveryCopy() {
  std::stop_source stop;
  const Progress progress(stop.get_token());
  const Progress slice = progress.slice(0.2, 0.4);
  slice.check();
  stop.request_stop();
  QVERIFY_EXCEPTION_THROWN(progress.check(), Cancelled);
  QVERIFY_EXCEPTION_THROWN(slice.check(), Cancelled);
}

void TestProgress::silentKeepsTheStopToken() {
  std::stop_source stop;
  int reports = 0;
  const Progress silent = Progress(stop.get_token(), [&](double, std::string_view) { ++reports; }).silent();
  silent.report(0.5);
  QCOMPARE(reports, 0);
  stop.request_stop();
  QVERIFY_EXCEPTION_THROWN(silent.check(), Cancelled);
}

RANKSCOPE_TEST_MAIN(TestProgress)
#include "tst_progress.moc"
