// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/weighted_rounding.h"

#include "core/calibrate/quantised_fit.h"
#include "tests/support/test_main.h"
#include "tests/support/test_matrices.h"

using namespace rankscope;

namespace {

/// Second moment of vectors whose numbers go together.
Eigen::MatrixXd moment(Eigen::Index size, unsigned seed) {
  const RowMatrixD x = test::gaussian(4 * size, size, seed) *
                       (test::gaussian(size, size, seed + 1) + 3 * RowMatrixD::Identity(size, size));
  return x.transpose() * x / static_cast<double>(x.rows());
}

Moments moments(Eigen::Index in, Eigen::Index out) {
  return {std::make_shared<Eigen::MatrixXd>(moment(in, 5)), std::make_shared<Eigen::VectorXd>(in), moment(out, 6)};
}

StorageFormat format(Storage storage, int group, Orientation orientation) {
  return {storage, orientation == Orientation::OutIn ? ScaleAxis::PerRow : ScaleAxis::PerColumn, group, Storage::F16};
}

} // namespace

Q_DECLARE_METATYPE(Storage)

class TestWeightedRounding final : public QObject {
  Q_OBJECT

 private slots:
  void beatsRoundingToNearest_data();
  void beatsRoundingToNearest();
  void findsTheOptimumOfASmallCase();
  void correctionsAndBasesHelpEachOther();
  void standsZeroAndSingularCases();
};

void TestWeightedRounding::beatsRoundingToNearest_data() {
  QTest::addColumn<Storage>("storage");
  QTest::addColumn<int>("group");
  QTest::addColumn<Orientation>("orientation");
  QTest::addColumn<Metric>("metric");
  QTest::newRow("int4, groups, out×in") << Storage::Int4 << 32 << Orientation::OutIn << Metric::Predictions;
  QTest::newRow("int4, groups, in×out") << Storage::Int4 << 32 << Orientation::InOut << Metric::Outputs;
  QTest::newRow("int3, whole, out×in") << Storage::Int3 << 0 << Orientation::OutIn << Metric::Outputs;
  QTest::newRow("int3, whole, in×out") << Storage::Int3 << 0 << Orientation::InOut << Metric::Predictions;
  QTest::newRow("int8, groups, out×in") << Storage::Int8 << 64 << Orientation::OutIn << Metric::Predictions;
}

void TestWeightedRounding::beatsRoundingToNearest() {
  QFETCH(Storage, storage);
  QFETCH(int, group);
  QFETCH(Orientation, orientation);
  QFETCH(Metric, metric);
  const Moments m = moments(75, 20);
  const RowMatrixD stored = turned(test::gaussian(20, 75, 1), orientation);
  const StorageFormat f = format(storage, group, orientation);
  RoundingOptions options;
  options.metric = metric;
  WeightedRounding rounding(stored, orientation, m, f, options);
  const double first = rounding.error();
  rounding.improve();
  QVERIFY(rounding.error() <= first);
  const StoredMatrix result = rounding.result();
  QCOMPARE(result.format, f);
  QVERIFY((load(result).cast<double>() - rounding.values()).norm() < 1e-5 * stored.norm());
  for (const float scale : result.scales) QCOMPARE(scale, roundedScale(scale, f));
  const double weighted = weightedError(stored - load(result).cast<double>(), orientation, m, metric);
  const double nearest = weightedError(stored - load(storeMatrix(stored, f)).cast<double>(), orientation, m, metric);
  QVERIFY2(weighted < 0.6 * nearest, qPrintable(QString("%1, to nearest %2").arg(weighted).arg(nearest)));
}

/// One row of four numbers, one scale: nothing that changes one code or the scale is better, and no set of codes is by
/// much.
void TestWeightedRounding::findsTheOptimumOfASmallCase() {
  Moments m = moments(4, 1);
  const RowMatrixD stored = test::gaussian(1, 4, 9);
  RoundingOptions options;
  options.metric = Metric::Outputs;
  options.damping = 0;
  options.sweeps = 50;
  WeightedRounding rounding(stored, Orientation::OutIn, m, format(Storage::Int3, 0, Orientation::OutIn), options);
  rounding.improve();
  const double found = rounding.error();
  double least = found;
  for (int code = 0; code < 7 * 7 * 7 * 7; ++code) {
    const Eigen::RowVector4d q(code % 7 - 3, code / 7 % 7 - 3, code / 49 % 7 - 3, code / 343 - 3);
    const double curvature = q * *m.inputs * q.transpose();
    if (!(curvature > 0)) continue;
    const double scale = (stored * *m.inputs * q.transpose())(0, 0) / curvature;
    least = std::min(least, weightedError(stored - scale * q, Orientation::OutIn, m, Metric::Outputs));
  }
  QVERIFY2(found < 4 * least + 1e-9, qPrintable(QString("%1, exhaustive %2").arg(found).arg(least)));
}

void TestWeightedRounding::correctionsAndBasesHelpEachOther() {
  const Moments m = moments(64, 24);
  const RowMatrixD stored = test::gaussian(24, 64, 2);
  const StorageFormat f = format(Storage::Int3, 32, Orientation::OutIn);
  const auto error = [&](int rounds, std::optional<std::int64_t> rank) {
    QuantisedFitOptions options;
    options.rounds = rounds;
    const LayerParts parts = fitQuantised(stored, Orientation::OutIn, m, f, rank, options);
    RowMatrixD rest = stored - load(*parts.base).cast<double>();
    if (parts.factors) rest -= parts.factors->a * parts.factors->b;
    return weightedError(rest, Orientation::OutIn, m, Metric::Predictions);
  };
  const double alone = error(0, std::nullopt), corrected = error(0, 4), refitted = error(6, 4);
  QVERIFY2(corrected < 0.9 * alone, qPrintable(QString("%1, %2").arg(corrected).arg(alone)));
  QVERIFY2(refitted < corrected, qPrintable(QString("%1, %2").arg(refitted).arg(corrected)));
}

void TestWeightedRounding::standsZeroAndSingularCases() {
  Moments m = moments(40, 6);
  const StorageFormat f = format(Storage::Int4, 32, Orientation::OutIn);
  RowMatrixD stored = test::gaussian(6, 40, 3);
  stored.row(2).setZero();
  Eigen::MatrixXd singular = Eigen::MatrixXd::Zero(40, 40);
  singular(3, 3) = 1;
  for (const Eigen::MatrixXd& inputs : {*m.inputs, singular, Eigen::MatrixXd(Eigen::MatrixXd::Zero(40, 40))}) {
    m.inputs = std::make_shared<const Eigen::MatrixXd>(inputs);
    WeightedRounding rounding(stored, Orientation::OutIn, m, f);
    rounding.improve();
    QVERIFY(rounding.values().allFinite());
    QVERIFY((rounding.values() - stored).norm() < 0.5 * stored.norm());
    QCOMPARE(rounding.values().row(2).norm(), 0.0);
  }
}

RANKSCOPE_TEST_MAIN(TestWeightedRounding)
#include "tst_weighted_rounding.moc"
