// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/evaluation_geometry.h"

#include <cmath>
#include <limits>

#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::ui;

class TestEvaluationGeometry final : public QObject {
  Q_OBJECT

 private slots:
  void barsLoseEmptyEndsOnly() {
    const std::vector<HistogramBar> bars =
        klBars({{0, 1e-6, 0}, {1e-6, 1e-5, 3}, {1e-5, 1e-4, 0}, {1e-4, 1e-3, 1}, {1e-3, 1e-2, 0}});
    QCOMPARE(bars.size(), std::size_t{3});
    QCOMPARE(bars[0].share, 0.75);
    QCOMPARE(bars[1].share, 0.0);
    QCOMPARE(bars[2].to, 1e-3);
    QVERIFY(klBars({{1, 2, 0}}).empty());
    QVERIFY(klBars({{0, 1, 4}})[0].from > 0); // a log axis has no 0
  }

  void theSweepsLinesStartAtOneLayersError() {
    StudyReport study;
    study.singleError = 0.1;
    study.sweep = {{1, 0, 0, 1, 1, 0.1}, {4, 0, 0, 1, 1, 0.19}, {16, 0, 0, 1, 1, 0.45}};
    study.sweepMeans = {{1, 0.1, 0}, {4, 0.19, 0}, {16, 0.45, 0}};
    study.errorFit = PowerFit{0.5, 0.1, 0.1, 3, false};
    const SweepLines lines = sweepLines(study);
    QCOMPARE(lines.averaging.y.front(), 0.1);
    QVERIFY(std::abs(lines.averaging.y.back() - 0.025) < 1e-12);
    QVERIFY(std::abs(lines.randomWalk.y.back() - 0.4) < 1e-12);
    QCOMPARE(lines.constant.y.back(), 0.1);
    QVERIFY(std::abs(lines.fit.y.back() - 0.4) < 1e-12);
    QVERIFY(std::abs(lines.averaging.x.back() - 16) < 1e-9);
    QVERIFY(lines.y.lower < 0.025 && lines.y.upper > 0.45);
    QVERIFY(sweepLines({}).averaging.x.empty());
  }

  void noLineExceedsWhatAnErrorCanBe() {
    StudyReport study;
    study.singleError = 0.7;
    study.sweep = {{1, 0, 0, 1, 1, 0.7}, {64, 0, 0, 1, 1, 0.99}};
    for (const double y : sweepLines(study).randomWalk.y) QVERIFY(y <= 1);
  }

  void theWorstComeFirst() {
    std::vector<LayerEffect> layers(3);
    layers[0].name = "a";
    layers[0].kl = 0.1;
    layers[0].weights.cosine = 0.5;
    layers[1].name = "b";
    layers[1].kl = 0.3;
    layers[1].weights.cosine = 0.9;
    layers[2].name = "c";
    layers[2].kl = std::numeric_limits<double>::quiet_NaN();
    layers[2].weights.cosine = 0.7;
    const auto byKl = worstLayers(layers, Effect::Kl, 9);
    QCOMPARE(byKl.size(), std::size_t{2});
    QCOMPARE(byKl[0].name, std::string("b"));
    const auto byCosine = worstLayers(layers, Effect::WeightCosine, 2);
    QCOMPARE(byCosine[0].name, std::string("a"));
    QCOMPARE(byCosine[1].name, std::string("c"));
  }

  void blocksWithoutANumberAreLeftOut() {
    const Curve curve = errorByDepth({{1, 0.1}, {1, std::numeric_limits<double>::quiet_NaN()}, {1, 0.3}});
    QCOMPARE(curve.x, (std::vector<double>{0, 2}));
  }

  void textsAreCutBetweenCharacters() {
    const CutText cut = cutAt("the old dog ran", 4);
    QCOMPARE(cut.same, std::string("the "));
    QCOMPARE(cut.word, std::string("old"));
    QCOMPARE(cut.rest, std::string(" dog ran"));
    QCOMPARE(cutAt("the old", 3).word, std::string(" old"));            // a token carries its space
    QCOMPARE(cutAt("caf\xC3\xA9 au lait", 4).same, std::string("caf")); // é is two bytes
    QCOMPARE(cutAt("same", 99).same, std::string("same"));
    QVERIFY(cutAt("same", 4).word.empty());
  }
};

RANKSCOPE_TEST_MAIN(TestEvaluationGeometry)
#include "tst_evaluation_geometry.moc"
