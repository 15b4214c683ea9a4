// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/compress/quality.h"

#include <cmath>

#include "core/spectrum/spectrum.h"
#include "tests/support/test_main.h"
#include "tests/support/test_matrices.h"

using namespace rankscope;

class TestQuality : public QObject {
  Q_OBJECT
 private slots:
  void agreesWithTheDefinition();
  void unitsDoNotMatter();
  void zeroMatrices();
  void verdicts();
  void studyTable_data();
  void studyTable();
};

static StoredMatrix floats(const RowMatrixD& values) {
  return storeMatrix(values, {Storage::F32});
}

static StoredLayer factored(const StoredMatrix& a, const StoredMatrix& b) {
  return {std::nullopt, FactorPair{a, b}, {}};
}

void TestQuality::agreesWithTheDefinition() {
  // More rows than one block holds, and a last block that is shorter.
  const RowMatrixD w = test::gaussian(700, 1031, 1);
  const RowMatrixD a = test::gaussian(700, 5, 2);
  const RowMatrixD b = test::gaussian(5, 1031, 3);
  const test::Stored original(w, DType::F64);
  const RowMatrixD product =
      load(floats(a)).cast<double>() * load(floats(b)).cast<double>() + RowMatrixD::Zero(700, 1031);
  const Quality quality = measureQuality(original.view, factored(floats(a), floats(b)));
  const double cosine = w.cwiseProduct(product).sum() / (w.norm() * product.norm());
  QVERIFY(std::abs(quality.cosine - cosine) < 1e-12);
  QVERIFY(std::abs(quality.relativeError - (w - product).norm() / w.norm()) < 1e-12);
}

void TestQuality::unitsDoNotMatter() {
  const RowMatrixD a = test::gaussian(9, 2, 4);
  const RowMatrixD b = test::gaussian(2, 14, 5);
  const RowMatrixD w = a * b + test::gaussian(9, 14, 6, 0.3);
  const test::Stored plain(w, DType::F64);
  const Quality expected = measureQuality(plain.view, factored(floats(a), floats(b)));
  for (const double unit : {0x1p-120, 0x1p110}) {
    const test::Stored scaled(w * unit, DType::F64);
    const Quality quality = measureQuality(scaled.view, factored(floats(a * unit), floats(b)));
    QVERIFY(std::abs(quality.cosine - expected.cosine) < 1e-12);
    QVERIFY(std::abs(quality.relativeError - expected.relativeError) < 1e-12);
  }
}

void TestQuality::zeroMatrices() {
  const test::Stored zero(RowMatrixD::Zero(3, 4), DType::BF16);
  const test::Stored one(RowMatrixD::Ones(3, 4), DType::BF16);
  const StoredMatrix none = floats(RowMatrixD::Zero(3, 1));
  const StoredMatrix row = floats(RowMatrixD::Ones(1, 4));
  const Quality both = measureQuality(zero.view, factored(none, row));
  QCOMPARE(both.cosine, 1.0);
  QCOMPARE(both.relativeError, 0.0);
  const Quality lost = measureQuality(one.view, factored(none, row));
  QCOMPARE(lost.cosine, 0.0);
  QCOMPARE(lost.relativeError, 1.0);
  const Quality invented = measureQuality(zero.view, factored(floats(RowMatrixD::Ones(3, 1)), row));
  QCOMPARE(invented.cosine, 0.0);
  QVERIFY(std::isinf(invented.relativeError));
}

void TestQuality::verdicts() {
  QVERIFY(verdictFor(1) == Verdict::Excellent && verdictFor(0.99) == Verdict::Excellent);
  QVERIFY(verdictFor(0.98999) == Verdict::Good && verdictFor(0.95) == Verdict::Good);
  QVERIFY(verdictFor(0.94999) == Verdict::Fair && verdictFor(0.85) == Verdict::Fair);
  QVERIFY(verdictFor(0.84999) == Verdict::Poor && verdictFor(0.65) == Verdict::Poor);
  QVERIFY(verdictFor(0.64999) == Verdict::Critical && verdictFor(-1) == Verdict::Critical);
  QVERIFY(verdictFor(0.7, {0.9, 0.8, 0.7, 0.6}) == Verdict::Fair);
  QCOMPARE(name(Verdict::Excellent), std::string_view("EXCELLENT"));
  QCOMPARE(name(Verdict::Critical), std::string_view("CRITICAL"));
}

/// The study's measurements: cosine at rank 128 of 2048, relative error in percent.
void TestQuality::studyTable_data() {
  QTest::addColumn<double>("cosine");
  QTest::addColumn<double>("errorPercent");
  QTest::addColumn<QString>("verdict");
  QTest::newRow("1") << 0.5456 << 83.81 << "CRITICAL";
  QTest::newRow("2") << 0.5719 << 82.03 << "CRITICAL";
  QTest::newRow("3") << 0.5625 << 82.68 << "CRITICAL";
  QTest::newRow("4") << 0.5688 << 82.25 << "CRITICAL";
  QTest::newRow("5") << 0.5880 << 80.89 << "CRITICAL";
  QTest::newRow("6") << 0.6565 << 75.44 << "POOR";
  QTest::newRow("7") << 0.6042 << 79.69 << "CRITICAL";
  QTest::newRow("8") << 0.5492 << 83.57 << "CRITICAL";
}

void TestQuality::studyTable() {
  QFETCH(double, cosine);
  QFETCH(double, errorPercent);
  QFETCH(QString, verdict);
  std::vector<double> sigma(2048, std::sqrt((1 - cosine * cosine) / (2048 - 128)));
  for (std::size_t i = 0; i < 128; ++i) sigma[i] = cosine / std::sqrt(128.0);
  const Spectrum spectrum(2048, 2048, sigma);
  QVERIFY(std::abs(spectrum.cosineAt(128) - cosine) < 1e-9);
  QVERIFY(std::abs(100 * spectrum.relativeErrorAt(128) - errorPercent) < 0.02);
  const std::string_view word = name(verdictFor(spectrum.cosineAt(128)));
  QCOMPARE(QString::fromUtf8(word.data(), static_cast<qsizetype>(word.size())), verdict);
}

RANKSCOPE_TEST_MAIN(TestQuality)
#include "tst_quality.moc"
