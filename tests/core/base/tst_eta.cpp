// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/eta.h"

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
    for (int second = 31; second <= 60; ++second) eta.update(0.3 + (second - 30) / 400.0, second);
    QVERIFY(std::abs(*eta.secondsLeft(60) - 0.625 * 400) < 5);
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
