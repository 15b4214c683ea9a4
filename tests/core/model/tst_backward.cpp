// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/backward.h"

#include <random>

#include "core/base/error.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using test::SmallFamily;

namespace {

/// A loss whose gradient at the logits is known: Σ weights ∘ logits + ½ Σ logits².
struct Loss {
  RowMatrixF weights;

  double value(const Model& model, const Batch& batch) const {
    const RowMatrixF logits = model.logits(model.forward(batch));
    return (weights.cast<double>().array() * logits.cast<double>().array()).sum() + 0.5 * logits.cast<double>().squaredNorm();
  }
  void gradient(RowMatrixF& logits, std::int64_t first) const { logits += weights.middleRows(first, logits.rows()); }
};

RowMatrixF random(Eigen::Index rows, Eigen::Index cols, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  RowMatrixF matrix(rows, cols);
  for (Eigen::Index i = 0; i < matrix.size(); ++i) matrix.data()[i] = normal(engine);
  return matrix;
}

/// The model with W + step·direction in one linear.
Model nudged(const Model& model, LayerId layer, const RowMatrixF& direction, double step) {
  const RowMatrixD moved = toDouble(model.checkpoint().matrix(layer).view) + step * direction.cast<double>();
  LinearWeights weights;
  weights.orientation = model.checkpoint().layer(layer).orientation;
  weights.base.emplace(storeMatrix(moved, {}));
  return model.with({{layer, std::make_shared<const Linear>(std::move(weights))}});
}

}  // namespace

class TestBackward final : public QObject {
  Q_OBJECT

 private slots:
  void agreesWithDifferences_data();
  void agreesWithDifferences();
  void stops();
};

void TestBackward::agreesWithDifferences_data() {
  QTest::addColumn<SmallFamily>("family");
  QTest::newRow("gpt-neo") << SmallFamily::GptNeo;
  QTest::newRow("gpt2") << SmallFamily::Gpt2;
  QTest::newRow("gpt-neox") << SmallFamily::GptNeoX;
  QTest::newRow("llama") << SmallFamily::Llama;
  QTest::newRow("mistral") << SmallFamily::Mistral;
  QTest::newRow("qwen2") << SmallFamily::Qwen2;
}

void TestBackward::agreesWithDifferences() {
  QFETCH(SmallFamily, family);
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "model", family)));
  const Batch batch = batchOf(std::vector<std::vector<int>>{{3, 17, 5, 60, 2, 2, 41}, {9, 8, 30, 11}});
  const Loss loss{random(11, model.architecture().vocabulary, 7)};

  std::map<LayerId, RowMatrixF> gradients;  // of the stored matrix
  backpropagate(model, batch,
                {[&](RowMatrixF& logits, std::int64_t first) { loss.gradient(logits, first); },
                 [&](LayerId layer, Eigen::Ref<const RowMatrixF> x, Eigen::Ref<const RowMatrixF> g) {
                   const bool outIn = model.checkpoint().layer(layer).orientation == Orientation::OutIn;
                   gradients[layer] = outIn ? RowMatrixF(g.transpose() * x) : RowMatrixF(x.transpose() * g);
                 }});

  QCOMPARE(gradients.size(), model.blockLayers().size());
  for (const LayerId layer : model.blockLayers()) {
    const RowMatrixF& gradient = gradients.at(layer);
    const RowMatrixF direction = random(gradient.rows(), gradient.cols(), static_cast<unsigned>(layer.value) + 100);
    constexpr double step = 2e-4;
    const double difference =
        (loss.value(nudged(model, layer, direction, step), batch) - loss.value(nudged(model, layer, direction, -step), batch)) / (2 * step);
    const double predicted = (gradient.cast<double>().array() * direction.cast<double>().array()).sum();
    const double scale = gradient.cast<double>().norm();
    QVERIFY(scale > 0);
    QVERIFY2(std::abs(difference - predicted) < 5e-3 * scale,
             qPrintable(QString("%1: difference %2, gradient %3, norm %4")
                            .arg(QString::fromStdString(model.checkpoint().layer(layer).name)).arg(difference).arg(predicted).arg(scale)));
  }
}

void TestBackward::stops() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "model", SmallFamily::Llama)));
  std::stop_source source;
  source.request_stop();
  const Batch batch = batchOf(std::vector<std::vector<int>>{{1, 2, 3}});
  const BackwardHooks hooks{[](RowMatrixF&, std::int64_t) {}, {}};
  const Progress stopped(source.get_token());
  QVERIFY_THROWS_EXCEPTION(Cancelled, backpropagate(model, batch, hooks, stopped));
}

RANKSCOPE_TEST_MAIN(TestBackward)
#include "tst_backward.moc"
