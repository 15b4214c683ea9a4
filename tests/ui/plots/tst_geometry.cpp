// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/geometry.h"

#include <algorithm>
#include <cmath>

#include "tests/support/test_main.h"
#include "ui/document/plan_edits.h"

using namespace rankscope;
using namespace rankscope::ui;

class TestGeometry final : public QObject {
  Q_OBJECT

 private slots:
  void decimationKeepsEndsAndExtremes() {
    Curve curve;
    for (int i = 0; i < 20000; ++i) {
      curve.x.push_back(i);
      curve.y.push_back(std::sin(i * 0.01) + (i == 12345 ? 7 : 0) - (i == 777 ? 9 : 0));
    }
    const Curve few = decimated(curve, 1000);
    QVERIFY(few.x.size() <= 1000);
    QVERIFY(few.x.size() > 500);
    QCOMPARE(few.x.front(), 0.0);
    QCOMPARE(few.x.back(), 19999.0);
    QVERIFY(std::is_sorted(few.x.begin(), few.x.end()));
    QCOMPARE(*std::max_element(few.y.begin(), few.y.end()), *std::max_element(curve.y.begin(), curve.y.end()));
    QCOMPARE(*std::min_element(few.y.begin(), few.y.end()), *std::min_element(curve.y.begin(), curve.y.end()));
    for (std::size_t i = 0; i < few.x.size(); ++i) QCOMPARE(few.y[i], curve.y[static_cast<std::size_t>(few.x[i])]);
  }

  void shortCurvesStayAsTheyAre() {
    const Curve curve{{1, 2, 3, 4, 5}, {5, 4, 3, 2, 1}};
    QCOMPARE(decimated(curve, 1000).y, curve.y);
  }

  void sigmaCurveLeavesZerosOut() {
    const Spectrum spectrum(4, 3, {8, 2, 0});
    const Curve plain = sigmaCurve(spectrum, false);
    QCOMPARE(plain.x, std::vector<double>({1, 2}));
    QCOMPARE(plain.y, std::vector<double>({8, 2}));
    QCOMPARE(sigmaCurve(spectrum, true).y, std::vector<double>({1, 0.25}));
    QVERIFY(sigmaCurve(Spectrum(2, 2, {0, 0}), true).y.empty());
  }

  void cosineCurveEndsAtOne() {
    const Curve curve = cosineCurve(Spectrum(5, 2, {4, 3}));
    QCOMPARE(curve.x, std::vector<double>({1, 2}));
    QVERIFY(std::abs(curve.y[0] - 0.8) < 1e-12);
    QCOMPARE(curve.y[1], 1.0);
  }

  void gaussianCurvesHaveTheNormOfTheMatrix() {
    const Curve sigma = gaussianSigmaCurve(300, 200, 7.5);
    double energy = 0;
    for (const double y : sigma.y) energy += y * y;
    QVERIFY(std::abs(std::sqrt(energy) - 7.5) < 0.01);
    QVERIFY(std::is_sorted(sigma.y.rbegin(), sigma.y.rend()));
    const Curve cosine = gaussianCosineCurve(2048, 2048);
    // A 2048 × 2048 Gaussian keeps cosine 0.458 at rank 128.
    QCOMPARE(cosine.x[127], 128.0);
    QVERIFY2(std::abs(cosine.y[127] - 0.458) < 0.002, qPrintable(QString::number(cosine.y[127])));
  }

  void rangesShowEverythingAndNoMore() {
    const Range range = sigmaRange({Curve{{1, 2}, {10, 1e-12}}});
    QVERIFY(range.upper > 10 && range.upper < 100);
    QVERIFY(range.lower <= 1e-5 && range.lower > 1e-7);
    const Range none = sigmaRange({});
    QVERIFY(none.lower > 0 && none.upper > none.lower);
  }

  void ranksSnap_data() {
    QTest::addColumn<double>("x");
    QTest::addColumn<int>("step");
    QTest::addColumn<qint64>("rank");
    QTest::newRow("nearest") << 96.4 << 1 << qint64{96};
    QTest::newRow("below") << -3.0 << 1 << qint64{1};
    QTest::newRow("above") << 9999.0 << 1 << qint64{300};
    QTest::newRow("multiple") << 99.0 << 16 << qint64{96};
    QTest::newRow("least multiple") << 1.0 << 16 << qint64{16};
    QTest::newRow("full rank can be reached") << 300.0 << 64 << qint64{300};
  }
  void ranksSnap() {
    QFETCH(double, x);
    QFETCH(int, step);
    QFETCH(qint64, rank);
    QCOMPARE(rankAt(x, 300, step), rank);
  }
};

RANKSCOPE_TEST_MAIN(TestGeometry)
#include "tst_geometry.moc"
