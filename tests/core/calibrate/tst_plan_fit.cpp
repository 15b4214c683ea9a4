// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/plan_fit.h"

#include <algorithm>

#include "core/evaluate/comparison.h"
#include "core/evaluate/compressed_model.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"
#include "tests/support/token_sequences.h"

using namespace rankscope;
using test::SmallFamily;

namespace {

struct Fixture {
  explicit Fixture(SmallFamily family)
      : checkpoint(openCheckpoint(test::writeSmallModel(folder / "m", family))), model(checkpoint),
        method(checkpoint, calibrate(model, test::tokenSequences(160, 30, 1)), Method::Fisher,
               hashOf(test::tokenSequences(160, 30, 1)), test::tokenSequences(160, 30, 1)) {}

  ResolvedPlan plan(Method how, std::optional<Storage> base = {}) const {
    RankPlan plan;
    plan.method = how;
    plan.rules = {{Rule::Syntax::Glob, "*", UseFraction{0.4}, LayerSettings{.base = base}}};
    ResolvedPlan resolved = resolve(plan, *checkpoint, {});
    for (const LayerInfo& layer : checkpoint->layers())
      if (!isAttention(layer.role) && layer.role != Role::MlpUp && layer.role != Role::MlpGate &&
          layer.role != Role::MlpDown)
        resolved.layers[layer.id.value] = LayerChoice();
    method.applyTo(resolved);
    return resolved;
  }

  double divergence(const ResolvedPlan& plan, const Factoriser& factoriser) const {
    std::vector<Window> windows;
    for (const std::vector<int>& tokens : test::tokenSequences(160, 30, 1))
      windows.push_back({tokens, std::vector<int>(tokens.size(), 0)});
    return compare(model, model.with(compressedLinears(*checkpoint, plan, {}, {}, {}, factoriser)), windows).kl.mean;
  }

  double fitted(ResolvedPlan plan, int steps) const {
    plan.refineSteps = steps;
    const Factoriser factoriser = fitPlan(model, plan, method);
    identify(plan, method);
    return divergence(plan, factoriser);
  }

  test::TemporaryFolder folder;
  std::shared_ptr<const Checkpoint> checkpoint;
  Model model;
  CalibratedMethod method;
};

} // namespace

class TestPlanFit final : public QObject {
  Q_OBJECT

 private slots:
  void fitsAsPlanned_data();
  void fitsAsPlanned();
  void identityNamesThePlan();
  void fitsAroundOtherMethods();
};

void TestPlanFit::fitsAsPlanned_data() {
  QTest::addColumn<SmallFamily>("family");
  QTest::newRow("gpt2, stored in×out") << SmallFamily::Gpt2;
  QTest::newRow("llama") << SmallFamily::Llama;
}

/// In order is better than each alone, refined better than that; factors, and int3 with a correction.
void TestPlanFit::fitsAsPlanned() {
  QFETCH(SmallFamily, family);
  const Fixture f(family);
  for (const std::optional<Storage> base : {std::optional<Storage>(), std::optional(Storage::Int3)}) {
    const double alone = f.divergence(f.plan(Method::Fisher, base), f.method.factoriser());
    const double inOrder = f.fitted(f.plan(Method::Sequential, base), 0);
    const double refined = f.fitted(f.plan(Method::Sequential, base), 30);
    QVERIFY2(inOrder < 1.05 * alone, qPrintable(QString("%1, each alone %2").arg(inOrder).arg(alone)));
    QVERIFY2(refined < inOrder, qPrintable(QString("%1, not refined %2").arg(refined).arg(inOrder)));
  }
}

/// Sequential and refined parts are known by the whole plan, others by the text alone.
void TestPlanFit::identityNamesThePlan() {
  const Fixture f(SmallFamily::Llama);
  const auto methods = [&](ResolvedPlan plan, int refineSteps) {
    plan.refineSteps = refineSteps;
    identify(plan, f.method);
    std::vector<std::string> found;
    for (const LayerChoice& choice : plan.layers)
      if (!choice.isDense()) found.push_back(choice.method);
    return found;
  };
  const auto withAnotherRank = [](ResolvedPlan plan) {
    const auto changed = std::ranges::find_if(plan.layers, [](const LayerChoice& c) { return c.rank.has_value(); });
    changed->rank = *changed->rank + 1;
    return plan;
  };
  const ResolvedPlan sequential = f.plan(Method::Sequential), fisher = f.plan(Method::Fisher);
  const std::string one = methods(sequential, 0).back();
  QVERIFY(methodOf(one) == Method::Sequential);
  QVERIFY(one != methods(withAnotherRank(sequential), 0).back());
  QCOMPARE(methods(fisher, 0).back(), f.method.identity(Method::Fisher));
  QCOMPARE(methods(withAnotherRank(fisher), 0), methods(fisher, 0));
  const std::string refined = methods(fisher, 1).back();
  QVERIFY(refined.starts_with(f.method.identity(Method::Fisher)) && refined != f.method.identity(Method::Fisher));
  QVERIFY(refined != methods(fisher, 2).back());
  QVERIFY(!isFittedTogether(fisher) && isFittedTogether(sequential));
  QVERIFY(!isFittedTogether(f.plan(Method::Plain)));
}

/// A sequential layer makes up for what plain and Fisher's layers before it lost, and leaves those as they are.
void TestPlanFit::fitsAroundOtherMethods() {
  const Fixture f(SmallFamily::GptNeo);
  ResolvedPlan mixed = f.plan(Method::Fisher), sequential = mixed;
  const ResolvedPlan plain = f.plan(Method::Plain);
  for (const LayerInfo& layer : f.checkpoint->layers()) {
    LayerChoice& choice = sequential.layers[layer.id.value];
    if (choice.isDense()) continue;
    if (layer.role == Role::Query || layer.role == Role::Key)
      mixed.layers[layer.id.value] = choice = plain.layers[layer.id.value];
    else if (layer.role == Role::AttentionOutput || layer.role == Role::MlpDown)
      choice.method = f.method.identity(Method::Sequential);
  }
  const ResolvedPlan before = sequential;
  identify(sequential, f.method);
  for (std::size_t i = 0; i < before.layers.size(); ++i)
    QCOMPARE(sequential.layers[i].method != before.layers[i].method,
             methodOf(before.layers[i].method) == Method::Sequential);
  sequential = before;
  const double together = f.fitted(sequential, 0), alone = f.fitted(mixed, 0);
  QVERIFY2(together < alone, qPrintable(QString("%1, each alone %2").arg(together).arg(alone)));
}

RANKSCOPE_TEST_MAIN(TestPlanFit)
#include "tst_plan_fit.moc"
