// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/weighted_factors.h"

#include <Eigen/SVD>

#include "tests/support/test_main.h"
#include "tests/support/test_matrices.h"

using namespace rankscope;

namespace {

/// Second moment of `samples` uneven random vectors.
Eigen::MatrixXd moment(Eigen::Index size, Eigen::Index samples, unsigned seed) {
  RowMatrixD x = test::gaussian(samples, size, seed);
  for (Eigen::Index j = 0; j < size; ++j) x.col(j) *= std::pow(0.7, static_cast<double>(j));
  return x.transpose() * x / static_cast<double>(samples);
}

Moments moments(Eigen::Index in, Eigen::Index out, Eigen::Index samples) {
  return {std::make_shared<Eigen::MatrixXd>(moment(in, samples, 5)), std::make_shared<Eigen::VectorXd>(in),
          moment(out, samples, 6)};
}

/// tr(G Δ C Δᵀ), G = I for Outputs; straight from the definition.
double error(const RowMatrixD& difference, const Moments& m, Metric metric) {
  const RowMatrixD spread = difference * *m.inputs * difference.transpose();
  return metric == Metric::Outputs ? spread.trace() : (m.gradients * spread).trace();
}

} // namespace

Q_DECLARE_METATYPE(Metric)

class TestWeightedFactors final : public QObject {
  Q_OBJECT

 private slots:
  void reachesTheOptimum_data();
  void reachesTheOptimum();
  void isPlainWithoutWeights();
  void standsRankDeficientInputs();
  void balancesFactors();
};

void TestWeightedFactors::reachesTheOptimum_data() {
  QTest::addColumn<int>("rows");
  QTest::addColumn<int>("cols");
  QTest::addColumn<Metric>("metric");
  QTest::addColumn<Orientation>("orientation");
  QTest::newRow("wide, outputs") << 9 << 23 << Metric::Outputs << Orientation::OutIn;
  QTest::newRow("tall, outputs") << 23 << 9 << Metric::Outputs << Orientation::OutIn;
  QTest::newRow("wide, predictions") << 9 << 23 << Metric::Predictions << Orientation::OutIn;
  QTest::newRow("tall, predictions") << 23 << 9 << Metric::Predictions << Orientation::OutIn;
  QTest::newRow("conv1d, outputs") << 9 << 23 << Metric::Outputs << Orientation::InOut;
  QTest::newRow("conv1d, predictions") << 23 << 9 << Metric::Predictions << Orientation::InOut;
}

void TestWeightedFactors::reachesTheOptimum() {
  QFETCH(int, rows);
  QFETCH(int, cols);
  QFETCH(Metric, metric);
  QFETCH(Orientation, orientation);
  const bool outIn = orientation == Orientation::OutIn;
  const Moments m = moments(outIn ? cols : rows, outIn ? rows : cols, 60);
  const RowMatrixD stored = test::gaussian(rows, cols, 1);
  const WeightedMatrix weighted(stored, orientation, m, metric);
  const std::vector<double> sigma = weighted.sigma();
  QCOMPARE(sigma.size(), std::size_t{9});

  for (const std::int64_t rank : {1, 3, 8}) {
    const FactorValues factors = weighted.factors(rank);
    QCOMPARE(factors.a.cols(), rank);
    const RowMatrixD approximation = factors.a * factors.b;
    const RowMatrixD difference =
        outIn ? RowMatrixD(stored - approximation) : RowMatrixD((stored - approximation).transpose());
    double optimum = 0;
    for (std::size_t i = static_cast<std::size_t>(rank); i < sigma.size(); ++i) optimum += sigma[i] * sigma[i];
    // The root's damping (1e-9 and 1e-4 of the mean diagonal) moves the optimum a little.
    const double reached = error(difference, m, metric);
    const double tolerance = metric == Metric::Outputs ? 1e-6 : 5e-3;
    QVERIFY2(std::abs(reached - optimum) <= tolerance * (sigma[0] * sigma[0]) + tolerance * optimum,
             qPrintable(QString("rank %1: %2, optimum %3").arg(rank).arg(reached).arg(optimum)));

    const Eigen::JacobiSVD<Eigen::MatrixXd> plain(stored, Eigen::ComputeThinU | Eigen::ComputeThinV);
    const RowMatrixD truncated = plain.matrixU().leftCols(rank) * plain.singularValues().head(rank).asDiagonal() *
                                 plain.matrixV().leftCols(rank).transpose();
    const RowMatrixD plainDifference =
        outIn ? RowMatrixD(stored - truncated) : RowMatrixD((stored - truncated).transpose());
    QVERIFY(reached < error(plainDifference, m, metric));
  }
}

void TestWeightedFactors::isPlainWithoutWeights() {
  const RowMatrixD stored = test::gaussian(7, 12, 2);
  const Moments m{std::make_shared<Eigen::MatrixXd>(Eigen::MatrixXd::Identity(12, 12)),
                  std::make_shared<Eigen::VectorXd>(12), Eigen::MatrixXd::Identity(7, 7)};
  const Eigen::JacobiSVD<Eigen::MatrixXd> plain(stored, Eigen::ComputeThinU | Eigen::ComputeThinV);
  for (const Metric metric : {Metric::Outputs, Metric::Predictions}) {
    const FactorValues factors = WeightedMatrix(stored, Orientation::OutIn, m, metric).factors(4);
    const Eigen::MatrixXd truncated = plain.matrixU().leftCols(4) * plain.singularValues().head(4).asDiagonal() *
                                      plain.matrixV().leftCols(4).transpose();
    QVERIFY((factors.a * factors.b - truncated).norm() < 1e-6 * stored.norm());
  }
}

void TestWeightedFactors::standsRankDeficientInputs() {
  const Moments m = moments(20, 11, 4); // four samples of twenty inputs
  const RowMatrixD stored = test::gaussian(11, 20, 3);
  const FactorValues factors = WeightedMatrix(stored, Orientation::OutIn, m, Metric::Outputs).factors(4);
  QVERIFY(factors.a.allFinite() && factors.b.allFinite());
  QVERIFY(relativeOutputError(stored, factors.a * factors.b, Orientation::OutIn, m) < 1e-3);
}

void TestWeightedFactors::balancesFactors() {
  const FactorValues factors =
      WeightedMatrix(test::gaussian(10, 15, 4), Orientation::OutIn, moments(15, 10, 60), Metric::Predictions)
          .factors(5);
  for (Eigen::Index i = 0; i < 5; ++i) QVERIFY(std::abs(factors.a.col(i).norm() / factors.b.row(i).norm() - 1) < 1e-12);
}

RANKSCOPE_TEST_MAIN(TestWeightedFactors)
#include "tst_weighted_factors.moc"
