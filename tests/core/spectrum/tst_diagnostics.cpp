// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectrum/diagnostics.h"

#include "core/linalg/svd.h"
#include <map>

#include "tests/support/test_main.h"
#include "tests/support/test_matrices.h"

using namespace rankscope;

static Spectrum spectrumOf(const RowMatrixD& matrix) {
  const test::Stored stored(matrix, DType::F64);
  return Spectrum(matrix.rows(), matrix.cols(), singularValues(stored.view));
}

static bool near(double actual, double expected, double tolerance) {
  if (std::abs(actual - expected) <= tolerance) return true;
  qWarning("%.10g instead of %.10g", actual, expected);
  return false;
}

class TestDiagnostics : public QObject {
  Q_OBJECT

 private slots:
  // Gavish & Donoho 2014, table IV, and a brute-force sum over the density in numpy for the median.
  void coefficientsMatchThePaper() {
    QVERIFY(near(gavishDonohoCoefficient(1000, 1000), 2.858, 1e-3));
    QVERIFY(near(gavishDonohoCoefficient(500, 1000), 2.1711, 1e-3));
    QVERIFY(near(gavishDonohoCoefficient(1000, 500), gavishDonohoCoefficient(500, 1000), 0));
    QVERIFY(near(gavishDonohoCoefficient(50, 1000), 1.5194, 1e-3));
    QVERIFY(near(marchenkoPasturMedian(700, 700), 0.652776, 2e-6));
  }

  void namesStandForTheirFigures() {
    const Diagnostics diagnostics = diagnose(Spectrum(3, 4, {4, 2, 1}));
    const auto named = namedDiagnostics(diagnostics, EntryStatistics{.largest = 7, .kurtosis = 5});
    std::map<std::string_view, double> byKey;
    for (const auto& [key, value] : named) byKey[key] = value;
    QCOMPARE(byKey.size(), kDiagnosticKeys.size() - 4); // no power law in three values
    QCOMPARE(byKey.at("stable_rank"), 21.0 / 16);
    QCOMPARE(byKey.at("effective_rank"), diagnostics.effectiveRank);
    QCOMPARE(byKey.at("effective_rank_energy"), diagnostics.effectiveRankEnergy);
    QCOMPARE(byKey.at("noise_scale"), diagnostics.noiseScale);
    QCOMPARE(byKey.at("noise_edge"), diagnostics.noiseEdge);
    QCOMPARE(byKey.at("values_above_edge"), double(diagnostics.aboveEdge));
    QCOMPARE(byKey.at("gavish_donoho_threshold"), diagnostics.gavishDonohoThreshold);
    QCOMPARE(byKey.at("gavish_donoho_rank"), double(diagnostics.gavishDonohoRank));
    QCOMPARE(byKey.at("rank_for_cosine_0.85"), 1.0); // √(16/21) = 0.873
    QCOMPARE(byKey.at("rank_for_cosine_0.95"), 2.0); // √(20/21) = 0.976
    QCOMPARE(byKey.at("rank_for_cosine_0.99"), 3.0);
    QCOMPARE(byKey.at("break_even_rank"), 12.0 / 7);
    QCOMPARE(byKey.at("largest_entry"), 7.0);
    QCOMPARE(byKey.at("kurtosis"), 5.0);
    QCOMPARE(namedDiagnostics(diagnostics, std::nullopt).size(), named.size() - 2);
  }

  void gaussianHasNothingAboveTheEdge_data() {
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("cols");
    QTest::newRow("square") << 400 << 400;
    QTest::newRow("tall") << 900 << 300;
    QTest::newRow("wide") << 250 << 1000;
  }
  void gaussianHasNothingAboveTheEdge() {
    QFETCH(int, rows);
    QFETCH(int, cols);
    const Diagnostics found = diagnose(spectrumOf(test::gaussian(rows, cols, 21, 0.03)));
    QVERIFY(near(found.noiseScale, 0.03, 0.03 * 0.01));
    QVERIFY(near(found.noiseEdge, 0.03 * (std::sqrt(rows) + std::sqrt(cols)), 0.02));
    QCOMPARE_LE(found.aboveEdge, 3);
    QCOMPARE_LE(found.gavishDonohoRank, found.aboveEdge);
  }

  void plantedSignalIsCounted_data() { gaussianHasNothingAboveTheEdge_data(); }
  void plantedSignalIsCounted() {
    QFETCH(int, rows);
    QFETCH(int, cols);
    const double noise = 0.05;
    const int k = 7;
    const double strength = 2 * noise * std::pow(double(rows) * cols, 0.25);
    std::vector<double> planted(k, strength);
    for (int i = 0; i < k; ++i) planted[std::size_t(i)] *= 1 + 0.2 * (k - i);
    const RowMatrixD w = test::withSingularValues(rows, cols, planted, 23) + test::gaussian(rows, cols, 25, noise);
    const Diagnostics found = diagnose(spectrumOf(w));
    QCOMPARE(found.aboveEdge, k);
    QCOMPARE(found.gavishDonohoRank, k);
  }

  void noiseFloorIsWhatGaussiansKeep() {
    QVERIFY(near(noiseFloorCosines(2048, 2048)[128], 0.458, 5e-4));
    for (const auto& [rows, cols] : {std::pair(300, 300), {200, 900}}) {
      const auto floor = noiseFloorCosines(rows, cols);
      const Spectrum spectrum = spectrumOf(test::gaussian(rows, cols, 27));
      QCOMPARE(floor.size(), std::size_t(std::min(rows, cols)) + 1);
      QCOMPARE(floor.front(), 0.0);
      QCOMPARE(floor.back(), 1.0);
      for (std::size_t r = 1; r < floor.size(); ++r) {
        QVERIFY(floor[r] > floor[r - 1]);
        QVERIFY(near(spectrum.cosineAt(std::int64_t(r)), floor[r], 0.02));
      }
    }
  }

  void powerLawIsFound() {
    // Quantiles of a power law with exponent 3.5 above xmin = 2, and a bulk below it that does not follow.
    std::vector<double> sigma;
    const int tail = 600;
    for (int i = 0; i < tail; ++i) sigma.push_back(std::sqrt(2 * std::pow((i + 0.5) / tail, -1 / 2.5)));
    for (int i = 0; i < 400; ++i) sigma.push_back(std::sqrt(2 - 1.9 * i / 400.0) * 0.999);
    const auto law = diagnose(Spectrum(1000, 1200, sigma)).powerLaw;
    QVERIFY(law);
    QVERIFY(near(law->alpha, 3.5, 0.05));
    QVERIFY(near(law->xmin, 2, 0.15));
    QVERIFY(near(double(law->tail), tail, 60));
    QCOMPARE_LT(law->distance, 0.01);
  }

  void powerLawNeedsValues() {
    QVERIFY(!diagnose(Spectrum(9, 9, {9, 8, 7, 6, 5, 4, 3, 2, 1})).powerLaw);
    QVERIFY(!diagnose(Spectrum(12, 12, std::vector<double>(12, 2.0))).powerLaw);
    QVERIFY(!diagnose(Spectrum(12, 12, std::vector<double>(12, 0.0))).powerLaw);
  }

  void ranksComeFromTheSpectrum() {
    const Spectrum spectrum(3, 5, {4, 2, 1});
    const Diagnostics found = diagnose(spectrum);
    QCOMPARE(found.ranksForCosines[0], 1); // cosine 0.873
    QCOMPARE(found.ranksForCosines[1], 2); // 0.976
    QCOMPARE(found.ranksForCosines[2], 2);
    QCOMPARE(found.ranksForCosines[3], 3);
    QCOMPARE(found.breakEvenRank, 15.0 / 8);
    QCOMPARE(found.stableRank, 21.0 / 16);
    QCOMPARE(found.effectiveRank, spectrum.effectiveRank(Spectrum::Weight::Sigma));
    QCOMPARE(found.effectiveRankEnergy, spectrum.effectiveRank(Spectrum::Weight::SigmaSquared));
  }

  void zeroMatrixIsHarmless() {
    const Diagnostics found = diagnose(Spectrum(4, 6, {0, 0, 0, 0}));
    QCOMPARE(found.noiseScale, 0.0);
    QCOMPARE(found.aboveEdge, 0);
    QCOMPARE(found.gavishDonohoRank, 0);
    QCOMPARE(found.stableRank, 0.0);
  }

  void entriesShowOutliers() {
    const test::Stored normal(test::gaussian(300, 700, 29, 1e-30), DType::F32);
    QVERIFY(near(entryStatistics(normal.view).kurtosis, 3, 0.05));
    RowMatrixD signs(3, 4); // ±1 evenly: kurtosis 1
    signs << 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1;
    QCOMPARE(entryStatistics(test::Stored(signs, DType::BF16).view).kurtosis, 1.0);
    // One entry of n: kurtosis (1 − 3/n + 3/n²)·n²/(n−1) → n − 2 + 1/(n−1).
    RowMatrixD spike = RowMatrixD::Zero(10, 20);
    spike(3, 7) = -5;
    const EntryStatistics found = entryStatistics(test::Stored(spike, DType::F16).view);
    QCOMPARE(found.largest, 5.0);
    QVERIFY(near(found.kurtosis, 198 + 1.0 / 199, 1e-9));
    QCOMPARE(entryStatistics(test::Stored(RowMatrixD::Constant(3, 5, 0.1), DType::F32).view).kurtosis, 0.0);
    QCOMPARE(entryStatistics(test::Stored(RowMatrixD::Zero(3, 5), DType::F32).view).largest, 0.0);
  }
};

RANKSCOPE_TEST_MAIN(TestDiagnostics)
#include "tst_diagnostics.moc"
