// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/calibration.h"

#include <Eigen/Eigenvalues>

#include "core/base/error.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"
#include "tests/support/token_sequences.h"

using namespace rankscope;
using test::SmallFamily;

namespace {

/// Mean over tokens of KL(original ‖ changed).
double divergence(const Model& original, const Model& changed, const Batch& batch) {
  const RowMatrixF a = original.logits(original.forward(batch)), b = changed.logits(changed.forward(batch));
  double sum = 0;
  for (Eigen::Index t = 0; t < a.rows(); ++t) {
    const Eigen::ArrayXd la = a.row(t).cast<double>().transpose().array(),
                         lb = b.row(t).cast<double>().transpose().array();
    const Eigen::ArrayXd pa = la - std::log((la - la.maxCoeff()).exp().sum()) - la.maxCoeff();
    const Eigen::ArrayXd pb = lb - std::log((lb - lb.maxCoeff()).exp().sum()) - lb.maxCoeff();
    sum += (pa.exp() * (pa - pb)).sum();
  }
  return sum / static_cast<double>(a.rows());
}

} // namespace

class TestCalibration final : public QObject {
  Q_OBJECT

 private slots:
  void momentsMatchTheInputs();
  void linearsOfOneInputShareIt();
  void predictsTheEffectOfASmallChange();
  void stops();
};

void TestCalibration::momentsMatchTheInputs() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", SmallFamily::Gpt2)));
  const auto texts = test::tokenSequences(5, 9, 12345);
  CalibrationOptions options;
  options.batchTokens = 20; // several batches
  const Calibration calibration = calibrate(model, texts, options);
  QCOMPARE(calibration.tokens, 45);
  QCOMPARE(calibration.layers.size(), model.blockLayers().size());

  std::map<LayerId, RowMatrixD> inputs;
  model.forward(batchOf(texts),
                {[&](LayerId layer, Eigen::Ref<const RowMatrixF> x) { inputs[layer] = x.cast<double>(); }, {}, {}});
  for (const auto& [layer, x] : inputs) {
    const Eigen::MatrixXd expected = x.transpose() * x / 45.0;
    QVERIFY((*calibration.layers.at(layer).inputs - expected).norm() < 1e-5 * expected.norm());
    QVERIFY((*calibration.layers.at(layer).inputMean - x.colwise().mean().transpose()).norm() < 1e-5 * x.norm());
    const Eigen::MatrixXd& gradients = calibration.layers.at(layer).gradients;
    QCOMPARE(gradients.rows(), model.linear(layer)->outputs());
    QVERIFY(Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(gradients).eigenvalues().minCoeff() >
            -1e-6 * gradients.trace());
    QVERIFY(gradients.trace() > 0);
  }
  QVERIFY(!calibrate(model, std::span(texts).first(1), options).coversWidth());
  QVERIFY(calibrate(model, test::tokenSequences(12, 20, 12345), options).coversWidth());
}

void TestCalibration::linearsOfOneInputShareIt() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", SmallFamily::Llama)));
  CalibrationOptions options;
  options.gradients = false;
  const Calibration calibration = calibrate(model, test::tokenSequences(2, 8, 12345), options);
  const auto inputs = [&](std::string_view name) {
    return calibration.layers.at(*model.checkpoint().findLayer(name)).inputs.get();
  };
  const std::string block = "model.layers.1.";
  QCOMPARE(inputs(block + "self_attn.q_proj.weight"), inputs(block + "self_attn.v_proj.weight"));
  QCOMPARE(inputs(block + "mlp.gate_proj.weight"), inputs(block + "mlp.up_proj.weight"));
  QVERIFY(inputs(block + "self_attn.q_proj.weight") != inputs(block + "self_attn.o_proj.weight"));
  QVERIFY(inputs(block + "self_attn.q_proj.weight") != inputs("model.layers.0.self_attn.q_proj.weight"));
  QCOMPARE(calibration.layers.begin()->second.gradients.size(), 0);
}

/// ½ tr(G Δ C Δᵀ) against the KL that is really there; Kronecker factoring is an approximation, so within a factor
/// of 2.
void TestCalibration::predictsTheEffectOfASmallChange() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", SmallFamily::GptNeo)));
  const auto texts = test::tokenSequences(40, 30, 12345);
  const Calibration calibration = calibrate(model, texts);
  for (const LayerId layer : model.blockLayers()) {
    const RowMatrixD stored = toDouble(model.checkpoint().matrix(layer).view);
    RowMatrixD change(stored.rows(), stored.cols());
    unsigned state = 7;
    for (Eigen::Index i = 0; i < change.size(); ++i)
      change.data()[i] = 2e-3 * (static_cast<double>((state = state * 1664525u + 1013904223u) >> 8) / (1 << 24) - 0.5);
    LinearWeights weights;
    weights.base.emplace(storeMatrix(stored + change, {}));
    const Model changed = model.with({{layer, std::make_shared<const Linear>(std::move(weights))}});
    const Moments& m = calibration.layers.at(layer);
    const double predicted = 0.5 * (m.gradients * (change * *m.inputs * change.transpose())).trace();
    const double measured = divergence(model, changed, batchOf(texts));
    QVERIFY2(measured > 0.5 * predicted && measured < 2 * predicted,
             qPrintable(QString("%1: predicted %2, measured %3")
                            .arg(QString::fromStdString(model.checkpoint().layer(layer).name))
                            .arg(predicted)
                            .arg(measured)));
  }
}

void TestCalibration::stops() {
  const test::TemporaryFolder folder;
  const Model model(openCheckpoint(test::writeSmallModel(folder / "m", SmallFamily::Llama)));
  std::stop_source source;
  source.request_stop();
  const Progress stopped(source.get_token());
  QVERIFY_THROWS_EXCEPTION(Cancelled, calibrate(model, test::tokenSequences(1, 4, 12345), {}, stopped));
}

RANKSCOPE_TEST_MAIN(TestCalibration)
#include "tst_calibration.moc"
