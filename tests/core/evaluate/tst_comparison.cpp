// SPDX-License-Identifier: GPL-3.0-or-later
#include <random>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/evaluate/comparison.h"
#include "core/evaluate/compressed_model.h"
#include "core/evaluate/controls.h"
#include "core/evaluate/original_text.h"
#include "core/evaluate/speed.h"
#include "core/plan/presets.h"
#include "tests/support/python.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;

namespace {

Model fixture(const std::string& name) {
  return Model(openCheckpoint(std::filesystem::path(RANKSCOPE_SOURCE_DIR) / "tests/core/model/fixtures" / name));
}

/// Random tokens in windows of 13 and fewer, records of about 17.
std::vector<Window> randomWindows(const Model& model, int tokens) {
  std::mt19937 random(3);
  std::vector<Window> windows;
  for (int i = 0; i < tokens; ++i) {
    if (i % 13 == 0) windows.emplace_back();
    windows.back().tokens.push_back(
        static_cast<int>(random() % static_cast<unsigned>(model.architecture().vocabulary)));
    windows.back().records.push_back(i / 17);
  }
  return windows;
}

Substitutes uniform(const Model& model, double fraction) {
  PresetOptions options;
  options.fraction = fraction;
  options.factorDtype = Storage::BF16; // F32 factors of bf16 matrices would hardly save
  const RankPlan plan = presetPlan(Preset::Uniform, model.checkpoint(), options);
  return compressedLinears(model.checkpoint(), resolve(plan, model.checkpoint(), {}), {});
}

Substitutes fullRank(const Model& model) {
  RankPlan plan;
  for (const LayerId layer : model.blockLayers())
    plan.overrides[model.checkpoint().layer(layer).name] = model.checkpoint().layer(layer).smallSide();
  return compressedLinears(model.checkpoint(), resolve(plan, model.checkpoint(), {}), {});
}

template <class T>
void writeAll(const std::filesystem::path& path, const std::vector<T>& values) {
  test::writeFile(path, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
}

} // namespace

class TestComparison : public QObject {
  Q_OBJECT

 private slots:
  void metricsAgreeWithNumPy();
  void fullRankChangesNothing();
  void batchesDoNotMatter();
  void theOriginalKeptIsTheSame_data();
  void theOriginalKeptIsTheSame();
  void blocksAreCompared();
  void controlsLieWhereTheyShould();
  void speedIsMeasuredForAllThree();
  void modelsThatDoNotFitAreRefused();
  void stopsWhenAsked();
  void numbersThatAreNoneBecomeNull();
};

void TestComparison::metricsAgreeWithNumPy() {
  if (!test::pythonHas("numpy")) QSKIP("needs Python with NumPy");
  const Model original = fixture("llama_gqa");
  const Model compressed = original.with(uniform(original, 0.3));
  const std::vector<Window> windows = randomWindows(original, 300);
  const nlohmann::json ours = toJson(compare(original, compressed, windows));

  std::vector<float> a, b;
  std::vector<std::int32_t> next, records;
  for (const Window& window : windows) {
    const RowMatrixF x = original.logits(original.forward(batchOf(window.tokens)));
    const RowMatrixF y = compressed.logits(compressed.forward(batchOf(window.tokens)));
    const auto count = static_cast<std::ptrdiff_t>(window.tokens.size()) - 1;
    a.insert(a.end(), x.data(), x.data() + count * x.cols());
    b.insert(b.end(), y.data(), y.data() + count * y.cols());
    next.insert(next.end(), window.tokens.begin() + 1, window.tokens.end());
    records.insert(records.end(), window.records.begin() + 1, window.records.end());
  }
  const test::TemporaryFolder folder;
  writeAll(folder / "a.f32", a);
  writeAll(folder / "b.f32", b);
  writeAll(folder / "next.i32", next);
  writeAll(folder / "record.i32", records);
  test::writeFile(folder / "vocabulary.txt", std::to_string(original.architecture().vocabulary));
  const test::Output output =
      test::runProgram(test::kPython, {RANKSCOPE_SOURCE_DIR "/tests/core/evaluate/reference_metrics.py",
                                       QString::fromStdString(folder.path().string())});
  QVERIFY2(output.ok, output.problem);
  const nlohmann::json numpy = nlohmann::json::parse(output.out.toStdString());
  QCOMPARE(numpy.size(), std::size_t{15});
  for (const auto& [key, expected] : numpy.items()) {
    const double value = ours.at(key).get<double>(), wanted = expected.get<double>();
    QVERIFY2(std::abs(value - wanted) <= 2e-5 * (0.01 + std::abs(wanted)),
             qPrintable(QString("%1: %2, NumPy %3")
                            .arg(QString::fromStdString(key))
                            .arg(value, 0, 'g', 10)
                            .arg(wanted, 0, 'g', 10)));
  }
  QVERIFY(ours["kl_mean"].get<double>() > 0.01);
}

void TestComparison::fullRankChangesNothing() {
  for (const char* name : {"gpt_neo", "gpt2", "gpt_neox_parallel", "llama_gqa", "mistral", "qwen2"}) {
    const Model original = fixture(name);
    const Substitutes factors = fullRank(original);
    QCOMPARE(factors.size(), original.blockLayers().size());
    const Comparison c = compare(original, original.with(factors), randomWindows(original, 200));
    QVERIFY2(c.kl.mean < 1e-6 && c.kl.max < 1e-5, name);
    QCOMPARE(c.top1Agreement, 1.0);
    QVERIFY(c.centeredLogits.relativeError < 1e-4);
    QVERIFY(c.blocks.back().cosine > 1 - 1e-6);
  }
}

void TestComparison::batchesDoNotMatter() {
  const Model original = fixture("mistral");
  const Model compressed = original.with(uniform(original, 0.4));
  const std::vector<Window> windows = randomWindows(original, 120);
  const Comparison one = compare(original, compressed, windows, {true, 1}),
                   many = compare(original, compressed, windows, {true, 4096});
  QCOMPARE(one.positions, many.positions);
  QVERIFY(std::abs(one.kl.mean - many.kl.mean) < 1e-5);
  QVERIFY(std::abs(one.blocks[0].relativeError - many.blocks[0].relativeError) < 1e-5);
  QCOMPARE(one.windows, static_cast<int>(windows.size()));
  QVERIFY(std::abs(perplexity(original, windows).nats - one.original.nats) < 1e-5);
}

void TestComparison::theOriginalKeptIsTheSame_data() {
  QTest::addColumn<quint64>("memory");
  QTest::newRow("all of it") << (quint64{1} << 30);
  QTest::newRow("the first batches") << quint64{60'000};
  QTest::newRow("nothing") << quint64{0};
}

void TestComparison::theOriginalKeptIsTheSame() {
  QFETCH(quint64, memory);
  const Model original = fixture("llama_gqa"), compressed = original.with(uniform(original, 0.3));
  const std::vector<Window> windows = randomWindows(original, 300);
  const OriginalText text(original, windows, 64, memory);
  QCOMPARE(toJson(text.compareWith(compressed)).dump(),
           toJson(compare(original, compressed, windows, {false, 64})).dump());
  QCOMPARE(text.compareWith(original).kl.max, 0.0);
}

void TestComparison::blocksAreCompared() {
  const Model original = fixture("gpt_neo");
  const LayerId layer = *original.checkpoint().findLayer("transformer.h.2.mlp.c_fc.weight");
  const Model compressed = original.with({{layer, uniform(original, 0.1).at(layer)}});
  const Comparison c = compare(original, compressed, randomWindows(original, 100));
  QCOMPARE(c.blocks.size(), std::size_t{4});
  QCOMPARE(c.blocks[0].relativeError, 0.0);
  QCOMPARE(c.blocks[1].cosine, 1.0);
  QVERIFY(c.blocks[2].relativeError > 1e-3);
  QVERIFY(c.blocks[3].cosine < 1);
}

void TestComparison::controlsLieWhereTheyShould() {
  const Model original = fixture("gpt_neox_serial");
  const Model compressed = original.with(uniform(original, 0.4));
  const std::vector<Window> windows = randomWindows(original, 200);
  const Comparison c = compare(original, compressed, windows);
  const Controls controls = measureControls(original, compressed, windows, 150);
  QVERIFY(controls.bf16.tokens <= 150);
  QVERIFY(controls.bf16.kl.mean > 0 && controls.bf16.kl.mean < 1e-3);
  QVERIFY(controls.random.has_value());
  QVERIFY(controls.random->centeredLogits.cosine < c.centeredLogits.cosine);
  QVERIFY(controls.unrelatedCenteredCosine < c.centeredLogits.cosine);
  QVERIFY(!measureControls(original, original, windows, 60).random.has_value());
  const Substitutes random = randomFactors(compressed, 1);
  QCOMPARE(random.size(), compressed.blockLayers().size());
}

static SpeedOptions briefSpeed() {
  SpeedOptions options;
  options.promptTokens = 8;
  options.decodeTokens = 4;
  options.secondsOfARound = 0.001;
  return options;
}

void TestComparison::speedIsMeasuredForAllThree() {
  const Model original = fixture("llama_gqa");
  const SpeedReport report = measureSpeed(original, original.with(uniform(original, 0.2)), briefSpeed());
  QCOMPARE(report.models.size(), std::size_t{3});
  QVERIFY(report.models[0].prefillRatio == SpeedRatio() && report.models[0].decodeRatio == SpeedRatio());
  for (const Speed& speed : report.models)
    for (const SpeedRatio& ratio : {speed.prefillRatio, speed.decodeRatio})
      QVERIFY(ratio.low > 0 && ratio.low <= ratio.value && ratio.value <= ratio.high);
  for (const Speed& speed : report.models) QVERIFY(speed.prefill > 0 && speed.decode > 0);
  QVERIFY(report.models[1].flopsPerToken < report.models[0].flopsPerToken);
  QVERIFY(report.models[2].weightBytes < report.models[1].weightBytes);
  QVERIFY(report.aboveBreakEven.empty());
  QCOMPARE(measureSpeed(original, original.with(fullRank(original)), briefSpeed()).aboveBreakEven.size(),
           original.blockLayers().size());
  QVERIFY(speedJson(report).contains("int8"));
  QVERIFY(memoryJson(report)["original"]["weight_bytes"] == report.models[0].weightBytes);
}

void TestComparison::modelsThatDoNotFitAreRefused() {
  QVERIFY_EXCEPTION_THROWN(compare(fixture("gpt_neo"), fixture("gpt2"), {}), Error);
}

void TestComparison::stopsWhenAsked() {
  const Model model = fixture("gpt2");
  std::stop_source stop;
  int parts = 0;
  const auto partial = [&](const Comparison& soFar) {
    QVERIFY(soFar.positions > 0);
    if (++parts == 2) stop.request_stop();
  };
  const std::vector<Window> windows = randomWindows(model, 200);
  QVERIFY_EXCEPTION_THROWN(compare(model, model, windows, {true, 1}, Progress(stop.get_token()), partial), Cancelled);
  QCOMPARE(parts, 2);
}

void TestComparison::numbersThatAreNoneBecomeNull() {
  Comparison c;
  c.compressed.value = std::numeric_limits<double>::infinity();
  c.kl.max = std::nan("");
  const nlohmann::json json = toJson(c);
  QVERIFY(json["perplexity_compressed"].is_null());
  QVERIFY(json["kl_max"].is_null());
}

RANKSCOPE_TEST_MAIN(TestComparison)
#include "tst_comparison.moc"
