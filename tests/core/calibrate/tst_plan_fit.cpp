// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/plan_fit.h"

#include <algorithm>

#include "core/evaluate/comparison.h"
#include "core/evaluate/compressed_model.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using test::SmallFamily;

namespace {

std::vector<std::vector<int>> sequences(unsigned seed) {
  std::vector<std::vector<int>> result;
  unsigned state = seed;
  for (int s = 0; s < 160; ++s) {
    std::vector<int>& sequence = result.emplace_back();
    for (int i = 0; i < 30; ++i) sequence.push_back(static_cast<int>((state = state * 1664525u + 1013904223u) >> 8) % 61);
  }
  return result;
}

struct Fixture {
  explicit Fixture(SmallFamily family)
      : checkpoint(openCheckpoint(test::writeSmallModel(folder / "m", family))), model(checkpoint),
        method(checkpoint, calibrate(model, sequences(1)), Method::Fisher, hashOf(sequences(1)), sequences(1)) {}

  ResolvedPlan plan(Method how, std::optional<Storage> base = {}) const {
    RankPlan plan;
    plan.method = how;
    plan.rules = {{Rule::Syntax::Glob, "*", UseFraction{0.4}, LayerSettings{.base = base}}};
    ResolvedPlan resolved = resolve(plan, *checkpoint, {});
    for (const LayerInfo& layer : checkpoint->layers())
      if (!isAttention(layer.role) && layer.role != Role::MlpUp && layer.role != Role::MlpGate && layer.role != Role::MlpDown)
        resolved.layers[layer.id.value] = LayerChoice();
    method.applyTo(resolved);
    return resolved;
  }

  double divergence(const ResolvedPlan& plan, const Factoriser& factoriser) const {
    std::vector<Window> windows;
    for (const std::vector<int>& tokens : sequences(1)) windows.push_back({tokens, std::vector<int>(tokens.size(), 0)});
    return compare(model, model.with(compressedLinears(*checkpoint, plan, {}, {}, {}, factoriser)), windows).kl.mean;
  }

  double fitted(ResolvedPlan plan, int steps) const {
    PlanFitOptions options;
    options.refinement.steps = steps;
    const PlanFit fit = fitPlan(model, plan, method, options);
    fit.applyTo(plan);
    return divergence(plan, fit.factoriser());
  }

  test::TemporaryFolder folder;
  std::shared_ptr<const Checkpoint> checkpoint;
  Model model;
  CalibratedMethod method;
};

}  // namespace

class TestPlanFit final : public QObject {
  Q_OBJECT

 private slots:
  void fitsAsPlanned_data();
  void fitsAsPlanned();
  void identityNamesThePlan();
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
    const double inOrder = f.fitted(f.plan(Method::Fisher, base), 0);
    const double refined = f.fitted(f.plan(Method::Fisher, base), 30);
    QVERIFY2(inOrder < 1.05 * alone, qPrintable(QString("%1, each alone %2").arg(inOrder).arg(alone)));
    QVERIFY2(refined < inOrder, qPrintable(QString("%1, not refined %2").arg(refined).arg(inOrder)));
  }
}

void TestPlanFit::identityNamesThePlan() {
  const Fixture f(SmallFamily::Llama);
  ResolvedPlan one = f.plan(Method::Fisher), other = one;
  const auto changed = std::find_if(other.layers.begin(), other.layers.end(), [](const LayerChoice& c) { return c.rank.has_value(); });
  const auto kept = std::find_if(changed + 1, other.layers.end(), [](const LayerChoice& c) { return c.rank.has_value(); }) - other.layers.begin();
  changed->rank = *changed->rank + 1;
  PlanFitOptions none;
  none.refinement.steps = 0;
  fitPlan(f.model, one, f.method, none).applyTo(one);
  fitPlan(f.model, other, f.method, none).applyTo(other);
  const auto& a = one.layers[static_cast<std::size_t>(kept)].method;
  QVERIFY(a != other.layers[static_cast<std::size_t>(kept)].method);
  QVERIFY(methodOf(a) == Method::Fisher);
}

RANKSCOPE_TEST_MAIN(TestPlanFit)
#include "tst_plan_fit.moc"
