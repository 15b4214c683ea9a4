// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/eta.h"

#include <algorithm>
#include <cmath>

#include "tests/support/test_main.h"

using namespace rankscope;

class TestEta : public QObject {
  Q_OBJECT

 private slots:
  void saysNothingBeforeItKnows() {
    Eta eta;
    QVERIFY(!eta.secondsLeft(5));
    eta.update(0, 5);
    QVERIFY(!eta.secondsLeft(6));
    Eta early;
    early.update(0.5, 0.01);
    QVERIFY(!early.secondsLeft(0.01));
    early.update(0.6, 2.5); // a short time
    QVERIFY(!early.secondsLeft(2.5));
    Eta little;
    little.update(0.01, 20); // a small part
    QVERIFY(!little.secondsLeft(20));
    little.update(0.02, 61); // of a long run: better than nothing
    QVERIFY(std::abs(*little.secondsLeft(61) - 0.98 / 0.01 * 41) < 1);
  }

  void steadyPaceIsExtrapolated() {
    Eta eta;
    for (int second = 1; second <= 40; ++second) eta.update(second / 100.0, second);
    QVERIFY(std::abs(*eta.secondsLeft(40) - 60) < 1e-9);
    QVERIFY(std::abs(*eta.secondsLeft(43) - 57) < 1e-9);
  }

  void resultsFromACacheDoNotFlatter() {
    Eta eta;
    eta.update(0.5, 0.05); // half was known already
    for (int second = 1; second <= 30; ++second) eta.update(0.5 + second / 200.0, second);
    QVERIFY(std::abs(*eta.secondsLeft(30) - 70) < 1);
  }

  void slowdownIsNoticed() {
    Eta eta;
    for (int second = 1; second <= 30; ++second) eta.update(second / 100.0, second);
    for (int second = 31; second <= 75; ++second) eta.update(0.3 + (second - 30) / 400.0, second);
    QVERIFY(std::abs(*eta.secondsLeft(75) - 0.5875 * 400) < 5);
  }

  void stepsOfDifferentLengthDoNotShakeIt() {
    Eta eta;
    double least = INFINITY, most = 0, share = 0, next = 0;
    for (int tick = 1; tick <= 2000; ++tick) { // 200 s of 400, told ten times a second
      const double second = tick / 10.0;
      if (second >= next) {
        share = second / 400;
        next = second + (tick % 3 == 0 ? 6 : 2);
      }
      eta.update(share, second);
      if (second < 40) continue;
      const double end = second + *eta.secondsLeft(second);
      least = std::min(least, end);
      most = std::max(most, end);
    }
    QVERIFY2(least > 380 && most < 420, qPrintable(QStringLiteral("%1 to %2").arg(least).arg(most)));
  }

  void aStandstillIsNoticed() {
    Eta eta;
    for (int second = 1; second <= 90; ++second) eta.update(second / 100.0, second);
    for (int second = 91; second <= 180; ++second) eta.update(0.9, second);
    QVERIFY(*eta.secondsLeft(180) > 5);
  }

  void doneIsZeroAndNothingIsNegative() {
    Eta eta;
    eta.update(0.9, 9);
    QCOMPARE(*eta.secondsLeft(100), 0.0);
    eta.update(1, 101);
    QCOMPARE(*eta.secondsLeft(101), 0.0);
  }
};

RANKSCOPE_TEST_MAIN(TestEta)
#include "tst_eta.moc"
