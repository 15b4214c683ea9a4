// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/refine.h"

#include "core/base/error.h"
#include "core/linalg/svd.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"
#include "tests/support/token_sequences.h"

using namespace rankscope;
using test::SmallFamily;

namespace {

/// Plain factors of every block linear at a share of the full rank.
std::map<LayerId, LayerParts> plainFactors(const Model& model, double share) {
  std::map<LayerId, LayerParts> factors;
  for (const LayerId layer : model.blockLayers()) {
    const Checkpoint::Matrix matrix = model.checkpoint().matrix(layer);
    const auto rank = static_cast<std::int64_t>(share * static_cast<double>(matrix.view.smallSide()));
    const TruncatedSvd svd = truncatedSvd(matrix.view, rank);
    const Eigen::VectorXd root = Eigen::Map<const Eigen::VectorXd>(svd.sigma.data(), rank).cwiseSqrt();
    factors[layer] = {std::nullopt, FactorValues{svd.u * root.asDiagonal(), root.asDiagonal() * svd.v.transpose()}, {}};
  }
  return factors;
}

/// KL of the first and of the last step, all sequences in every step.
std::pair<double, double> run(SmallFamily family, double share, int steps) {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", family)));
  RefineOptions options;
  options.steps = steps;
  options.batchTokens = 8 * 24;
  options.heldOut = 0.01;
  std::vector<double> divergence;
  refine(model, plainFactors(model, share), test::tokenSequences(8, 24, 99), options, {},
         [&](const RefineStep& step) { divergence.push_back(step.divergence); });
  return {divergence.front(), divergence.back()};
}

} // namespace

class TestRefine final : public QObject {
  Q_OBJECT

 private slots:
  void lowersTheDivergence_data();
  void lowersTheDivergence();
  void leavesExactFactorsAlone();
  void movesScalesAndShifts_data() { lowersTheDivergence_data(); }
  void movesScalesAndShifts();
  void keepsTheBestOnHeldOutText();
  void stops();
};

void TestRefine::lowersTheDivergence_data() {
  QTest::addColumn<SmallFamily>("family");
  QTest::newRow("gpt-neo") << SmallFamily::GptNeo;
  QTest::newRow("gpt2, stored in×out") << SmallFamily::Gpt2;
  QTest::newRow("llama") << SmallFamily::Llama;
}

void TestRefine::lowersTheDivergence() {
  QFETCH(SmallFamily, family);
  const auto [first, last] = run(family, 0.3, 60);
  QVERIFY2(last < 0.6 * first, qPrintable(QString("%1 -> %2").arg(first).arg(last)));
}

void TestRefine::leavesExactFactorsAlone() {
  const auto [first, last] = run(SmallFamily::Llama, 1.0, 1);
  QVERIFY(first < 1e-6);
  QVERIFY(last < 1e-6);
}

namespace {

/// KL over all sequences with some parts in place.
double divergenceWith(const Model& model, const std::map<LayerId, LayerParts>& parts) {
  RefineOptions look;
  look.steps = 1;
  look.learningRate = 0;
  look.batchTokens = 8 * 24;
  look.heldOut = 0.01;
  double divergence = 0;
  refine(model, parts, test::tokenSequences(8, 24, 99), look, {},
         [&](const RefineStep& step) { divergence = step.divergence; });
  return divergence;
}

} // namespace

/// Bases of three bits with coarse scales and bias shifts, no factors: only those can move, and their codes stay.
void TestRefine::movesScalesAndShifts() {
  QFETCH(SmallFamily, family);
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", family)));
  std::map<LayerId, LayerParts> start;
  for (const LayerId layer : model.blockLayers()) {
    const LayerInfo& info = model.checkpoint().layer(layer);
    StorageFormat format{Storage::Int3,
                         info.orientation == Orientation::OutIn ? ScaleAxis::PerRow : ScaleAxis::PerColumn, 32,
                         Storage::F16};
    start[layer] = {storeMatrix(toDouble(model.checkpoint().matrix(layer).view), format), std::nullopt,
                    std::vector<float>(static_cast<std::size_t>(model.linear(layer)->outputs()), 0.01f)};
  }
  RefineOptions options;
  options.steps = 40;
  options.batchTokens = 8 * 24;
  options.heldOut = 0.01;
  options.stepsPerCheck = 10;
  const auto refined = refine(model, start, test::tokenSequences(8, 24, 99), options);
  QVERIFY2(divergenceWith(model, refined) < 0.9 * divergenceWith(model, start),
           qPrintable(QString("%1 -> %2").arg(divergenceWith(model, start)).arg(divergenceWith(model, refined))));
  for (const auto& [layer, parts] : refined) {
    const StoredMatrix& before = *start.at(layer).base;
    QVERIFY(std::equal(before.codes.begin(), before.codes.end(), parts.base->codes.begin()));
    for (const float scale : parts.base->scales) QCOMPARE(scale, roundedScale(scale, parts.base->format));
  }
}

/// A rate that ruins the model gives back what it was given.
void TestRefine::keepsTheBestOnHeldOutText() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", SmallFamily::Llama)));
  const auto start = plainFactors(model, 0.8);
  RefineOptions options;
  options.steps = 10;
  options.learningRate = 30;
  options.stepsPerCheck = 5;
  const auto refined = refine(model, start, test::tokenSequences(8, 24, 99), options);
  for (const auto& [layer, parts] : refined) QVERIFY(parts.factors->a == start.at(layer).factors->a);
}

void TestRefine::stops() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", SmallFamily::Llama)));
  std::stop_source source;
  const Progress progress(source.get_token());
  const auto stopAtThird = [&](const RefineStep& step) {
    if (step.step == 2) source.request_stop();
  };
  QVERIFY_THROWS_EXCEPTION(
      Cancelled, refine(model, plainFactors(model, 0.3), test::tokenSequences(8, 24, 99), {}, progress, stopAtThird));
}

RANKSCOPE_TEST_MAIN(TestRefine)
#include "tst_refine.moc"
