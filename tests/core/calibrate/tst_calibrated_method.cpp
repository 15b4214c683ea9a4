// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/calibrated_method.h"

#include "core/base/error.h"
#include "core/evaluate/comparison.h"
#include "core/spectrum/analyse.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using test::SmallFamily;

namespace {

std::vector<std::vector<int>> sequences(unsigned seed) {
  std::vector<std::vector<int>> result;
  unsigned state = seed;
  for (int s = 0; s < 20; ++s) {
    std::vector<int>& sequence = result.emplace_back();
    for (int i = 0; i < 30; ++i) sequence.push_back(static_cast<int>((state = state * 1664525u + 1013904223u) >> 8) % 61);
  }
  return result;
}

struct Fixture {
  explicit Fixture(SmallFamily family) : checkpoint(openCheckpoint(test::writeSmallModel(folder / "m", family))), model(checkpoint) {}

  CalibratedMethod method(Method which) const {
    const auto texts = sequences(1);
    return {checkpoint, calibrate(model, texts), which, hashOf(texts)};
  }

  /// KL of the compressed model on other text.
  double divergence(const ResolvedPlan& plan, const Factoriser& factoriser) const {
    Substitutes substitutes;
    compress(*checkpoint, plan, {}, {{}, factoriser, [&](CompressedLayer&& layer) {
                                       if (const LinearPtr linear = linearOf(*checkpoint, layer)) substitutes[layer.layer] = linear;
                                     }}, {});
    std::vector<Window> windows;
    for (const std::vector<int>& tokens : sequences(2)) windows.push_back({tokens, std::vector<int>(tokens.size(), 0)});
    return compare(model, model.with(substitutes), windows).kl.mean;
  }

  test::TemporaryFolder folder;
  std::shared_ptr<const Checkpoint> checkpoint;
  Model model;
};

}  // namespace

class TestCalibratedMethod final : public QObject {
  Q_OBJECT

 private slots:
  void namesRoundTrip();
  void costsLessThanPlainAtTheSameBytes_data();
  void costsLessThanPlainAtTheSameBytes();
  void marksOnlyCompressedLayers();
  void correctsABase();
};

void TestCalibratedMethod::namesRoundTrip() {
  for (const Method method : kMethods) {
    QCOMPARE(parseMethod(name(method)), method);
    QCOMPARE(methodOf(std::string(name(method)) + " 0123"), method);
  }
  QCOMPARE(methodOf(""), Method::Plain);
  QVERIFY(!parseMethod("magic"));
}

void TestCalibratedMethod::costsLessThanPlainAtTheSameBytes_data() {
  QTest::addColumn<SmallFamily>("family");
  QTest::newRow("gpt2") << SmallFamily::Gpt2;
  QTest::newRow("llama") << SmallFamily::Llama;
}

void TestCalibratedMethod::costsLessThanPlainAtTheSameBytes() {
  QFETCH(SmallFamily, family);
  const Fixture f(family);
  const KeepShare half{0.6};
  std::map<LayerId, Spectrum> spectra;
  for (const LayerInfo& layer : f.checkpoint->layers()) spectra.emplace(layer.id, *analyseLayer(*f.checkpoint, layer.id).spectrum);
  const SpectrumLookup lookup = [&](LayerId layer) { return &spectra.at(layer); };
  const double plain = f.divergence(resolve(planForBudget(half, *f.checkpoint, lookup, {}), *f.checkpoint, lookup), {});

  const CalibratedMethod fisher = f.method(Method::Fisher);
  const auto curves = fisher.curves({});
  QCOMPARE(curves.size(), defaultScope(*f.checkpoint).size());
  PresetOptions options;
  options.method = Method::Fisher;
  ResolvedPlan plan =
      resolve(planForBudget(half, *f.checkpoint, benefitsOf(curves, Method::Fisher), options), *f.checkpoint, {});
  fisher.applyTo(plan);
  QVERIFY(scopeTotals(*f.checkpoint, plan, defaultScope(*f.checkpoint)).kept() <= 0.6);
  const double measured = f.divergence(plan, fisher.factoriser());
  QVERIFY2(measured < 0.8 * plain, qPrintable(QString("fisher %1, plain %2").arg(measured).arg(plain)));
  const double predicted = predictedDivergence(curves, plan);
  QVERIFY2(predicted > 0.3 * measured && predicted < 3 * measured, qPrintable(QString("%1, measured %2").arg(predicted).arg(measured)));
}

void TestCalibratedMethod::marksOnlyCompressedLayers() {
  const Fixture f(SmallFamily::GptNeo);
  const CalibratedMethod aware = f.method(Method::Aware);
  PresetOptions options;
  options.method = Method::Aware;
  ResolvedPlan plan = resolve(presetPlan(Preset::Selective, *f.checkpoint, options), *f.checkpoint, {});
  aware.applyTo(plan);
  for (const LayerChoice& choice : plan.layers)
    QCOMPARE(choice.method, choice.isDense() ? "" : aware.identity(Method::Aware));
  ResolvedPlan plain = resolve(presetPlan(Preset::Selective, *f.checkpoint, {}), *f.checkpoint, {});
  aware.applyTo(plain);
  for (const LayerChoice& choice : plain.layers) QVERIFY(choice.method.empty());
  QVERIFY(aware.identity(Method::Aware) != aware.identity(Method::Fisher));
  QVERIFY(hashOf(sequences(1)) != hashOf(sequences(2)));
}

/// int3 with a correction that knows the text costs less than int3 with the plain one, and both less than int3 alone.
void TestCalibratedMethod::correctsABase() {
  const Fixture f(SmallFamily::Llama);
  const CalibratedMethod method = f.method(Method::Fisher);
  const auto cost = [&](std::optional<std::int64_t> rank, Method chosen) {
    PresetOptions options;
    options.base = Storage::Int3;
    options.rank = rank;
    options.method = chosen;
    ResolvedPlan plan = resolve(presetPlan(Preset::Uniform, *f.checkpoint, options), *f.checkpoint, {});
    method.applyTo(plan);
    return f.divergence(plan, method.factoriser());
  };
  const double alone = cost(std::nullopt, Method::Plain), plain = cost(4, Method::Plain),
               fitted = cost(4, Method::Fisher);
  QVERIFY2(fitted < plain && plain < alone, qPrintable(QString("%1 %2 %3").arg(alone).arg(plain).arg(fitted)));
}

RANKSCOPE_TEST_MAIN(TestCalibratedMethod)
#include "tst_calibrated_method.moc"
