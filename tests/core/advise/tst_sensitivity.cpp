// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/sensitivity.h"

#include <cmath>
#include <random>

#include <Eigen/Eigenvalues>
#include <Eigen/SVD>

#include "core/base/error.h"
#include "tests/support/expect_error.h"
#include "tests/support/test_main.h"

using namespace rankscope;

namespace {

RowMatrixD randomMatrix(Eigen::Index rows, Eigen::Index cols, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  return RowMatrixD::NullaryExpr(rows, cols, [&] { return normal(random); });
}

/// Moments of a linear with 9 inputs and 6 outputs.
Moments someMoments() {
  const RowMatrixD x = randomMatrix(40, 9, 1), g = randomMatrix(40, 6, 2);
  Moments moments;
  moments.inputs = std::make_shared<const Eigen::MatrixXd>(x.transpose() * x / 40);
  moments.inputMean = std::make_shared<const Eigen::VectorXd>(x.colwise().mean().transpose());
  moments.gradients = g.transpose() * g / 40;
  return moments;
}

double halfTrace(const Eigen::MatrixXd& difference, const Moments& moments) {
  return 0.5 * (moments.gradients * difference * *moments.inputs * difference.transpose()).trace();
}

} // namespace

class TestSensitivity final : public QObject {
  Q_OBJECT

 private slots:
  void plainQuadraticIsTheTrace();
  void awareQuadraticIsTheTrace();
  void divergenceByRankIsTheTail();
  void probesAreTakenWhereEffectsCanBeMeasured();
  void curvesGoThroughTheProbes();
  void comesBackFromJson();
};

void TestSensitivity::plainQuadraticIsTheTrace() {
  const Moments moments = someMoments();
  const RowMatrixD w = randomMatrix(6, 9, 3);
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(w, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const std::vector<double> quadratic = plainQuadratic(w, Orientation::OutIn, moments);
  QCOMPARE(quadratic.size(), std::size_t{7});
  for (Eigen::Index r = 0; r <= 6; ++r) {
    const Eigen::MatrixXd kept =
        svd.matrixU().leftCols(r) * svd.singularValues().head(r).asDiagonal() * svd.matrixV().leftCols(r).transpose();
    const double expected = halfTrace(w - kept, moments);
    QVERIFY(std::abs(quadratic[static_cast<std::size_t>(r)] - expected) <= 1e-6 * quadratic.front());
  }
  const std::vector<double> turned = plainQuadratic(w.transpose(), Orientation::InOut, moments);
  for (std::size_t r = 0; r <= 6; ++r) QVERIFY(std::abs(turned[r] - quadratic[r]) <= 1e-6 * quadratic.front());
}

void TestSensitivity::awareQuadraticIsTheTrace() {
  const Moments moments = someMoments();
  const RowMatrixD w = randomMatrix(6, 9, 3);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(Eigen::MatrixXd(w * *moments.inputs * w.transpose()));
  const std::vector<double> quadratic = awareQuadratic(w, Orientation::OutIn, moments);
  for (Eigen::Index r = 0; r <= 6; ++r) {
    const Eigen::MatrixXd u = eigen.eigenvectors().rightCols(r);
    const double expected = halfTrace(w - u * u.transpose() * w, moments);
    QVERIFY2(
        std::abs(quadratic[static_cast<std::size_t>(r)] - expected) <= 1e-5 * quadratic.front(),
        qPrintable(QString("rank %1: %2, not %3").arg(r).arg(quadratic[static_cast<std::size_t>(r)]).arg(expected)));
  }
  const std::vector<double> turned = awareQuadratic(w.transpose(), Orientation::InOut, moments);
  for (std::size_t r = 0; r <= 6; ++r) QVERIFY(std::abs(turned[r] - quadratic[r]) <= 1e-5 * quadratic.front());
}

void TestSensitivity::divergenceByRankIsTheTail() {
  const std::vector<double> quadratic = divergenceByRank({3, 2, 1});
  QCOMPARE(quadratic, (std::vector<double>{7, 2.5, 0.5, 0}));
}

void TestSensitivity::probesAreTakenWhereEffectsCanBeMeasured() {
  std::vector<double> quadratic;
  for (int r = 0; r <= 50; ++r) quadratic.push_back(2 * std::exp(-0.1 * r));
  const std::vector<std::int64_t> ranks = probeRanks(quadratic, 50);
  QCOMPARE(ranks, (std::vector<std::int64_t>{26, 47})); // 0.15 and 0.15/8
  QCOMPARE(probeRanks(quadratic, 30), (std::vector<std::int64_t>{26, 30}));
  QCOMPARE(probeRanks(quadratic, 1), (std::vector<std::int64_t>{1}));
  QCOMPARE(probeRanks(quadratic, 50, 1), (std::vector<std::int64_t>{36}));
  QVERIFY(probeRanks(quadratic, 0).empty());
  QVERIFY(probeRanks(std::vector<double>(9, 0.0), 8).empty());
}

void TestSensitivity::curvesGoThroughTheProbes() {
  std::vector<double> quadratic;
  for (int r = 0; r <= 40; ++r) quadratic.push_back(2 * std::exp(-0.1 * r));
  quadratic.back() = 0;
  Probe coarse{"w", "h", "fisher", 10, quadratic[10], 3 * quadratic[10], 0};
  Probe fine{"w", "h", "fisher", 30, quadratic[30], 1.5 * quadratic[30], 0};
  const std::vector<Probe> probes{coarse, fine};
  const EffectCurve curve = scaledCurve("fisher", quadratic, probes);
  QVERIFY(std::abs(curve.at(10) / coarse.kl - 1) < 0.02);
  QVERIFY(std::abs(curve.at(30) / fine.kl - 1) < 0.02);
  QVERIFY(curve.at(20) > 1.5 * quadratic[20] && curve.at(20) < 3 * quadratic[20]);
  QVERIFY(std::abs(curve.at(35) / (1.5 * quadratic[35]) - 1) < 0.02); // as the finer probe beyond it
  QCOMPARE(curve.at(40), 0.0);
  for (std::size_t i = 1; i < curve.effects.size(); ++i) QVERIFY(curve.effects[i] <= curve.effects[i - 1]);
  const EffectCurve alone = scaledCurve("fisher", quadratic, {});
  QVERIFY(std::abs(alone.at(20) / quadratic[20] - 1) < 0.02);
}

void TestSensitivity::comesBackFromJson() {
  const Sensitivity sensitivity{"12ab", 100, 1.5, {{"a.weight", "ff", "fisher", 8, 0.25, 0.5, 1.75}}, true};
  const Sensitivity back = parseSensitivity(toJson(sensitivity));
  QVERIFY(back.probes == sensitivity.probes);
  QCOMPARE(back.textHash, sensitivity.textHash);
  QCOMPARE(back.tokens, sensitivity.tokens);
  QCOMPARE(back.originalNats, sensitivity.originalNats);
  QVERIFY(back.complete);
  EXPECT_ERROR(parseSensitivity("{\"kind\":\"study\"}"), ErrorKind::Malformed, "single layers");
}

RANKSCOPE_TEST_MAIN(TestSensitivity)
#include "tst_sensitivity.moc"
