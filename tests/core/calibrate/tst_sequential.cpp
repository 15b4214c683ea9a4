// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/sequential.h"

#include <atomic>
#include <mutex>

#include <Eigen/QR>

#include "core/base/error.h"
#include "core/calibrate/shared_inputs.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"
#include "tests/support/token_sequences.h"

using namespace rankscope;
using test::SmallFamily;

namespace {

Eigen::MatrixXd none(LayerId) {
  return {};
}

LinearPtr dense(Orientation orientation, const RowMatrixD& values) {
  LinearWeights weights;
  weights.orientation = orientation;
  weights.base.emplace(storeMatrix(values, {}));
  return std::make_shared<const Linear>(std::move(weights));
}

RowMatrixD inputsOf(const Model& model, LayerId layer, const Batch& batch) {
  RowMatrixD inputs;
  model.forward(batch, {[&](LayerId met, Eigen::Ref<const RowMatrixF> x) {
                          if (met == layer) inputs = x.cast<double>();
                        },
                        {},
                        {}});
  return inputs;
}

RowMatrixD outputsBy(const Model& model, LayerId layer, const RowMatrixD& inputs) {
  const LayerInfo& info = model.checkpoint().layer(layer);
  const RowMatrixD m = toDouble(model.checkpoint().matrix(layer).view);
  return info.orientation == Orientation::OutIn ? RowMatrixD(inputs * m.transpose()) : RowMatrixD(inputs * m);
}

} // namespace

class TestSequential final : public QObject {
  Q_OBJECT

 private slots:
  void stagesFollowTheForwardPass();
  void nothingChangedGivesTheOriginal();
  void solvesTheRegression_data();
  void solvesTheRegression();
  void makesUpForTheStream();
  void withoutMemoryItIsTheSame_data();
  void withoutMemoryItIsTheSame();
  void stops();
};

void TestSequential::stagesFollowTheForwardPass() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", SmallFamily::Llama)));
  const auto stages = stagesOf(model, 1);
  QCOMPARE(stages.size(), std::size_t{4});
  QCOMPARE(stages[0].size(), std::size_t{3});
  QCOMPARE(stages[1].size(), std::size_t{1});
  QCOMPARE(stages[2].size(), std::size_t{2});
  QCOMPARE(model.checkpoint().layer(stages[1].front()).role, Role::AttentionOutput);
  QCOMPARE(model.checkpoint().layer(stages[3].front()).role, Role::MlpDown);
}

void TestSequential::nothingChangedGivesTheOriginal() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", SmallFamily::Gpt2)));
  std::atomic<int> met = 0;
  fitInOrder(model, test::tokenSequences(20, 20, 4711), model.blockLayers(), none,
             [&](const SequentialTarget& target) -> LinearPtr {
               const RowMatrixD matrix = toDouble(model.checkpoint().matrix(target.layer).view);
               if ((target.matrix - matrix).norm() < 1e-3 * matrix.norm()) ++met;
               return nullptr;
             });
  QCOMPARE(met.load(), static_cast<int>(model.blockLayers().size()));
}

void TestSequential::solvesTheRegression_data() {
  QTest::addColumn<SmallFamily>("family");
  QTest::newRow("llama") << SmallFamily::Llama;
  QTest::newRow("gpt2, stored in×out") << SmallFamily::Gpt2;
}

/// The first block's linears are spoilt; the targets of a later one against a least-squares solution by QR of the two
/// models' own activations.
void TestSequential::solvesTheRegression() {
  QFETCH(SmallFamily, family);
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", family)));
  const auto text = test::tokenSequences(20, 20, 4711);
  SequentialOptions options;
  options.damping = 1e-9;
  options.correctResidual = false;
  options.batchTokens = 90;
  const LayerId watched = stagesOf(model, 1).front().front();
  RowMatrixD target;
  Substitutes spoilt;
  std::mutex mutex;
  fitInOrder(
      model, text, model.blockLayers(), none,
      [&](const SequentialTarget& t) -> LinearPtr {
        const std::lock_guard lock(mutex);
        if (t.layer == watched) target = t.matrix;
        if (model.blockOf(t.layer) > 0) return nullptr;
        const RowMatrixD matrix = toDouble(model.checkpoint().matrix(t.layer).view);
        RowMatrixD rough = (matrix.array() * 8).round() / 8;
        return spoilt[t.layer] = dense(model.checkpoint().layer(t.layer).orientation, rough);
      },
      options);
  const Batch batch = batchOf(text);
  const RowMatrixD wanted = outputsBy(model, watched, inputsOf(model, watched, batch));
  const RowMatrixD inputs = inputsOf(model.with(spoilt), watched, batch);
  const Eigen::MatrixXd solution = inputs.colPivHouseholderQr().solve(Eigen::MatrixXd(wanted)); // in × out
  const bool outIn = model.checkpoint().layer(watched).orientation == Orientation::OutIn;
  const RowMatrixD expected = outIn ? RowMatrixD(solution.transpose()) : RowMatrixD(solution);
  QVERIFY2((target - expected).norm() < 1e-2 * expected.norm(),
           qPrintable(QString("%1 of %2").arg((target - expected).norm()).arg(expected.norm())));
}

/// With the query, key and value of the first block spoilt, its output makes up for part of it, and its MLP for more.
void TestSequential::makesUpForTheStream() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", SmallFamily::GptNeo)));
  const auto text = test::tokenSequences(20, 20, 4711);
  const auto missed = [&](bool correct) {
    SequentialOptions options;
    options.correctResidual = correct;
    const Substitutes fitted = fitInOrder(
        model, text, model.blockLayers(), none,
        [&](const SequentialTarget& t) -> LinearPtr {
          const LayerInfo& layer = model.checkpoint().layer(t.layer);
          if (layer.role == Role::AttentionOutput || layer.role == Role::MlpDown)
            return dense(layer.orientation, t.matrix);
          const RowMatrixD matrix = toDouble(model.checkpoint().matrix(t.layer).view);
          return dense(layer.orientation, (matrix.array() * 6).round() / 6);
        },
        options);
    const Batch batch = batchOf(text);
    return (model.forward(batch) - model.with(fitted).forward(batch)).squaredNorm();
  };
  QVERIFY(missed(true) < missed(false));
}

void TestSequential::withoutMemoryItIsTheSame_data() {
  QTest::addColumn<SmallFamily>("family");
  QTest::newRow("llama") << SmallFamily::Llama;
  QTest::newRow("neox, attention and MLP side by side") << SmallFamily::GptNeoX;
}

/// Whether the original's block is run once and kept, or again for each stage, the targets are the same.
void TestSequential::withoutMemoryItIsTheSame() {
  QFETCH(SmallFamily, family);
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", family)));
  const auto targets = [&](std::uint64_t bytes) {
    SequentialOptions options;
    options.keptBytes = bytes;
    options.batchTokens = 90;
    std::mutex mutex;
    std::map<LayerId, RowMatrixD> met;
    fitInOrder(
        model, test::tokenSequences(20, 20, 4711), model.blockLayers(), none,
        [&](const SequentialTarget& target) -> LinearPtr {
          const std::lock_guard lock(mutex);
          met[target.layer] = target.matrix;
          return dense(model.checkpoint().layer(target.layer).orientation,
                       (target.matrix.array() * 8).round().matrix() / 8);
        },
        options);
    return met;
  };
  const auto kept = targets(std::uint64_t{1} << 30), again = targets(0);
  QCOMPARE(kept.size(), model.blockLayers().size());
  QVERIFY(kept == again);
}

void TestSequential::stops() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", SmallFamily::Llama)));
  std::stop_source source;
  source.request_stop();
  const auto keep = [](const SequentialTarget&) -> LinearPtr { return nullptr; };
  QVERIFY_THROWS_EXCEPTION(Cancelled, fitInOrder(model, test::tokenSequences(20, 20, 4711), model.blockLayers(), none,
                                                 keep, {}, Progress(source.get_token())));
}

RANKSCOPE_TEST_MAIN(TestSequential)
#include "tst_sequential.moc"
