// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/reference_run.h"

#include <random>

#include "core/base/error.h"
#include "core/evaluate/comparison.h"
#include "core/evaluate/compressed_model.h"
#include "core/plan/presets.h"
#include "tests/support/test_main.h"

using namespace rankscope;

namespace {

Model fixture(const char* family) {
  return Model(openCheckpoint(std::filesystem::path(RANKSCOPE_SOURCE_DIR) / "tests/core/model/fixtures" / family));
}

/// Windows of different lengths.
std::vector<Window> randomWindows() {
  std::mt19937 random(4);
  std::vector<Window> windows;
  for (const int length : {20, 13, 1, 20, 7}) {
    windows.emplace_back();
    for (int i = 0; i < length; ++i) {
      windows.back().tokens.push_back(static_cast<int>(random() % 61));
      windows.back().records.push_back(static_cast<int>(windows.size()));
    }
  }
  return windows;
}

Substitutes uniform(const Model& model) {
  PresetOptions options;
  options.fraction = 0.3;
  options.factorDtype = Storage::BF16;
  return compressedLinears(model.checkpoint(),
                           resolve(presetPlan(Preset::Uniform, model.checkpoint(), options), model.checkpoint(), {}),
                           {});
}

} // namespace

class TestReferenceRun final : public QObject {
  Q_OBJECT

 private slots:
  void agreesWithAFullComparison_data();
  void agreesWithAFullComparison();
  void nothingChanged();
  void stops();
};

void TestReferenceRun::agreesWithAFullComparison_data() {
  QTest::addColumn<QString>("family");
  QTest::addRow("gpt_neo") << "gpt_neo";
  QTest::addRow("llama_gqa") << "llama_gqa";
}

void TestReferenceRun::agreesWithAFullComparison() {
  QFETCH(QString, family);
  const Model model = fixture(qPrintable(family));
  const std::vector<Window> windows = randomWindows();
  const ReferenceRun reference(model, windows);
  QCOMPARE(reference.tokens(), std::int64_t{61});
  QCOMPARE(reference.positions(), std::int64_t{56});
  const Substitutes all = uniform(model);
  QVERIFY(all.size() > 3);
  std::vector<Substitutes> trials{all};
  for (const auto& [layer, linear] : all) trials.push_back({{layer, linear}});
  for (const Substitutes& trial : trials) {
    const Effect effect = reference.measure(trial);
    const Comparison full = compare(model, model.with(trial), windows, {false, 512});
    QVERIFY(std::abs(effect.kl - full.kl.mean) <= 1e-6 + 1e-4 * full.kl.mean);
    QVERIFY(std::abs(effect.nats - full.compressed.nats) <= 1e-5);
    QVERIFY(std::abs(reference.originalNats() - full.original.nats) <= 1e-5);
    QVERIFY(effect.klStandardError > 0);
  }
}

void TestReferenceRun::nothingChanged() {
  const Model model = fixture("gpt_neo");
  const ReferenceRun reference(model, randomWindows());
  const Effect effect = reference.measure({});
  QCOMPARE(effect.kl, 0.0);
  QCOMPARE(effect.nats, reference.originalNats());
}

void TestReferenceRun::stops() {
  const Model model = fixture("gpt_neo");
  const ReferenceRun reference(model, randomWindows());
  std::stop_source source;
  source.request_stop();
  QVERIFY_EXCEPTION_THROWN(reference.measure(uniform(model), Progress(source.get_token())), rankscope::Cancelled);
}

RANKSCOPE_TEST_MAIN(TestReferenceRun)
#include "tst_reference_run.moc"
