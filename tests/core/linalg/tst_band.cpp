// SPDX-License-Identifier: GPL-3.0-or-later
// The steps between a matrix and its singular values, each against a dense eigensolver.
#include "core/linalg/symmetric_band.h"

#include "core/base/error.h"
#include "core/linalg/band_eigenvectors.h"
#include "core/linalg/general_band.h"
#include "core/linalg/lapack.h"
#include "core/linalg/tridiagonal.h"
#include "tests/support/test_main.h"
#include "tests/support/test_matrices.h"

using namespace rankscope;

static constexpr int kBand = SymmetricBand::kBand;

static Eigen::MatrixXd symmetric(int n, unsigned seed) {
  const Eigen::MatrixXd g = test::gaussian(n, n, seed);
  return (g + g.transpose()) / 2;
}

static Eigen::VectorXd eigenvaluesOf(const Eigen::MatrixXd& s) {
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(s, Eigen::EigenvaluesOnly).eigenvalues();
}

static Eigen::MatrixXd dense(SymmetricBand& band) {
  const int n = band.size();
  Eigen::MatrixXd s = Eigen::MatrixXd::Zero(n, n);
  for (int j = 0; j < n; ++j)
    for (int i = j; i < std::min(n, j + kBand + 1); ++i) s(i, j) = s(j, i) = band(i, j);
  return s;
}

static Eigen::VectorXd eigenvaluesOf(Tridiagonal tridiagonal) {
  const int n = static_cast<int>(tridiagonal.diagonal.size());
  int info = 0;
  dsterf_(&n, tridiagonal.diagonal.data(), tridiagonal.offDiagonal.data(), &info);
  return Eigen::Map<const Eigen::VectorXd>(tridiagonal.diagonal.data(), n);
}

class TestBand : public QObject {
  Q_OBJECT

  static void addSizes() {
    QTest::addColumn<int>("n");
    for (const int n : {1, 2, 3, kBand - 1, kBand, kBand + 1, kBand + 2, 2 * kBand + 1, 257, 300, 545})
      QTest::addRow("%d", n) << n;
  }

 private slots:
  void reductionKeepsEigenvalues_data() { addSizes(); }
  void reductionKeepsEigenvalues() {
    QFETCH(int, n);
    const Eigen::MatrixXd s = symmetric(n, 31);
    const Eigen::VectorXd expected = eigenvaluesOf(s);
    for (const int threads : {1, 2}) {
      Eigen::MatrixXd lower = s;
      lower.triangularView<Eigen::StrictlyUpper>().setConstant(1e9); // must not be read
      BandReduction<double> reduction = toBand(std::move(lower), {}, threads);
      QCOMPARE_LT((eigenvaluesOf(dense(reduction.band)) - expected).cwiseAbs().maxCoeff(), 1e-12 * n);
      QCOMPARE_LT((eigenvaluesOf(toTridiagonal(reduction.band, {})) - expected).cwiseAbs().maxCoeff(), 1e-12 * n);
    }
  }

  void qTurnsTheBandIntoTheMatrix_data() { addSizes(); }
  void qTurnsTheBandIntoTheMatrix() {
    QFETCH(int, n);
    const Eigen::MatrixXd s = symmetric(n, 33);
    BandReduction<double> reduction = toBand(Eigen::MatrixXd(s), {}, 1);
    for (const int threads : {1, 2}) {
      Eigen::MatrixXd q = Eigen::MatrixXd::Identity(n, n);
      applyQ(reduction, q, {}, threads);
      QVERIFY((q.transpose() * q).isIdentity(1e-12));
      QCOMPARE_LT((q * dense(reduction.band) * q.transpose() - s).cwiseAbs().maxCoeff(), 1e-12 * n);
    }
  }

  void singlePrecisionKeepsSingleAccuracy_data() { addSizes(); }
  void singlePrecisionKeepsSingleAccuracy() {
    QFETCH(int, n);
    const Eigen::MatrixXd s = symmetric(n, 39);
    BandReduction<float> reduction = toBand(Eigen::MatrixXf(s.cast<float>()), {}, 2);
    QCOMPARE_LT((eigenvaluesOf(dense(reduction.band)) - eigenvaluesOf(s)).cwiseAbs().maxCoeff(), 1e-6 * n);
    Eigen::MatrixXf q = Eigen::MatrixXf::Identity(n, n);
    applyQ(reduction, q, {}, 2);
    QVERIFY((q.transpose() * q).isIdentity(1e-4F));
    QCOMPARE_LT((q.cast<double>() * dense(reduction.band) * q.cast<double>().transpose() - s).cwiseAbs().maxCoeff(),
                1e-6 * n);
  }

  void singlePrecisionBandHasTheSquares_data() {
    QTest::addColumn<int>("m");
    QTest::addColumn<int>("n");
    for (const auto& [m, n] : {std::pair(1, 1), {5, 1}, {40, 31}, {33, 33}, {64, 64}, {301, 290}, {560, 289}})
      QTest::addRow("%dx%d", m, n) << m << n;
  }
  void singlePrecisionBandHasTheSquares() {
    QFETCH(int, m);
    QFETCH(int, n);
    const Eigen::MatrixXd a = test::gaussian(m, n, 35);
    const Eigen::VectorXd expected = eigenvaluesOf(Eigen::MatrixXd(a.transpose() * a));
    for (const int threads : {1, 2}) {
      Eigen::MatrixXf single = a.cast<float>();
      SymmetricBand band = toBandSquared(single, m, {}, threads);
      const Eigen::VectorXd squares = eigenvaluesOf(dense(band));
      QCOMPARE_LT((squares.cwiseMax(0).cwiseSqrt() - expected.cwiseMax(0).cwiseSqrt()).cwiseAbs().maxCoeff(),
                  3e-7 * std::sqrt(expected[n - 1]));
    }
  }

  void eigenvectorsAreFound_data() { addSizes(); }
  void eigenvectorsAreFound() {
    QFETCH(int, n);
    BandReduction<double> reduction = toBand(symmetric(n, 37), {}, 1);
    const Eigen::VectorXd ascending = eigenvaluesOf(dense(reduction.band));
    std::vector<double> leading;
    for (int i = 0; i < (n + 1) / 2; ++i) leading.push_back(ascending[n - 1 - i]);
    for (const int threads : {1, 2}) {
      const Eigen::MatrixXd z = bandEigenvectors(reduction.band, leading, {}, threads);
      QVERIFY((z.transpose() * z).isIdentity(1e-12));
      const BandResiduals residuals = bandResiduals(reduction.band, z);
      QCOMPARE_LT(residuals.norms.maxCoeff(), 1e-10 * n);
      for (std::size_t i = 0; i < leading.size(); ++i)
        QCOMPARE_LT(std::abs(residuals.quotients[Eigen::Index(i)] - leading[i]), 1e-10 * n);
    }
  }

  void largestEigenvaluesMatchAll_data() { addSizes(); }
  void largestEigenvaluesMatchAll() {
    QFETCH(int, n);
    BandReduction<double> reduction = toBand(symmetric(n, 45), {}, 1);
    const Tridiagonal tridiagonal = toTridiagonal(reduction.band, {});
    const Eigen::VectorXd ascending = eigenvaluesOf(tridiagonal);
    for (const int count : {1, (n + 2) / 3, n}) {
      const std::vector<double> found = largestEigenvalues(tridiagonal, count, 2);
      QCOMPARE(found.size(), std::size_t(count));
      for (int i = 0; i < count; ++i) QCOMPARE_LT(std::abs(found[std::size_t(i)] - ascending[n - 1 - i]), 1e-12 * n);
    }
  }

  void zeroTridiagonalHasZeroEigenvalues() {
    const Tridiagonal zero{std::vector<double>(5, 0.0), std::vector<double>(5, 0.0)};
    for (const double value : largestEigenvalues(zero, 5, 1)) QCOMPARE(std::abs(value), 0.0);
  }

  void clusteredAndGradedEigenvalues() {
    constexpr int n = 300;
    Tridiagonal clustered{std::vector<double>(n, 1.0), std::vector<double>(n, 0.0)};
    Tridiagonal pairs = clustered; // Wilkinson's: pairs that agree to rounding
    Tridiagonal graded = clustered;
    for (int i = 0; i < n; ++i) {
      if (i % 3 == 0) clustered.offDiagonal[std::size_t(i)] = 1e-9;
      pairs.diagonal[std::size_t(i)] = std::abs(i - n / 2);
      pairs.offDiagonal[std::size_t(i)] = 1;
      graded.diagonal[std::size_t(i)] = std::pow(10, -12.0 * i / n);
      graded.offDiagonal[std::size_t(i)] = 0.1 * graded.diagonal[std::size_t(i)];
    }
    for (const Tridiagonal& t : {clustered, pairs, graded}) {
      const Eigen::VectorXd ascending = eigenvaluesOf(t);
      const std::vector<double> found = largestEigenvalues(t, n, 1);
      for (int i = 0; i < n; ++i)
        QCOMPARE_LT(std::abs(found[std::size_t(i)] - ascending[n - 1 - i]), 1e-11 * ascending[n - 1]);
    }
  }

  void dependentColumnsStillGiveABasis() {
    Eigen::MatrixXd x = test::gaussian(90, 50, 39);
    x.col(7) = x.col(3);
    x.col(40).setZero();
    orthonormalise(x, {}, 1);
    QVERIFY((x.transpose() * x).isIdentity(1e-12));
  }

  void stopRequestCancels() {
    std::stop_source stop;
    stop.request_stop();
    const Progress stopped(stop.get_token());
    QVERIFY_THROWS_EXCEPTION(Cancelled, toBand(symmetric(100, 41), stopped, 1));
    Eigen::MatrixXf single = test::gaussian(120, 100, 43).cast<float>();
    QVERIFY_THROWS_EXCEPTION(Cancelled, toBandSquared(single, static_cast<int>(single.rows()), stopped, 1));
  }
};

RANKSCOPE_TEST_MAIN(TestBand)
#include "tst_band.moc"
