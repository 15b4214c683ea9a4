// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/plan_predictor.h"

#include <cmath>

#include <QElapsedTimer>

#include "core/base/error.h"
#include "tests/support/expect_error.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;

namespace {

/// Runs that follow kl = factor · sum^exponent exactly.
std::vector<JointRun> runs(double factor, double exponent) {
  std::vector<JointRun> all;
  for (const double sum : {0.02, 0.05, 0.1, 0.3, 0.7, 1.5})
    all.push_back({sum, factor * std::pow(sum, exponent), 0.9 * factor * std::pow(sum, exponent)});
  return all;
}

LayerChoice choice(std::int64_t rank, const std::string& method) {
  LayerChoice result;
  result.rank = rank;
  result.method = method;
  return result;
}

} // namespace

class TestPlanPredictor final : public QObject {
  Q_OBJECT

 private slots:
  void curves();
  void findsThePowerLaw();
  void spreadIsOfRunsLeftOut();
  void tooFewRuns();
  void predictsPlans();
  void budgetsGoByMeasuredEffects();
  void comesBackFromJson();
  void malformed_data();
  void malformed();
  void quick();
};

void TestPlanPredictor::curves() {
  const EffectCurve curve{"fisher", {0, 10, 20}, {1.0, 0.1, 0.001}};
  QCOMPARE(curve.at(10), 0.1);
  QVERIFY(std::abs(curve.at(15) - 0.01) < 1e-12);
  QCOMPARE(curve.at(99), 0.001);
  const EffectCurve withZero{"fisher", {10, 20}, {0.1, 0}};
  QCOMPARE(withZero.at(5), 0.1);
  QCOMPARE(withZero.at(15), 0.05);
}

void TestPlanPredictor::findsThePowerLaw() {
  const JointFit fit = fitJointRuns(runs(1.2, 1.1));
  QVERIFY(std::abs(fit.exponent - 1.1) < 0.01); // drawn a hair towards 1
  QVERIFY(std::abs(std::exp(fit.intercept + fit.exponent * std::log(0.2)) / (1.2 * std::pow(0.2, 1.1)) - 1) < 0.02);
  QCOMPARE(fit.natsRatio, 0.9);
  QCOMPARE(fit.runs, 6);
  QCOMPARE(fit.least, 0.02);
  QCOMPARE(fit.largest, 1.5);
}

void TestPlanPredictor::spreadIsOfRunsLeftOut() {
  std::vector<JointRun> off = runs(1, 1);
  const double before = fitJointRuns(off).spread;
  for (std::size_t i = 0; i < off.size(); ++i) off[i].kl *= i % 2 == 0 ? 1.3 : 1 / 1.3;
  const double spread = fitJointRuns(off).spread;
  QVERIFY(spread > std::log(1.3)); // a run left out is missed by more than the residual of a fit with it
  QVERIFY(spread < 2 * std::log(1.3));
  QVERIFY(before < 0.06);
}

void TestPlanPredictor::tooFewRuns() {
  std::vector<JointRun> few{{0.1, 0.1, 0.1}, {0.2, 0.2, 0.2}, {0, 0, 0}};
  EXPECT_ERROR(fitJointRuns(few), ErrorKind::BadRequest, "too few");
}

void TestPlanPredictor::predictsPlans() {
  const PlanPredictor predictor({{"a", {{"fisher", {1, 10}, {0.4, 0.1}}, {"plain", {1, 10}, {4, 1}}}}, {"b", {}}},
                                fitJointRuns(runs(1.15, 1)), std::log(4.0));
  ResolvedPlan plan;
  plan.layers = {choice(10, "fisher 12ab"), LayerChoice{}};
  const PlanPrediction p = *predictor.predict(plan);
  QVERIFY(std::abs(p.kl - 0.115) < 0.001);
  QVERIFY(p.klLow < p.kl && p.kl < p.klHigh);
  QVERIFY(std::abs(p.perplexity - 4 * std::exp(0.9 * p.kl)) < 1e-9);
  QVERIFY(p.perplexityLow < p.perplexity && p.perplexity < p.perplexityHigh);
  QVERIFY(p.covered);
  plan.layers[0] = choice(1, "");
  QVERIFY(!predictor.predict(plan)->covered); // a sum of 4
  plan.layers[0] = LayerChoice{};
  QCOMPARE(predictor.predict(plan)->kl, 0.0);
  QCOMPARE(predictor.predict(plan)->perplexity, 4.0);
  plan.layers[0] = choice(5, "aware 12ab");
  QVERIFY(!predictor.predict(plan));
  plan.layers = {LayerChoice{}, choice(5, "")};
  QVERIFY(!predictor.predict(plan));
}

void TestPlanPredictor::budgetsGoByMeasuredEffects() {
  const test::TemporaryFolder folder;
  const auto checkpoint = openCheckpoint(test::writeSmallModel(folder / "m", test::SmallFamily::GptNeo));
  // Effects fall alike with the rank, but one layer's are a hundred times the others'.
  const std::string costly = "transformer.h.1.attn.attention.v_proj.weight";
  std::vector<LayerEffects> layers;
  for (const LayerInfo& layer : checkpoint->layers()) {
    EffectCurve curve{"aware", {}, {}};
    for (std::int64_t rank = 1; rank <= layer.smallSide(); ++rank) {
      curve.ranks.push_back(rank);
      curve.effects.push_back((layer.name == costly ? 1.0 : 0.01) * std::exp(-0.3 * static_cast<double>(rank)));
    }
    layers.push_back({layer.name, {curve}});
  }
  const PlanPredictor predictor(layers, fitJointRuns(runs(1, 1)), 1.5);
  PresetOptions options;
  options.method = Method::Aware;
  const BenefitLookup benefits = measuredBenefits(predictor, *checkpoint, options);
  const RankPlan plan = planForBudget(KeepShare{0.4}, *checkpoint, benefits, options);
  const ResolvedPlan resolved = resolve(plan, *checkpoint, {});
  const auto rankOf = [&](const std::string& name) {
    const LayerId id = *checkpoint->findLayer(name);
    return resolved.layers[id.value].rank.value_or(checkpoint->layer(id).smallSide());
  };
  QVERIFY(rankOf(costly) > rankOf("transformer.h.0.attn.attention.v_proj.weight") + 5);
  double best = predictor.predict(resolved)->kl;
  // Nothing is gained by giving a rank of one attention layer to another.
  for (const LayerInfo& from : checkpoint->layers())
    for (const LayerInfo& to : checkpoint->layers()) {
      ResolvedPlan other = resolved;
      auto &a = other.layers[from.id.value].rank, &b = other.layers[to.id.value].rank;
      if (from.rows != to.rows || from.cols != to.cols || !a || !b || *a < 2 || from.id == to.id) continue;
      --*a, ++*b;
      if (isBelowBreakEven(to, other.layers[to.id.value])) QVERIFY(predictor.predict(other)->kl >= best * (1 - 1e-9));
    }
  options.method = Method::Fisher;
  QVERIFY(!measuredBenefits(predictor, *checkpoint, options)(*checkpoint->findLayer(costly)));
}

void TestPlanPredictor::comesBackFromJson() {
  const test::TemporaryFolder folder;
  const auto checkpoint = openCheckpoint(test::writeSmallModel(folder / "m", test::SmallFamily::GptNeo));
  std::vector<LayerEffects> layers;
  for (const LayerInfo& layer : checkpoint->layers()) layers.push_back({layer.name, {}});
  layers[1].curves.push_back({"fisher", {1, 4, 9}, {0.5, 0.25, 0.125}});
  const PlanPredictor predictor(layers, fitJointRuns(runs(1.2, 1.05)), 1.5);
  const PlanPredictor back = parsePredictor(toJson(predictor), *checkpoint);
  QCOMPARE(toJson(back), toJson(predictor));
  QCOMPARE(*back.effect(LayerId{1}, choice(6, "fisher x")), *predictor.effect(LayerId{1}, choice(6, "fisher x")));
  QCOMPARE(back.predict(0.3).klHigh, predictor.predict(0.3).klHigh);
}

void TestPlanPredictor::malformed_data() {
  QTest::addColumn<QString>("json");
  QTest::addRow("not JSON") << "{";
  QTest::addRow("another kind") << R"({"kind":"study","version":1})";
  QTest::addRow("no fit") << R"({"kind":"predictor","version":1})";
  const char* frame = R"({"kind":"predictor","version":1,"original_perplexity":4,"fit":{"intercept":0,"exponent":1,
    "spread":0.1,"nats_ratio":1,"nats_spread":0,"least":0,"largest":1,"runs":4},"layers":%1})";
  QTest::addRow("unknown layer") << QString(frame).arg(R"({"no.such.layer":[]})");
  QTest::addRow("falling ranks") << QString(frame).arg(
      R"({"transformer.h.0.mlp.c_fc.weight":[{"kind":"fisher","ranks":[2,1],"effects":[1,2]}]})");
}

void TestPlanPredictor::malformed() {
  QFETCH(QString, json);
  const test::TemporaryFolder folder;
  const auto checkpoint = openCheckpoint(test::writeSmallModel(folder / "m", test::SmallFamily::GptNeo));
  EXPECT_ERROR(parsePredictor(json.toStdString(), *checkpoint), ErrorKind::Malformed, "prediction");
}

void TestPlanPredictor::quick() {
  std::vector<LayerEffects> layers;
  ResolvedPlan plan;
  for (int i = 0; i < 150; ++i) {
    LayerEffects layer{"layer", {}};
    EffectCurve curve{"fisher", {}, {}};
    for (int r = 1; r < 40; ++r) {
      curve.ranks.push_back(10 * r);
      curve.effects.push_back(1.0 / r);
    }
    layer.curves = {curve};
    layers.push_back(std::move(layer));
    plan.layers.push_back(choice(100 + i, "fisher x"));
  }
  const PlanPredictor predictor(std::move(layers), JointFit{}, 1);
  QElapsedTimer timer;
  timer.start();
  double sum = 0;
  for (int i = 0; i < 1000; ++i) sum += predictor.predict(plan)->kl;
  QVERIFY(sum > 0);
  QVERIFY2(timer.elapsed() < 1000, qPrintable(QString("%1 us a plan").arg(timer.elapsed())));
}

RANKSCOPE_TEST_MAIN(TestPlanPredictor)
#include "tst_plan_predictor.moc"
