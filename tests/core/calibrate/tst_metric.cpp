// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/metric.h"

#include <random>

#include "core/calibrate/weighted_factors.h"
#include "tests/support/test_main.h"

using namespace rankscope;

namespace {

RowMatrixD random(Eigen::Index rows, Eigen::Index cols, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  RowMatrixD matrix(rows, cols);
  for (Eigen::Index i = 0; i < matrix.size(); ++i) matrix.data()[i] = normal(engine);
  return matrix;
}

struct Text {
  RowMatrixD inputs = random(300, 12, 1), gradients = random(300, 7, 2) * 0.1;
  Moments moments() const {
    return {std::make_shared<Eigen::MatrixXd>(inputs.transpose() * inputs / 300.0),
            std::make_shared<Eigen::VectorXd>(inputs.colwise().mean().transpose()),
            gradients.transpose() * gradients / 300.0};
  }
};

} // namespace

class TestMetric final : public QObject {
  Q_OBJECT

 private slots:
  void errorsAreThoseOfTheSamples();
  void orientationDoesNotMatter();
  void aCorrectionsCostFollowsFromItsSingularValues();
};

/// Against sums over the samples themselves, without C and G.
void TestMetric::errorsAreThoseOfTheSamples() {
  const Text text;
  const RowMatrixD d = random(7, 12, 3);
  const RowMatrixD changes = text.inputs * d.transpose();
  QVERIFY(std::abs(weightedError(d, Orientation::OutIn, text.moments(), Metric::Outputs) -
                   changes.squaredNorm() / 300) < 1e-9);
  // Kronecker-factored: every change with every gradient.
  const double expected = 0.5 * (changes * text.gradients.transpose()).squaredNorm() / (300.0 * 300.0);
  const double predicted = predictedDivergence(d, Orientation::OutIn, text.moments());
  QVERIFY2(std::abs(predicted / expected - 1) < 1e-3, qPrintable(QString("%1, %2").arg(predicted).arg(expected)));
}

void TestMetric::orientationDoesNotMatter() {
  const Text text;
  const RowMatrixD d = random(7, 12, 4);
  const RowMatrixD stored = d.transpose();
  QCOMPARE(predictedDivergence(stored, Orientation::InOut, text.moments()),
           predictedDivergence(d, Orientation::OutIn, text.moments()));
  QCOMPARE(turned(turned(d, Orientation::InOut), Orientation::InOut), d);
}

void TestMetric::aCorrectionsCostFollowsFromItsSingularValues() {
  const Moments moments = Text().moments();
  const RowMatrixD difference = random(7, 12, 5);
  const WeightedMatrix weighted(difference, Orientation::OutIn, moments, Metric::Predictions);
  const std::vector<double> byRank = divergenceByRank(weighted.sigma());
  QCOMPARE(byRank.size(), std::size_t{8});
  QVERIFY(std::abs(byRank[0] / predictedDivergence(difference, Orientation::OutIn, moments) - 1) < 1e-6);
  for (const std::int64_t rank : {1, 4}) {
    const FactorValues factors = weighted.factors(rank);
    const double left = predictedDivergence(difference - factors.a * factors.b, Orientation::OutIn, moments);
    QVERIFY(std::abs(byRank[static_cast<std::size_t>(rank)] / left - 1) < 1e-6);
  }
  QCOMPARE(byRank[7], 0.0);
}

RANKSCOPE_TEST_MAIN(TestMetric)
#include "tst_metric.moc"
