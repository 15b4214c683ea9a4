// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/multiple_choice.h"

#include <cmath>
#include <random>

#include <QElapsedTimer>

#include "tests/support/test_main.h"

using namespace rankscope;

namespace {

using Layers = std::vector<std::vector<Alternative>>;

/// Layers with a falling curve, a few alternatives off it (as a quantised base is) and dense at cost 0.
Layers randomLayers(std::mt19937& random, int layers, int alternatives) {
  const auto uniform = [&] { return (random() + 0.5) / 4294967296.0; };
  Layers all;
  for (int i = 0; i < layers; ++i) {
    const double scale = std::exp(4 * uniform()), fall = 0.5 + 0.45 * uniform();
    std::vector<Alternative> layer;
    for (int k = 1; k <= alternatives; ++k)
      layer.push_back({static_cast<double>(k * (1 + static_cast<int>(random() % 4))), scale * std::pow(fall, k)});
    layer.push_back({static_cast<double>(3 * alternatives), 0});
    all.push_back(std::move(layer));
  }
  return all;
}

/// Exact optimum by dynamic programming over whole bytes.
double optimum(const Layers& layers, int limit) {
  std::vector<double> best(static_cast<std::size_t>(limit) + 1, 0);
  for (const auto& layer : layers) {
    std::vector<double> next(best.size(), INFINITY);
    for (const Alternative& a : layer)
      for (auto used = static_cast<std::size_t>(a.bytes); used < next.size(); ++used)
        next[used] = std::min(next[used], best[used - static_cast<std::size_t>(a.bytes)] + a.cost);
    best = std::move(next);
  }
  return best.back();
}

double leastBytesOf(const Layers& layers) {
  double sum = 0;
  for (const auto& layer : layers) {
    double least = INFINITY;
    for (const Alternative& a : layer) least = std::min(least, a.bytes);
    sum += least;
  }
  return sum;
}

} // namespace

class TestMultipleChoice final : public QObject {
  Q_OBJECT

 private slots:
  void agreesWithDynamicProgramming_data();
  void agreesWithDynamicProgramming();
  void sumsAreOfTheChosen();
  void nothingFits();
  void pinned();
  void costLimit();
  void frontierFalls();
  void largeModelIsQuick();
};

void TestMultipleChoice::agreesWithDynamicProgramming_data() {
  QTest::addColumn<int>("layers");
  QTest::addColumn<int>("alternatives");
  QTest::addColumn<double>("worst"); // above the optimum, of what the smallest alternatives cost
  QTest::addRow("two") << 2 << 8 << 1e-9;
  QTest::addRow("six") << 6 << 12 << 0.02;
  QTest::addRow("forty") << 40 << 20 << 0.0005;
}

void TestMultipleChoice::agreesWithDynamicProgramming() {
  QFETCH(int, layers);
  QFETCH(int, alternatives);
  QFETCH(double, worst);
  std::mt19937 random(5);
  double largest = 0, sum = 0;
  constexpr int kTries = 60;
  for (int i = 0; i < kTries; ++i) {
    const Layers all = randomLayers(random, layers, alternatives);
    const int least = static_cast<int>(leastBytesOf(all));
    const int limit = least + static_cast<int>(random() % static_cast<unsigned>(3 * layers * alternatives - least));
    const double best = optimum(all, limit);
    const Selection found = leastCost(all, limit);
    QVERIFY(found.feasible);
    QVERIFY(found.bytes <= limit);
    QVERIFY(found.cost >= best - 1e-9);
    QVERIFY2(found.bound <= best + 1e-9, "the bound must hold for the optimum");
    largest = std::max(largest, (found.cost - best) / leastCost(all, 0).cost);
    sum += best > 0 ? found.cost / best : 1;
  }
  QVERIFY2(largest <= worst, qPrintable(QString("%1 above the optimum").arg(largest)));
  QVERIFY2(sum / kTries <= 1.01, qPrintable(QString("%1 times the optimum on average").arg(sum / kTries)));
}

void TestMultipleChoice::sumsAreOfTheChosen() {
  std::mt19937 random(6);
  const Layers all = randomLayers(random, 9, 10);
  const Selection found = leastCost(all, 2 * leastBytesOf(all));
  double bytes = 0, cost = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    bytes += all[i][found.chosen[i]].bytes;
    cost += all[i][found.chosen[i]].cost;
  }
  QCOMPARE(found.bytes, bytes);
  QCOMPARE(found.cost, cost);
}

void TestMultipleChoice::nothingFits() {
  const Layers all{{{5, 1}, {3, 2}}, {{4, 7}}};
  const Selection found = leastCost(all, 6);
  QVERIFY(!found.feasible);
  QCOMPARE(found.chosen, (std::vector<std::size_t>{1, 0}));
  QCOMPARE(found.bytes, 7.0);
}

void TestMultipleChoice::pinned() {
  const Layers all{{{50, 9}}, {{5, 4}, {10, 1}, {12, 0}}};
  QCOMPARE(leastCost(all, 61).chosen, (std::vector<std::size_t>{0, 1}));
  QCOMPARE(leastCost(all, 62).chosen, (std::vector<std::size_t>{0, 2}));
}

void TestMultipleChoice::costLimit() {
  const Layers all{{{1, 10}, {4, 3}, {9, 0}}, {{2, 8}, {6, 1}, {20, 0}}};
  const Selection found = leastBytes(all, 4.0);
  QCOMPARE(found.chosen, (std::vector<std::size_t>{1, 1}));
  QCOMPARE(found.cost, 4.0);
  QCOMPARE(found.bytes, 10.0);
  QVERIFY(!leastBytes(all, -1).feasible);
}

void TestMultipleChoice::frontierFalls() {
  std::mt19937 random(7);
  const Layers all = randomLayers(random, 20, 15);
  const std::vector<Selection> frontier = costFrontier(all, 25);
  QCOMPARE(frontier.size(), std::size_t{25});
  QCOMPARE(frontier.front().bytes, leastBytesOf(all));
  QCOMPARE(frontier.back().cost, 0.0);
  for (std::size_t i = 1; i < frontier.size(); ++i) {
    QVERIFY(frontier[i].cost <= frontier[i - 1].cost + 1e-9);
    QVERIFY(frontier[i].feasible);
  }
}

void TestMultipleChoice::largeModelIsQuick() {
  std::mt19937 random(8);
  const Layers all = randomLayers(random, 500, 200);
  QElapsedTimer timer;
  timer.start();
  const Selection found = leastCost(all, 3 * leastBytesOf(all));
  QVERIFY(found.cost <= 1.001 * found.bound);
  QVERIFY2(timer.elapsed() < 5000, qPrintable(QString("%1 ms").arg(timer.elapsed())));
}

RANKSCOPE_TEST_MAIN(TestMultipleChoice)
#include "tst_multiple_choice.moc"
