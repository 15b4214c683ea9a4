// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/evaluation_json.h"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "tests/support/expect_error.h"
#include "tests/support/test_main.h"

using namespace rankscope;

namespace {

Comparison comparison(double shift) {
  Comparison c;
  c.tokens = 2048;
  c.positions = 2040;
  c.windows = 8;
  c.records = 5;
  c.original = {6.25, 0.5, 1.8326, 0.08};
  c.compressed = {9.5 + shift, 0.75, 2.2513, 0.0789};
  c.kl = {0.5, 0.25, 1.5, 3.5, 7 + shift};
  c.klHistogram = {{0.001, 0.00316, 40}, {0.00316, 0.01, 2000}};
  c.top1Agreement = 0.75;
  c.top5Agreement = 0.625;
  c.logits = {0.875, 0.5};
  c.centeredLogits = {0.75, 0.625};
  c.hidden = {0.9375, 0.375};
  c.blocks = {{0.99, 0.125}, {0.95, 0.25 + shift}};
  return c;
}

EvaluationReport evaluation() {
  EvaluationReport report;
  report.original = "a model";
  report.compressed = "plan";
  report.text = "stories.txt.gz";
  report.context = 256;
  report.comparison = comparison(0);
  Controls controls;
  controls.bf16 = comparison(1);
  controls.random = comparison(2);
  controls.unrelatedLogitCosine = 0.41;
  controls.unrelatedCenteredCosine = 0.11;
  controls.unrelatedHiddenCosine = 0.21;
  report.controls = controls;
  SpeedReport speed;
  speed.models = {{"original", 1000, 100, {}, {}, 4096, 8192, 2e6},
                  {"compressed", 1500, 140, {1.5, 1.25, 1.75}, {1.4, 1.3, 1.5}, 1024, 4096, 1e6}};
  speed.aboveBreakEven = {{"h.0.q", 40, 16.5}};
  speed.processBytes = 123456;
  speed.sentence = "it is faster";
  report.speed = speed;
  GeneratedPair pair;
  pair.prompt = "Once";
  pair.options = {20, 0.8, 0.9, 7};
  pair.original = {{1, 2, 3}, " upon a time", true, {1, 0.9, 0.8, 0.125, 3}};
  pair.compressed = {{1, 5, 5}, " upon the the", false, {0.5, 0.4, 0.3, 0.25, 9}};
  pair.firstDifference = 1;
  pair.sameBytes = 6;
  report.generation = pair;
  report.sentences = {"one.", "two."};
  report.complete = true;
  return report;
}

StudyReport study() {
  StudyReport report;
  report.tokens = 1024;
  report.draws = 3;
  report.depth = {{0.99, 0.1}, {0.9, 0.4}};
  report.together = comparison(0);
  LayerEffect effect;
  effect.name = "transformer.h.1.mlp.c_fc.weight";
  effect.role = Role::MlpUp;
  effect.block = 1;
  effect.rank = 16;
  effect.weights = {0.8, 0.6};
  effect.outputs = {0.9, 0.4};
  effect.kl = 0.02;
  effect.logitCosine = 0.99;
  effect.centeredCosine = 0.98;
  effect.error = 0.199;
  report.layers = {effect};
  report.sweep = {{1, 0, 0.01, 0.99, 0.98, 0.2}, {2, 0, 0.03, 0.97, 0.95, 0.31}};
  report.sweepMeans = {{1, 0.2, 0.01}, {2, 0.31, 0.03}};
  report.errorFit = PowerFit{0.57, 0.03, 0.2, 2, false};
  report.klFit = PowerFit{1.2, 0.1, 0.01, 2, true};
  report.singleError = 0.2;
  report.sentences = {"so it is."};
  report.complete = true;
  return report;
}

} // namespace

class TestEvaluationJson : public QObject {
  Q_OBJECT

 private slots:
  void whatWasWrittenIsRead() {
    const nlohmann::json written = toJson(evaluation());
    QCOMPARE(toJson(evaluationFrom(written)).dump(1), written.dump(1));
    const nlohmann::json studied = toJson(study());
    QCOMPARE(toJson(studyFrom(studied)).dump(1), studied.dump(1));
    const nlohmann::json texts = toJson(*evaluation().generation);
    QCOMPARE(toJson(generatedPairFrom(texts)).dump(1), texts.dump(1));
  }

  void partsThatWereNotMeasuredStayAway() {
    EvaluationReport partial = evaluation();
    partial.controls->random.reset();
    partial.speed.reset();
    partial.generation->firstDifference.reset();
    partial.complete = false;
    const EvaluationReport read = evaluationFrom(toJson(partial));
    QVERIFY(read.controls && !read.controls->random);
    QVERIFY(!read.speed && !read.complete);
    QVERIFY(!read.generation->firstDifference);
    partial.generation.reset();
    partial.controls.reset();
    QVERIFY(!evaluationFrom(toJson(partial)).generation);
    QVERIFY(!evaluationFrom(toJson(partial)).controls);
    const StudyReport begun =
        studyFrom(nlohmann::json{{"kind", "study"}, {"together", nullptr}, {"error_fit", nullptr}});
    QVERIFY(!begun.together && !begun.errorFit && begun.layers.empty());
  }

  void numbersThatJsonCannotHoldComeBackAsNone() {
    EvaluationReport broken = evaluation();
    broken.comparison.kl.mean = std::numeric_limits<double>::infinity();
    const EvaluationReport read = evaluationFrom(toJson(broken));
    QVERIFY(std::isnan(read.comparison.kl.mean));
    QCOMPARE(read.comparison.kl.median, 0.25);
  }

  void nonsenseIsNamed() {
    EXPECT_ERROR(evaluationFrom(nlohmann::json::array()), ErrorKind::Malformed, "evaluation");
    nlohmann::json wrong;
    wrong["layers"] = {{{"kl_mean", "much"}}};
    EXPECT_ERROR(studyFrom(wrong), ErrorKind::Malformed, "study");
  }
};

RANKSCOPE_TEST_MAIN(TestEvaluationJson)
#include "tst_evaluation_json.moc"
