// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/resolve.h"

#include <set>

#include "core/base/error.h"
#include "core/checkpoint/factored_manifest.h"
#include "core/plan/presets.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;

namespace {

/// Layers of chosen names and shapes that are never read: only what the catalogue says of them counts here.
std::shared_ptr<const Checkpoint> shapes(std::vector<LayerInfo> layers) {
  Checkpoint::Content content;
  content.path = "/models/some";
  content.format = "safetensors";
  for (std::size_t i = 0; i < layers.size(); ++i) {
    layers[i].id = {i};
    layers[i].bytes = layers[i].parameters() * byteSize(layers[i].dtype);
    if (layers[i].factoredRank)
      layers[i].bytes = static_cast<std::uint64_t>(4 * *layers[i].factoredRank * (layers[i].rows + layers[i].cols));
  }
  for (const LayerInfo& layer : layers)
    for (const char factor : {'a', 'b'})
      if (layer.factoredRank) content.tensors.push_back({factorName(layer.name, factor), DType::F32, {1, 1}, {}, {}});
  for (const LayerInfo& layer : layers)
    content.stored.push_back(layer.factoredRank ? StoredLayer{std::nullopt, FactorPair{}, {}} : StoredLayer{});
  content.layers = std::move(layers);
  return std::make_shared<const Checkpoint>(std::move(content));
}

LayerInfo layer(std::string name, Role role, std::optional<int> block, std::int64_t rows, std::int64_t cols) {
  LayerInfo info;
  info.name = std::move(name);
  info.role = role;
  info.block = block;
  info.rows = rows;
  info.cols = cols;
  return info;
}

/// GPT-Neo 1.3B's shapes in four blocks.
std::shared_ptr<const Checkpoint> gptNeo2048() {
  std::vector<LayerInfo> layers{layer("wte", Role::Embedding, {}, 50257, 2048)};
  for (int b = 0; b < 4; ++b) {
    const std::string block = "h." + std::to_string(b) + ".";
    layers.push_back(layer(block + "q", Role::Query, b, 2048, 2048));
    layers.push_back(layer(block + "o", Role::AttentionOutput, b, 2048, 2048));
    layers.push_back(layer(block + "up", Role::MlpUp, b, 8192, 2048));
  }
  LayerInfo guessed = layer("h.9.k", Role::Key, 9, 2048, 2048);
  guessed.roleGuessed = true;
  layers.push_back(guessed);
  return shapes(std::move(layers));
}

std::optional<std::int64_t> rankOf(const ResolvedPlan& plan, const Checkpoint& checkpoint, std::string_view name) {
  return plan.layers[checkpoint.findLayer(name).value().value].rank;
}

bool mentions(const std::vector<std::string>& notes, std::string_view text) {
  return std::any_of(notes.begin(), notes.end(), [&](const std::string& note) { return note.find(text) != note.npos; });
}

using Rank = std::optional<std::int64_t>;

} // namespace

class TestResolve : public QObject {
  Q_OBJECT
 private slots:
  void firstRuleWins();
  void overridesBeforeMinDimBeforeRules();
  void clampsAndFlags();
  void targets();
  void errorsNameTheLayer();
  void factoredLayersStay();
  void presetsAt2048();
  void presetsOptions();
  void presetsLeaveBreakEvenDense();
  void cosineTarget();
  void breakEvenInNumbersAndBytes();
  void bytesAreBytesAsWritten();
  void scalesFollowUse();
  void basesAndTheirCorrections();
  void overridesReproduceChoices();
  void shiftsBiases();
  void presetsWithABase();
  void familiesScope();
};

void TestResolve::firstRuleWins() {
  const auto checkpoint = gptNeo2048();
  RankPlan plan;
  plan.rules = {{Rule::Syntax::Glob, "h.0.*", UseFraction{0.25}},
                {Rule::Syntax::Regex, "[qo]$", UseRank{7}},
                {Rule::Syntax::Glob, "wte", UseRank{100}},
                {Rule::Syntax::Glob, "h.0.q", KeepDense{}}};
  const ResolvedPlan resolved = resolve(plan, *checkpoint, {});
  QCOMPARE(rankOf(resolved, *checkpoint, "h.0.q"), Rank(512));
  QCOMPARE(rankOf(resolved, *checkpoint, "h.0.up"), Rank(512));
  QCOMPARE(rankOf(resolved, *checkpoint, "h.1.o"), Rank(7));
  QCOMPARE(rankOf(resolved, *checkpoint, "h.1.up"), Rank());
  QCOMPARE(rankOf(resolved, *checkpoint, "wte"), Rank(100)); // named, so touched
  QVERIFY(resolved.notes.empty());
}

void TestResolve::overridesBeforeMinDimBeforeRules() {
  const auto checkpoint = shapes({layer("small", Role::Query, 0, 10, 90), layer("other", Role::Query, 0, 10, 80),
                                  layer("large", Role::Query, 0, 30, 90)});
  RankPlan plan;
  plan.minDim = 11;
  plan.rules = {{Rule::Syntax::Glob, "*", UseRank{3}}};
  plan.overrides = {{"small", 2}, {"large", std::nullopt}};
  const ResolvedPlan resolved = resolve(plan, *checkpoint, {});
  QCOMPARE(rankOf(resolved, *checkpoint, "small"), Rank(2));
  QCOMPARE(rankOf(resolved, *checkpoint, "other"), Rank());
  QCOMPARE(rankOf(resolved, *checkpoint, "large"), Rank());
}

void TestResolve::clampsAndFlags() {
  const auto checkpoint = shapes({layer("a", Role::Query, 0, 20, 30), layer("b", Role::Query, 0, 20, 30)});
  RankPlan plan;
  plan.overrides = {{"a", 900}, {"b", 12}}; // 20·30/50 = 12: as large as dense, not larger
  const ResolvedPlan resolved = resolve(plan, *checkpoint, {});
  QCOMPARE(rankOf(resolved, *checkpoint, "a"), Rank(20));
  QCOMPARE(rankOf(resolved, *checkpoint, "b"), Rank(12));
  QVERIFY(mentions(resolved.notes, "a: rank 900 is clamped to the full rank 20"));
  QVERIFY(mentions(resolved.notes, "a: factors of rank 20 are larger"));
  QVERIFY(!mentions(resolved.notes, "b: "));
}

void TestResolve::targets() {
  const auto checkpoint = shapes({layer("steep", Role::Query, 0, 4, 40), layer("flat", Role::Key, 0, 4, 40)});
  const Spectrum steep(4, 40, {10, 1, 1, 0});
  const Spectrum flat(4, 40, {1, 1, 1, 1});
  const SpectrumLookup spectra = [&](LayerId id) { return id.value == 0 ? &steep : &flat; };
  RankPlan plan;
  plan.rules = {{Rule::Syntax::Glob, "steep", ReachCosine{0.9}}, {Rule::Syntax::Glob, "flat", ReachEnergy{0.6}}};
  const ResolvedPlan resolved = resolve(plan, *checkpoint, spectra);
  QCOMPARE(rankOf(resolved, *checkpoint, "steep"), Rank(1));
  QCOMPARE(rankOf(resolved, *checkpoint, "flat"), Rank(3));
  QCOMPARE(spectraNeeded(plan, *checkpoint).size(), 2u);
  plan.rules[1].action = ReachEnergy{1}; // rank 4 of 4 × 40 is past break-even
  const ResolvedPlan dense = resolve(plan, *checkpoint, spectra);
  QCOMPARE(rankOf(dense, *checkpoint, "flat"), Rank());
  QVERIFY(mentions(dense.notes, "flat: stays dense"));
  plan.overrides = {{"flat", 2}};
  QCOMPARE(spectraNeeded(plan, *checkpoint), std::vector<LayerId>{LayerId{0}});
}

void TestResolve::errorsNameTheLayer() {
  const auto checkpoint = shapes({layer("a", Role::Query, 0, 20, 30)});
  const auto message = [&](const RankPlan& plan) -> std::string {
    try {
      resolve(plan, *checkpoint, {});
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  };
  RankPlan unknown;
  unknown.overrides = {{"h.7.q", 3}};
  QVERIFY(message(unknown).find("h.7.q") != std::string::npos);
  RankPlan blind;
  blind.rules = {{Rule::Syntax::Glob, "*", ReachCosine{0.9}}};
  QVERIFY(message(blind).find("asks a for") != std::string::npos);
}

void TestResolve::factoredLayersStay() {
  LayerInfo factored = layer("f", Role::Query, 0, 100, 90);
  factored.factoredRank = 9;
  const auto checkpoint = shapes({factored, layer("d", Role::Query, 0, 100, 90)});
  RankPlan plan;
  plan.rules = {{Rule::Syntax::Glob, "*", UseRank{5}}};
  const ResolvedPlan kept = resolve(plan, *checkpoint, {});
  QCOMPARE(rankOf(kept, *checkpoint, "f"), Rank());
  QVERIFY(mentions(kept.notes, "f: is factored already (rank 9)"));
  QCOMPARE(rankOf(kept, *checkpoint, "d"), Rank(5));
  QCOMPARE(rankOf(resolve(plan, *checkpoint, {}, true), *checkpoint, "f"), Rank(5));
  QCOMPARE(presetPlan(Preset::Uniform, *checkpoint, {}).overrides.count("f"), 0u);
}

void TestResolve::presetsAt2048() {
  const auto checkpoint = gptNeo2048();
  const auto rank = [&](Preset preset, std::string_view name) {
    return rankOf(resolve(presetPlan(preset, *checkpoint, {}), *checkpoint, {}), *checkpoint, name);
  };
  QCOMPARE(rank(Preset::Hybrid, "h.0.q"), Rank(384));
  QCOMPARE(rank(Preset::Hybrid, "h.0.o"), Rank(384));
  QCOMPARE(rank(Preset::Hybrid, "h.3.q"), Rank(384));
  QCOMPARE(rank(Preset::Hybrid, "h.1.o"), Rank(256));
  QCOMPARE(rank(Preset::Hybrid, "h.2.q"), Rank(192));
  QCOMPARE(rank(Preset::Hybrid, "h.0.up"), Rank());
  QCOMPARE(rank(Preset::Uniform, "h.0.q"), Rank(128));
  QCOMPARE(rank(Preset::Uniform, "h.2.up"), Rank(128));
  QCOMPARE(rank(Preset::Selective, "h.0.q"), Rank());
  QCOMPARE(rank(Preset::Selective, "h.3.o"), Rank());
  QCOMPARE(rank(Preset::Selective, "h.1.up"), Rank());
  QCOMPARE(rank(Preset::Selective, "h.1.q"), Rank(128));
  for (const Preset preset : {Preset::Uniform, Preset::Selective, Preset::Hybrid}) {
    QCOMPARE(rank(preset, "wte"), Rank());
    QCOMPARE(rank(preset, "h.9.k"), Rank()); // a guessed role
    QVERIFY(parsePreset(name(preset)) == preset);
  }
  QVERIFY(!parsePreset("Hybrid"));
}

void TestResolve::presetsOptions() {
  const auto checkpoint = gptNeo2048();
  PresetOptions options;
  options.rank = 77;
  options.factorDtype = Storage::Int4;
  options.group = 64;
  options.minDim = 1000;
  const RankPlan plan = presetPlan(Preset::Selective, *checkpoint, options);
  QVERIFY(plan.factorDtype == Storage::Int4 && plan.group == 64 && plan.minDim == 1000);
  QCOMPARE(rankOf(resolve(plan, *checkpoint, {}), *checkpoint, "h.1.o"), Rank(77));
  QVERIFY_THROWS_EXCEPTION(Error, presetPlan(Preset::Hybrid, *checkpoint, options));
  options.minDim = 2049;
  QVERIFY(presetPlan(Preset::Uniform, *checkpoint, options).overrides.empty());
}

void TestResolve::presetsLeaveBreakEvenDense() {
  const auto checkpoint = shapes({layer("q", Role::Query, 0, 20, 30), layer("wide", Role::MlpUp, 0, 20, 300)});
  PresetOptions options;
  options.rank = 12; // break-even of q is 12, of wide 18.75
  std::vector<std::string> notes;
  const RankPlan plan = presetPlan(Preset::Uniform, *checkpoint, options, &notes);
  QCOMPARE(plan.overrides.at("q").rank(), Rank());
  QCOMPARE(plan.overrides.at("wide").rank(), Rank(12));
  QCOMPARE(notes.size(), 1u);
  QVERIFY(mentions(notes, "q: stays dense"));
}

void TestResolve::cosineTarget() {
  const auto checkpoint = shapes({layer("a", Role::Query, 0, 4, 40), layer("b", Role::Key, 0, 4, 40),
                                  layer("c", Role::Value, 0, 4, 40), layer("head", Role::Head, {}, 4, 40)});
  const Spectrum steep(4, 40, {10, 1, 1, 0});
  const Spectrum flat(4, 40, {1, 1, 1, 1});
  std::vector<std::string> notes;
  const RankPlan plan = planForCosine(
      0.99, *checkpoint,
      [&](LayerId id) -> const Spectrum* { return id.value == 0   ? &steep
                                                  : id.value == 1 ? &flat
                                                                  : nullptr; }, {},
      &notes);
  QCOMPARE(plan.overrides.at("a").rank(), Rank(1));
  QCOMPARE(plan.overrides.at("b").rank(), Rank());
  QVERIFY(!plan.overrides.contains("head"));
  QVERIFY(mentions(notes, "b: stays dense") && mentions(notes, "c: stays dense"));
  for (const double bad : {0.0, -1.0, 1.5, std::nan("")})
    QVERIFY_THROWS_EXCEPTION(Error, planForCosine(bad, *checkpoint, {}, {}));
}

void TestResolve::breakEvenInNumbersAndBytes() {
  LayerInfo f32 = layer("x", Role::Query, 0, 60, 30);
  f32.bytes = 4 * 60 * 30;
  QCOMPARE(largestSavingRank(f32, Storage::F32, 0), Rank(19));  // 1800/90 = 20 is not below
  QCOMPARE(largestSavingRank(f32, Storage::Int8, 0), Rank(19)); // the numbers stop it long before the bytes
  LayerInfo bf16 = f32;
  bf16.dtype = DType::BF16;
  bf16.bytes = 2 * 60 * 30;
  QCOMPARE(largestSavingRank(bf16, Storage::F32, 0), Rank(9)); // 4·90·r < 3600
  LayerInfo thin = layer("row", Role::Query, 0, 1, 30);
  thin.bytes = 120;
  QCOMPARE(largestSavingRank(thin, Storage::Int8, 0), Rank());
}

void TestResolve::bytesAreBytesAsWritten() {
  LayerInfo info = layer("x", Role::Query, 0, 60, 33);
  info.bytes = 60 * 33 * 4;
  const auto bytes = [&](Storage storage, int group) { return bytesAfter(info, choiceFor(info, 7, storage, group)); };
  QCOMPARE(bytesAfter(info, choiceFor(info, {}, Storage::Int8, 0)), 60u * 33 * 4);
  QCOMPARE(bytes(Storage::F32, 0), 4u * 7 * 93);
  QCOMPARE(bytes(Storage::BF16, 0), 2u * 7 * 93);
  for (const Orientation orientation : {Orientation::OutIn, Orientation::InOut})
    for (const Storage storage : {Storage::Int8, Storage::Int4})
      for (const int group : {0, 32, 128}) {
        info.orientation = orientation;
        const LayerChoice choice = choiceFor(info, 7, storage, group);
        const StoredMatrix a = storeMatrix(RowMatrixD::Ones(60, 7), choice.formatA);
        const StoredMatrix b = storeMatrix(RowMatrixD::Ones(7, 33), choice.formatB);
        QCOMPARE(bytesAfter(info, choice), a.bytes() + b.bytes());
        QVERIFY(group == 0 || (choice.formatA.group == group && choice.formatB.group == group));
      }
}

/// One scale a component; groups lie along the axis that is summed over: y = (xBᵀ)Aᵀ or y = (xA)B.
void TestResolve::scalesFollowUse() {
  LayerInfo info = layer("x", Role::Query, 0, 60, 33);
  for (const Orientation orientation : {Orientation::OutIn, Orientation::InOut}) {
    info.orientation = orientation;
    const LayerChoice whole = choiceFor(info, 7, Storage::Int8, 0);
    QVERIFY(whole.formatA == (StorageFormat{Storage::Int8, ScaleAxis::PerColumn, 0}));
    QVERIFY(whole.formatB == (StorageFormat{Storage::Int8, ScaleAxis::PerRow, 0}));
    const ScaleAxis summed = orientation == Orientation::OutIn ? ScaleAxis::PerRow : ScaleAxis::PerColumn;
    const LayerChoice grouped = choiceFor(info, 7, Storage::Int4, 32);
    QVERIFY(grouped.formatA.axis == summed && grouped.formatB.axis == summed);
  }
}

void TestResolve::basesAndTheirCorrections() {
  LayerInfo conv = layer("conv", Role::Query, 0, 64, 96);
  conv.orientation = Orientation::InOut;
  const auto checkpoint = shapes({layer("a", Role::Query, 0, 64, 96), conv, layer("rest", Role::Query, 0, 64, 96)});
  RankPlan plan;
  plan.factorDtype = Storage::F16;
  plan.method = Method::Fisher;
  LayerSettings int4;
  int4.base = Storage::Int4;
  plan.rules = {{Rule::Syntax::Glob, "a", KeepDense{}, int4}, {Rule::Syntax::Glob, "conv", UseRank{8}, int4}};
  plan.rules[1].settings.baseGroup = 64;
  plan.rules[1].settings.method = Method::Plain;
  const ResolvedPlan resolved = resolve(plan, *checkpoint, {});
  const LayerChoice &alone = resolved.layers[0], &both = resolved.layers[1];
  QVERIFY(!alone.isDense() && !alone.rank && alone.method == "fisher");
  QVERIFY(*alone.base == (StorageFormat{Storage::Int4, ScaleAxis::PerRow, 32, Storage::F16}));
  QVERIFY(both.rank == 8 && both.method.empty() && both.formatA.storage == Storage::F16);
  QVERIFY(*both.base == (StorageFormat{Storage::Int4, ScaleAxis::PerColumn, 64, Storage::F16}));
  QVERIFY(resolved.layers[2].isDense() && resolved.layers[2] == LayerChoice{});
  QCOMPARE(bytesAfter(checkpoint->layer(LayerId{0}), alone), 64u * 96 * 9 / 16);
  QCOMPARE(bytesAfter(checkpoint->layer(LayerId{1}), both), 64u * 96 / 2 + 96u * 2 + 2u * 8 * 160);
  QCOMPARE(shortForm(alone), std::string("int4"));
  QCOMPARE(shortForm(both), std::string("int4 + 8"));
  QCOMPARE(shortForm(resolved.layers[2]), std::string("dense"));
  RankPlan pinned;
  pinned.pins = {"nowhere"};
  QVERIFY_THROWS_EXCEPTION(Error, resolve(pinned, *checkpoint, {}));
}

/// Whatever the plan's own settings and rules, an override made from a choice gives that choice again.
void TestResolve::overridesReproduceChoices() {
  LayerInfo biased = layer("a", Role::Query, 0, 64, 96);
  biased.hasBias = true;
  const auto checkpoint = shapes({biased});
  const LayerInfo& info = checkpoint->layer(LayerId{0});
  std::vector<LayerChoice> choices{{}};
  for (const Method method : kMethods)
    for (const bool shift : {true, false})
      for (const Storage factors : {Storage::F32, Storage::F16, Storage::Int8})
        for (const int group : {0, 32})
          for (const std::optional<Storage> base : {std::optional<Storage>(), {Storage::Int8}, {Storage::Int3}})
            for (const std::optional<std::int64_t> rank : {Rank(), Rank(5)})
              choices.push_back(choiceFor(info, rank, Storing{factors, group, base, group, method, shift}));
  RankPlan other;
  other.factorDtype = Storage::Int4;
  other.group = 128;
  other.method = Method::Aware;
  other.biasShift = false;
  other.rules = {{Rule::Syntax::Glob, "*", UseRank{30}}};
  for (RankPlan plan : {RankPlan{}, other})
    for (const LayerChoice& choice : choices) {
      plan.overrides = {{"a", overrideFor(info, choice, plan)}};
      QVERIFY(resolve(plan, *checkpoint, {}).layers[0] == choice);
      QVERIFY(choiceFor(info, plan.overrides.at("a"), plan) == choice);
      QVERIFY(resolve(parsePlan(toJson(plan), "p"), *checkpoint, {}).layers[0] == choice);
    }
}

/// A bias takes up a shift where there is one and the method is fitted to a text, unless the plan says no; it is paid
/// for.
void TestResolve::shiftsBiases() {
  LayerInfo biased = layer("biased", Role::AttentionOutput, 0, 64, 96), bare = layer("bare", Role::Query, 0, 64, 96);
  biased.hasBias = true;
  const auto checkpoint = shapes({biased, bare});
  RankPlan plan;
  plan.rules = {{Rule::Syntax::Glob, "*", UseRank{4}}};
  const auto shifted = [&] {
    const ResolvedPlan resolved = resolve(plan, *checkpoint, {});
    return std::pair(resolved.layers[0].biasShift, resolved.layers[1].biasShift);
  };
  QCOMPARE(shifted(), std::pair(false, false)); // plain
  const std::uint64_t before = modelTotals(*checkpoint, resolve(plan, *checkpoint, {})).after;
  for (const Method method : {Method::Aware, Method::Fisher, Method::Sequential}) {
    plan.method = method;
    QCOMPARE(shifted(), std::pair(true, false));
  }
  QCOMPARE(modelTotals(*checkpoint, resolve(plan, *checkpoint, {})).after, before + 64 * 4);
  plan.biasShift = false;
  QCOMPARE(shifted(), std::pair(false, false));
  plan.rules[0].settings.biasShift = true;
  QCOMPARE(shifted(), std::pair(true, false));
  plan.refineSteps = 7;
  QCOMPARE(resolve(plan, *checkpoint, {}).refineSteps, 7);
}

void TestResolve::presetsWithABase() {
  LayerInfo half = layer("q", Role::Query, 0, 64, 96), byte = half;
  half.dtype = DType::F16;
  byte.name = "tiny";
  byte.rows = 8;
  const auto checkpoint = shapes({half, byte, layer("wte", Role::Embedding, {}, 64, 96)});
  PresetOptions options;
  options.base = Storage::Int8;
  options.factorDtype = Storage::F16;
  options.method = Method::Aware;
  const RankPlan alone = presetPlan(Preset::Uniform, *checkpoint, options);
  QCOMPARE(alone.overrides.size(), 2u);
  QVERIFY(alone.method == Method::Aware && alone.overrides.at("q").settings.base == Storage::Int8);
  QVERIFY(!alone.overrides.at("q").rank());
  options.rank = 60; // the correction would make it larger than the matrix
  std::vector<std::string> notes;
  const RankPlan large = presetPlan(Preset::Uniform, *checkpoint, options, &notes);
  QVERIFY(!large.overrides.at("q").rank() && large.overrides.at("q").settings.base);
  QVERIFY(mentions(notes, "q: gets no correction, rank 60"));
  options.rank = 8;
  QCOMPARE(presetPlan(Preset::Uniform, *checkpoint, options).overrides.at("q").rank(), Rank(8));
  QVERIFY_THROWS_EXCEPTION(Error, presetPlan(Preset::Hybrid, *checkpoint, options));
  // Ranks that were found elsewhere: 0 is the base alone, an unknown one leaves the layer dense.
  notes.clear();
  const RankLookup ranks = [](LayerId id) { return id.value == 0 ? Rank(0) : Rank(); };
  const RankPlan found = planForRanks(ranks, *checkpoint, options, &notes);
  QVERIFY(!found.overrides.at("q").rank() && found.overrides.at("q").settings.base == Storage::Int8);
  QVERIFY(!found.overrides.contains("tiny") && mentions(notes, "tiny: stays dense"));
}

void TestResolve::familiesScope() {
  const test::TemporaryFolder folder;
  const auto checkpoint = openCheckpoint(test::writeSmallModel(folder / "m", test::SmallFamily::Llama));
  const ResolvedPlan plan = resolve(presetPlan(Preset::Uniform, *checkpoint, {}), *checkpoint, {});
  const std::vector<LayerId> scope = defaultScope(*checkpoint);
  QCOMPARE(scope.size(), 14u); // two blocks of q, k, v, o, gate, up, down
  for (const LayerInfo& layer : checkpoint->layers())
    QCOMPARE(plan.layers[layer.id.value].rank.has_value(),
             std::find(scope.begin(), scope.end(), layer.id) != scope.end());
  const ByteTotals inScope = scopeTotals(*checkpoint, plan, scope);
  const ByteTotals whole = modelTotals(*checkpoint, plan);
  QCOMPARE(whole.before, checkpoint->bytes());
  QCOMPARE(whole.before - whole.after, inScope.before - inScope.after);
  QVERIFY(inScope.kept() < 0.2);
}

RANKSCOPE_TEST_MAIN(TestResolve)
#include "tst_resolve.moc"
