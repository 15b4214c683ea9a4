// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/svd.h"

#include "core/base/error.h"
#include "core/linalg/single_svd.h"
#include "tests/support/test_matrices.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using test::Stored;

namespace {

std::vector<double> decay(std::int64_t count, double (*value)(std::int64_t, std::int64_t)) {
  std::vector<double> sigma;
  for (std::int64_t i = 0; i < count; ++i) sigma.push_back(value(i, count));
  return sigma;
}

std::vector<double> graded(std::int64_t count) {
  return decay(count, [](auto i, auto n) { return std::pow(10.0, -12.0 * double(i) / double(n - 1)); });
}

std::vector<double> likeTrained(std::int64_t count) {
  return decay(count, [](auto i, auto n) { return 1 / (1 + 30.0 * double(i) / double(n)); });
}

std::vector<double> clustered(std::int64_t count) {
  return decay(count, [](auto i, auto n) {
    return i < n / 3 ? 1.0 : i < 2 * n / 3 ? 0.5 + 1e-9 * double(n - i) : 1e-3;
  });
}

std::vector<double> deficient(std::int64_t count) {
  return decay(count, [](auto i, auto n) { return i < n / 2 ? 2.0 - double(i) / double(n) : 0.0; });
}

RowMatrixD matrixNamed(const QString& kind, std::int64_t rows, std::int64_t cols) {
  const std::int64_t p = std::min(rows, cols);
  if (kind == "gaussian") return test::gaussian(rows, cols, 1);
  if (kind == "graded") return test::withSingularValues(rows, cols, graded(p), 2);
  if (kind == "trained") return test::withSingularValues(rows, cols, likeTrained(p), 3);
  if (kind == "clustered") return test::withSingularValues(rows, cols, clustered(p), 4);
  if (kind == "deficient") return test::withSingularValues(rows, cols, deficient(p), 5);
  if (kind == "tiny") return 1e-30 * test::gaussian(rows, cols, 6);
  if (kind == "huge") return 1e30 * test::gaussian(rows, cols, 7);
  if (kind == "identity") return RowMatrixD::Identity(rows, cols);
  if (kind == "offset") return (test::gaussian(rows, cols, 8).array() + 50).matrix();
  return RowMatrixD::Zero(rows, cols);
}

const QStringList kKinds{"gaussian", "graded", "trained",  "clustered", "deficient",
                         "tiny",     "huge",   "identity", "offset"};

} // namespace

class TestSvd : public QObject {
  Q_OBJECT

  static void addMatrices() {
    QTest::addColumn<QString>("kind");
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("cols");
    for (const QString& kind : kKinds)
      for (const auto& [rows, cols] : {std::pair(301, 197), {130, 470}, {290, 290}, {70, 1}, {1, 45}, {37, 36}})
        if (kind == "gaussian" || (rows > 100 || kind == "trained"))
          QTest::addRow("%s %dx%d", qPrintable(kind), rows, cols) << kind << rows << cols;
  }

 private slots:
  void valuesMatchLapack_data() { addMatrices(); }
  void valuesMatchLapack() {
    QFETCH(QString, kind);
    QFETCH(int, rows);
    QFETCH(int, cols);
    for (const DType dtype : {DType::F64, DType::F32}) {
      if (rows == 1 || cols == 1 || std::min(rows, cols) > 1) {
        const Stored w(matrixNamed(kind, rows, cols), dtype);
        const auto expected = test::dgesddValues(w.view);
        for (const int threads : {1, 2}) {
          const auto actual = singularValues(w.view, {}, threads);
          QCOMPARE_LT(test::deviation(actual, expected), 1e-6);
          QVERIFY(std::is_sorted(actual.rbegin(), actual.rend()));
          QVERIFY(actual.back() >= 0);
        }
      }
    }
  }

  // Several tiles, both routes: single precision (nearly square) and the Gram matrix (twice as long as wide).
  void largerValuesMatchLapack_data() {
    QTest::addColumn<QString>("kind");
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("cols");
    for (const char* kind : {"trained", "graded", "offset"})
      for (const auto& [rows, cols] : {std::pair(620, 590), {560, 1300}})
        QTest::addRow("%s %dx%d", kind, rows, cols) << QString(kind) << rows << cols;
  }
  void largerValuesMatchLapack() {
    QFETCH(QString, kind);
    QFETCH(int, rows);
    QFETCH(int, cols);
    const Stored w(matrixNamed(kind, rows, cols), DType::F32);
    const auto expected = test::dgesddValues(w.view);
    for (const int threads : {1, 2}) QCOMPARE_LT(test::deviation(singularValues(w.view, {}, threads), expected), 1e-6);
  }

  // One entry holds nearly everything; the others must still be right beside it.
  void outliersDoNotDrownTheRest() {
    RowMatrixD values = test::gaussian(300, 280, 14, 0.01);
    values(17, 200) = 50;
    const Stored w(values, DType::F32);
    QCOMPARE_LT(test::deviation(singularValues(w.view), test::dgesddValues(w.view)), 1e-6);
  }

  void halfPrecisionIsReadAsStored() {
    for (const DType dtype : {DType::F16, DType::BF16}) {
      const Stored w(test::gaussian(91, 64, 11), dtype);
      QCOMPARE_LT(test::deviation(singularValues(w.view), test::dgesddValues(w.view)), 1e-6);
    }
  }

  void zeroMatrixHasZeroValues() {
    const Stored w(RowMatrixD::Zero(5, 9), DType::F32);
    QCOMPARE(singularValues(w.view), std::vector<double>(5, 0.0));
    const TruncatedSvd svd = truncatedSvd(w.view, 2);
    QCOMPARE(svd.sigma, std::vector<double>(2, 0.0));
    QVERIFY((svd.u.transpose() * svd.u).isIdentity(1e-10));
    QVERIFY((svd.v.transpose() * svd.v).isIdentity(1e-10));
  }

  void nanAndInfinityAreNamed() {
    for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
      RowMatrixD values = test::gaussian(40, 30, 12);
      values(17, 4) = bad;
      for (const DType dtype : {DType::F64, DType::F32, DType::F16, DType::BF16}) {
        const Stored w(values, dtype);
        try {
          singularValues(w.view);
          QFAIL("accepted");
        } catch (const Error& error) {
          QCOMPARE(error.kind(), ErrorKind::BadValues);
          QVERIFY(QString(error.what()).contains("(17, 4)"));
        }
        QVERIFY_THROWS_EXCEPTION(Error, truncatedSvd(w.view, 3));
      }
    }
  }

  void truncationIsOptimal_data() { addMatrices(); }
  void truncationIsOptimal() {
    QFETCH(QString, kind);
    QFETCH(int, rows);
    QFETCH(int, cols);
    const RowMatrixD values = matrixNamed(kind, rows, cols);
    const Stored w(values, DType::F64);
    const auto sigma = test::dgesddValues(w.view);
    const double norm = values.stableNorm();
    const int p = std::min(rows, cols);
    for (const int rank : {1, (p + 7) / 8, (p + 1) / 2, p}) {
      double optimum = 0;
      for (std::size_t i = sigma.size(); i-- > static_cast<std::size_t>(rank);) optimum = std::hypot(optimum, sigma[i]);
      for (const auto& known : {std::vector<double>{}, sigma}) {
        const TruncatedSvd svd = truncatedSvd(w.view, rank, known);
        QCOMPARE(svd.u.rows(), rows);
        QCOMPARE(svd.v.rows(), cols);
        QCOMPARE(svd.sigma.size(), std::size_t(rank));
        const Eigen::Map<const Eigen::VectorXd> s(svd.sigma.data(), rank);
        const RowMatrixD rest = values - svd.u * s.asDiagonal() * svd.v.transpose();
        QCOMPARE_LE(rest.stableNorm(), (1 + 1e-6) * optimum + 1e-13 * norm);
        QVERIFY((svd.u.transpose() * svd.u).isIdentity(1e-10));
        QVERIFY((svd.v.transpose() * svd.v).isIdentity(1e-10));
      }
    }
  }

  // Compressing twice must give the same bytes, however the cores are shared.
  void threadsDoNotChangeTheResult() {
    for (const auto& [rows, cols] : {std::pair(1100, 1030), {700, 1500}}) {
      const Stored w(matrixNamed("trained", rows, cols), DType::F32);
      const TruncatedSvd one = truncatedSvd(w.view, 100, {}, {}, 1);
      for (const int threads : {2, 3}) {
        const TruncatedSvd several = truncatedSvd(w.view, 100, {}, {}, threads);
        QVERIFY(one.sigma == several.sigma && one.u == several.u && one.v == several.v);
      }
    }
  }

  void singlePrecisionServesWhereItSuffices_data() {
    QTest::addColumn<QString>("kind");
    QTest::addColumn<int>("rank");
    QTest::addColumn<bool>("serves");
    QTest::newRow("trained") << "trained" << 60 << true;
    QTest::newRow("gaussian") << "gaussian" << 60 << true;
    QTest::newRow("graded, above single precision's noise") << "graded" << 20 << true;
    QTest::newRow("graded, below it") << "graded" << 90 << false;
    QTest::newRow("within a cluster") << "clustered" << 60 << false;
    QTest::newRow("too large a share") << "trained" << 110 << false;
  }
  void singlePrecisionServesWhereItSuffices() {
    QFETCH(QString, kind);
    QFETCH(int, rank);
    QFETCH(bool, serves);
    for (const auto& [rows, cols] : {std::pair(330, 310), {310, 450}}) {
      const RowMatrixD values = matrixNamed(kind, rows, cols);
      const Stored w(values, DType::F64);
      const ScaledMatrix scaled(w.view);
      const auto sigma = test::dgesddValues(w.view);
      std::vector<double> squares;
      double optimum = 0;
      for (std::size_t i = 0; i < sigma.size(); ++i) {
        squares.push_back(std::pow(std::ldexp(sigma[i], -scaled.exponent()), 2));
        if (i >= std::size_t(rank)) optimum += sigma[i] * sigma[i];
      }
      for (const auto& known : {std::vector<double>{}, squares}) {
        const auto svd = truncatedInSingle(scaled, rank, known, {}, 2);
        QCOMPARE(svd.has_value(), serves);
        if (!svd) continue;
        QVERIFY((svd->shortVectors.transpose() * svd->shortVectors).isIdentity(1e-12));
        const double kept = Eigen::Map<const Eigen::VectorXd>(svd->sigma.data(), rank).squaredNorm();
        const double missed = values.squaredNorm() - std::ldexp(kept, 2 * scaled.exponent());
        QCOMPARE_LT(missed, (1 + 1e-6) * optimum);
      }
    }
  }

  void stopRequestCancels() {
    std::stop_source stop;
    stop.request_stop();
    const Stored w(test::gaussian(30, 20, 13), DType::F32);
    QVERIFY_THROWS_EXCEPTION(Cancelled, singularValues(w.view, Progress(stop.get_token())));
    QVERIFY_THROWS_EXCEPTION(Cancelled, truncatedSvd(w.view, 5, {}, Progress(stop.get_token())));
  }
};

RANKSCOPE_TEST_MAIN(TestSvd)
#include "tst_svd.moc"
