// SPDX-License-Identifier: GPL-3.0-or-later
#include <random>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/evaluate/compressed_model.h"
#include "core/evaluate/evaluate.h"
#include "core/evaluate/study.h"
#include "core/plan/presets.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;

namespace {

Model fixture() {
  return Model(openCheckpoint(std::filesystem::path(RANKSCOPE_SOURCE_DIR) / "tests/core/model/fixtures/gpt_neo"));
}

std::vector<Window> randomWindows(int tokens) {
  std::mt19937 random(4);
  std::vector<Window> windows;
  for (int i = 0; i < tokens; ++i) {
    if (i % 20 == 0) windows.emplace_back();
    windows.back().tokens.push_back(static_cast<int>(random() % 61));
    windows.back().records.push_back(i / 20);
  }
  return windows;
}

Substitutes uniform(const Model& model, double fraction) {
  PresetOptions options;
  options.fraction = fraction;
  options.factorDtype = Storage::BF16; // F32 factors of bf16 matrices would hardly save
  return compressedLinears(model.checkpoint(),
                           resolve(presetPlan(Preset::Uniform, model.checkpoint(), options), model.checkpoint(), {}),
                           {});
}

} // namespace

class TestStudy : public QObject {
  Q_OBJECT

 private slots:
  void everyPartIsMeasured();
  void oneLayerAloneIsWhatTheModelWithItDoes();
  void aStoppedStudyKeepsWhatIsDone();
  void fitsFindTheExponent();
  void anEvaluationHasAllItsParts();
};

void TestStudy::everyPartIsMeasured() {
  const Model model = fixture();
  const Substitutes factors = uniform(model, 0.4);
  const std::vector<Window> windows = randomWindows(100);
  const StudyReport report = studyAggregation(model, factors, windows, {2, 1, 64});
  QVERIFY(report.complete);
  QCOMPARE(factors.size(), model.blockLayers().size());
  QCOMPARE(report.layers.size(), factors.size());
  QCOMPARE(report.depth.size(), std::size_t{4});
  QCOMPARE(report.sweepMeans.front().layers, 1);
  QCOMPARE(report.sweepMeans.back().layers, static_cast<int>(factors.size()));
  QVERIFY(std::abs(report.sweepMeans.back().kl - report.together->kl.mean) < 1e-6);
  QVERIFY(report.errorFit.has_value());
  QVERIFY(report.errorFit->exponent > 0);
  QCOMPARE(report.sentences.size(), std::size_t{6});
  for (const LayerEffect& layer : report.layers) {
    QVERIFY(layer.weights.cosine > 0.3 && layer.weights.cosine < 1);
    QVERIFY(layer.outputs.relativeError > 0);
    QVERIFY(layer.kl > 0);
  }
  const nlohmann::json json = toJson(report);
  QCOMPARE(json["layers"].size(), factors.size());
  QVERIFY(json["error_fit"]["exponent"].is_number());
}

void TestStudy::oneLayerAloneIsWhatTheModelWithItDoes() {
  const Model model = fixture();
  const Substitutes factors = uniform(model, 0.2);
  const std::vector<Window> windows = randomWindows(80);
  const StudyReport report = studyAggregation(model, factors, windows, {1, 1, 40});
  for (const LayerEffect& effect : {report.layers.front(), report.layers[9], report.layers.back()}) {
    const Comparison alone = compare(model, model.with({{effect.layer, factors.at(effect.layer)}}), windows);
    QVERIFY(std::abs(effect.kl - alone.kl.mean) < 1e-6 + 1e-4 * alone.kl.mean);
    QVERIFY(std::abs(effect.centeredCosine - alone.centeredLogits.cosine) < 1e-6);
  }
}

void TestStudy::aStoppedStudyKeepsWhatIsDone() {
  const Model model = fixture();
  std::stop_source stop;
  StudyReport kept;
  const auto partial = [&](const StudyReport& soFar) {
    kept = soFar;
    if (!soFar.sweepMeans.empty()) stop.request_stop();
  };
  QVERIFY_EXCEPTION_THROWN(
      studyAggregation(model, uniform(model, 0.3), randomWindows(60), {}, Progress(stop.get_token()), partial),
      Cancelled);
  QVERIFY(!kept.complete);
  QVERIFY(kept.together.has_value());
  QVERIFY(!kept.layers.empty());
}

void TestStudy::fitsFindTheExponent() {
  const std::vector<double> n{1, 2, 4, 8};
  const auto exact = fitPower(n, {0.1, 0.1 * std::sqrt(2), 0.2, 0.1 * std::sqrt(8)}, 0.6);
  QVERIFY(std::abs(exact->exponent - 0.5) < 1e-12);
  QVERIFY(std::abs(exact->coefficient - 0.1) < 1e-12);
  QVERIFY(exact->standardError < 1e-12);
  // Points that cannot grow any more are left out where enough others remain.
  const auto cut = fitPower({1, 2, 4, 8, 16}, {0.1, 0.2, 0.4, 0.9, 0.95}, 0.6);
  QVERIFY(std::abs(cut->exponent - 1) < 1e-12);
  QCOMPARE(cut->points, 3);
  QVERIFY(!cut->saturated);
  QVERIFY(fitPower(n, {0.9, 0.95, 0.97, 0.98}, 0.6)->saturated);
  QVERIFY(!fitPower({1}, {0.5}, 0.6).has_value());
  QVERIFY(!fitPower(n, {0, 0, 0, 0}, 0.6).has_value());
}

void TestStudy::anEvaluationHasAllItsParts() {
  const auto path = test::realModel("stories15M");
  if (path.empty()) QSKIP("needs stories15M");
  const auto checkpoint = openCheckpoint(path);
  const Model model(checkpoint);
  const auto own = openTokenizer(path, checkpoint->architecture());
  EvaluationOptions options;
  options.tokens = 600;
  options.controlTokens = 200;
  options.prompt = "Once upon a time";
  options.generation.tokens = 12;
  int parts = 0;
  const EvaluationReport report =
      evaluate(model, model.with(uniform(model, 0.5)), *own,
               {"text", {"Once upon a time, there was a little girl named Lily.", "Tom had a red ball."}}, options, {},
               [&](const EvaluationReport&) { ++parts; });
  QVERIFY(report.complete);
  QVERIFY(parts >= 4);
  const nlohmann::json json = toJson(report);
  for (const char* key :
       {"perplexity_original", "perplexity_compressed", "kl_mean", "kl_p99", "top1_agreement", "logit_cosine",
        "logit_cosine_centered", "hidden_cosine", "blocks", "speed", "memory", "controls", "generation"})
    QVERIFY2(json.contains(key) && !json[key].is_null(), key);
  QVERIFY(report.generation->original.text.find("there was") != std::string::npos);
  QVERIFY_EXCEPTION_THROWN(evaluate(model, model, *own, {"text", {}}, options), Error);
}

RANKSCOPE_TEST_MAIN(TestStudy)
#include "tst_study.moc"
