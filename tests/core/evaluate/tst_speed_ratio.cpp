// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/speed_ratio.h"

#include <cmath>
#include <random>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/test_main.h"

using namespace rankscope;

class TestSpeedRatio final : public QObject {
  Q_OBJECT

 private slots:
  void quotientsRoundByRound();
  void outliersAreLeftOut();
  void intervalHoldsTheMedian_data();
  void intervalHoldsTheMedian();
  void words();
  void json();
};

void TestSpeedRatio::quotientsRoundByRound() {
  // The machine got slower by and by; the second model is twice as fast in every round.
  const std::vector<double> reference{100, 80, 50, 30}, twice{200, 160, 100, 60};
  QVERIFY((speedRatio(twice, reference) == SpeedRatio{2, 2, 2}));
  QVERIFY(speedRatio(twice, reference).isClear());
  QVERIFY((speedRatio({}, {}) == SpeedRatio()));
  QVERIFY(!SpeedRatio().isClear());
}

void TestSpeedRatio::outliersAreLeftOut() {
  const std::vector<double> reference(9, 1.0), speeds{1.3, 1.1, 0.2, 1.2, 1.15, 9, 1.25, 1.22, 1.18};
  const SpeedRatio ratio = speedRatio(speeds, reference);
  QCOMPARE(ratio.value, 1.2);
  QCOMPARE(ratio.low, 1.15);  // the third smallest of nine: 82 %
  QCOMPARE(ratio.high, 1.25);
  QVERIFY(ratio.isClear());
  const SpeedRatio few = speedRatio(std::span(speeds).first(3), std::span(reference).first(3));
  QVERIFY((few == SpeedRatio{1.1, 0.2, 1.3})); // all of three: 75 %
  QVERIFY(!few.isClear());
}

void TestSpeedRatio::intervalHoldsTheMedian_data() {
  QTest::addColumn<int>("rounds");
  for (const int rounds : {3, 4, 5, 6, 7, 8, 9, 10, 11}) QTest::addRow("%d", rounds) << rounds;
}

void TestSpeedRatio::intervalHoldsTheMedian() {
  QFETCH(int, rounds);
  std::mt19937 random(1);
  std::lognormal_distribution<double> skewed(0, 1); // median 1
  const std::vector<double> reference(static_cast<std::size_t>(rounds), 1.0);
  int held = 0;
  constexpr int kTrials = 4000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> speeds;
    for (int i = 0; i < rounds; ++i) speeds.push_back(skewed(random));
    const SpeedRatio ratio = speedRatio(speeds, reference);
    if (ratio.low <= 1 && ratio.high >= 1) ++held;
  }
  QVERIFY2(held >= 0.73 * kTrials && held <= 0.96 * kTrials, qPrintable(QString::number(held)));
}

void TestSpeedRatio::words() {
  QCOMPARE(ratioText({1.324, 1.28, 1.36}), std::string("1.32 ± 0.04"));
  QCOMPARE(ratioText({1.324, 1.324, 1.324}), std::string("1.32"));
}

void TestSpeedRatio::json() {
  const SpeedRatio ratio{1.3, 1.2, 1.5};
  nlohmann::json object{{"ratio", ratio.value}, {"ratio_interval", intervalJson(ratio)}};
  QVERIFY(speedRatioFrom(object, "ratio") == ratio);
  object["ratio_interval"] = {1, "2"};
  QVERIFY((speedRatioFrom(object, "ratio") == SpeedRatio{1.3, 1.3, 1.3}));
  QVERIFY(std::isnan(speedRatioFrom(object, "other").value));
}

RANKSCOPE_TEST_MAIN(TestSpeedRatio)
#include "tst_speed_ratio.moc"
