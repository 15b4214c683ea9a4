// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/rank_plan.h"

#include <random>

#include "core/base/error.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;

class TestRankPlan : public QObject {
  Q_OBJECT
 private slots:
  void readsTheContractsExample();
  void writesForHands();
  void basesMethodsAndPins();
  void biasShiftAndRefinement();
  void roundTrips();
  void files();
  void errors_data();
  void errors();
  void globs_data();
  void globs();
  void regexes();
};

void TestRankPlan::readsTheContractsExample() {
  const RankPlan plan = parsePlan(R"({ "format": "rankscope-plan", "version": 1, "min_dim": 8,
      "factor_dtype": "int8", "group": 32,
      "rules": [ { "glob": "*.attn.*out_proj*", "rank": 256 }, { "regex": "h\\.(0|23)\\.", "fraction": 0.1875 },
                 { "glob": "*mlp*", "dense": true }, { "glob": "a", "cosine": 0.9 }, { "glob": "b", "energy": 1 } ],
      "overrides": { "transformer.h.0.attn.attention.q_proj.weight": 384, "x": "dense" } })",
                                  "p.json");
  RankPlan expected;
  expected.minDim = 8;
  expected.factorDtype = Storage::Int8;
  expected.group = 32;
  expected.rules = {{Rule::Syntax::Glob, "*.attn.*out_proj*", UseRank{256}},
                    {Rule::Syntax::Regex, R"(h\.(0|23)\.)", UseFraction{0.1875}},
                    {Rule::Syntax::Glob, "*mlp*", KeepDense{}},
                    {Rule::Syntax::Glob, "a", ReachCosine{0.9}},
                    {Rule::Syntax::Glob, "b", ReachEnergy{1}}};
  expected.overrides = {{"transformer.h.0.attn.attention.q_proj.weight", 384}, {"x", std::nullopt}};
  QVERIFY(plan == expected);
  QVERIFY(parsePlan(R"({"version":1,"format":"rankscope-plan"})", "p.json") == RankPlan{});
}

void TestRankPlan::writesForHands() {
  RankPlan plan;
  plan.rules = {{Rule::Syntax::Glob, "*mlp*", KeepDense{}}};
  plan.overrides = {{"h.0", 3}};
  QCOMPARE(toJson(plan), std::string(R"({
  "format": "rankscope-plan",
  "version": 1,
  "min_dim": 0,
  "factor_dtype": "f32",
  "group": 0,
  "method": "plain",
  "rules": [
    {
      "glob": "*mlp*",
      "dense": true
    }
  ],
  "overrides": {
    "h.0": 3
  }
}
)"));
}

void TestRankPlan::basesMethodsAndPins() {
  const RankPlan plan = parsePlan(R"({ "format": "rankscope-plan", "version": 1, "method": "fisher",
      "rules": [ { "glob": "*q*", "rank": 8, "base": "int4", "base_group": 64, "method": "aware", "factor_dtype": "f16" },
                 { "glob": "*", "base": "int3" }, { "regex": "k", "fraction": 0.5, "group": 32 } ],
      "overrides": { "a": { "base": "int8", "base_group": 0 }, "b": { "rank": 9 }, "c": { "energy": 0.5, "method": "plain" } },
      "pins": [ "b", "a" ] })",
                                  "p.json");
  RankPlan expected;
  expected.method = Method::Fisher;
  expected.rules = {{Rule::Syntax::Glob, "*q*", UseRank{8}, {Storage::Int4, 64, Storage::F16, {}, Method::Aware}},
                    {Rule::Syntax::Glob, "*", KeepDense{}, {Storage::Int3, {}, {}, {}, {}}},
                    {Rule::Syntax::Regex, "k", UseFraction{0.5}, {{}, {}, {}, 32, {}}}};
  expected.overrides["a"] = Override(KeepDense{}, {Storage::Int8, 0, {}, {}, {}});
  expected.overrides["b"] = 9;
  expected.overrides["c"] = Override(ReachEnergy{0.5}, {{}, {}, {}, {}, Method::Plain});
  expected.pins = {"a", "b"};
  QVERIFY(plan == expected);
  const std::string json = toJson(plan);
  QVERIFY(json.find("\"b\": 9") != std::string::npos); // no more words than needed
  QVERIFY(json.find("\"dense\"") == std::string::npos);
}

void TestRankPlan::biasShiftAndRefinement() {
  const RankPlan plan =
      parsePlan(R"({ "format": "rankscope-plan", "version": 1, "method": "sequential", "bias_shift": false,
      "refine": 50, "rules": [ { "glob": "*o*", "rank": 8, "bias_shift": true } ],
      "overrides": { "a": { "base": "int4", "method": "aware", "bias_shift": true }, "b": { "rank": 9, "bias_shift": false } } })",
                "p.json");
  QVERIFY(plan.method == Method::Sequential && !plan.biasShift);
  QCOMPARE(plan.refineSteps, 50);
  QCOMPARE(plan.rules[0].settings.biasShift, std::optional(true));
  QCOMPARE(plan.overrides.at("a").settings.biasShift, std::optional(true));
  QCOMPARE(plan.overrides.at("b").settings.biasShift, std::optional(false));
  QCOMPARE(methodsIn(plan), (std::set{Method::Aware, Method::Sequential}));
  const RankPlan usual = parsePlan(R"({"version":1,"format":"rankscope-plan"})", "p.json");
  QVERIFY(usual.biasShift && usual.refineSteps == 0);
}

static LayerSettings randomSettings(std::mt19937& random, const Action& action) {
  const auto upTo = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const auto group = [&] { return std::array{0, 32, 64, 128}[static_cast<std::size_t>(upTo(4))]; };
  LayerSettings settings;
  const bool target = std::holds_alternative<ReachCosine>(action) || std::holds_alternative<ReachEnergy>(action);
  if (!target && upTo(2))
    settings.base = std::array{Storage::Int8, Storage::Int4, Storage::Int3}[static_cast<std::size_t>(upTo(3))];
  if (settings.base && upTo(2)) settings.baseGroup = group();
  const bool factors = !std::holds_alternative<KeepDense>(action);
  if (factors && upTo(2)) settings.factorDtype = static_cast<Storage>(upTo(6));
  if (factors && upTo(2)) settings.group = group();
  if ((factors || settings.base) && upTo(2))
    settings.method = kMethods[static_cast<std::size_t>(upTo(static_cast<int>(kMethods.size())))];
  if ((factors || settings.base) && upTo(2)) settings.biasShift = upTo(2) == 1;
  return settings;
}

static RankPlan randomPlan(std::mt19937& random) {
  const auto upTo = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const auto share = [&] { return (random() + 1.0) / 4294967296.0; };
  const auto word = [&] {
    static const std::array<std::string, 9> kLetters{"a", ".", "\"", "\\", "/", "é", "\n", "0", " "};
    std::string text = "w";
    for (int i = upTo(12); i > 0; --i) text += kLetters[static_cast<std::size_t>(upTo(9))];
    return text;
  };
  RankPlan plan;
  plan.minDim = upTo(2000);
  plan.factorDtype = static_cast<Storage>(upTo(6));
  plan.method = kMethods[static_cast<std::size_t>(upTo(static_cast<int>(kMethods.size())))];
  plan.group = std::array{0, 32, 64, 128}[static_cast<std::size_t>(upTo(4))];
  plan.biasShift = upTo(2) == 1;
  plan.refineSteps = upTo(3) * 100;
  const auto anyAction = [&] {
    const std::array<Action, 5> actions{KeepDense{}, UseRank{1 + upTo(5000)}, UseFraction{share()},
                                        ReachCosine{share()}, ReachEnergy{share()}};
    return actions[static_cast<std::size_t>(upTo(5))];
  };
  for (int i = upTo(6); i > 0; --i) {
    const Action action = anyAction();
    plan.rules.push_back({Rule::Syntax::Glob, word(), action, randomSettings(random, action)});
  }
  for (int i = upTo(6); i > 0; --i) {
    const Action action = anyAction();
    plan.overrides[word()] = Override(action, randomSettings(random, action));
  }
  for (int i = upTo(3); i > 0; --i) plan.pins.insert(word());
  return plan;
}

void TestRankPlan::roundTrips() {
  std::mt19937 random(11);
  for (int i = 0; i < 300; ++i) {
    const RankPlan plan = randomPlan(random);
    QVERIFY2(parsePlan(toJson(plan), "round trip") == plan, toJson(plan).c_str());
  }
}

void TestRankPlan::files() {
  const test::TemporaryFolder folder;
  std::mt19937 random(5);
  const RankPlan plan = randomPlan(random);
  writePlan(RankPlan{}, folder / "p.json");
  writePlan(plan, folder / "p.json");
  QVERIFY(readPlan(folder / "p.json") == plan);
  QCOMPARE(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  QVERIFY_THROWS_EXCEPTION(Error, readPlan(folder / "absent.json"));
  QVERIFY_THROWS_EXCEPTION(Error, readPlan(folder.path()));
  QVERIFY_THROWS_EXCEPTION(Error, writePlan(plan, folder / "absent" / "p.json"));
}

void TestRankPlan::errors_data() {
  QTest::addColumn<QByteArray>("json");
  QTest::addColumn<QByteArray>("named");
  const auto plan = [](const char* more) {
    return QByteArray(R"({"format":"rankscope-plan","version":1,)") + more + "}";
  };
  const auto rule = [&](const char* text) { return plan(QByteArray(R"("rules":[)").append(text).append("]")); };
  QTest::newRow("empty") << QByteArray() << QByteArray("JSON");
  QTest::newRow("cut") << QByteArray(R"({"format":)") << QByteArray("byte");
  QTest::newRow("list") << QByteArray("[]") << QByteArray("object");
  QTest::newRow("utf-8") << QByteArray("{\"\xff\":1}") << QByteArray("JSON");
  QTest::newRow("deep") << QByteArray(200000, '[') + QByteArray(200000, ']') << QByteArray("deep");
  QTest::newRow("format") << QByteArray(R"({"format":"plan","version":1})") << QByteArray("format");
  QTest::newRow("no version") << QByteArray(R"({"format":"rankscope-plan"})") << QByteArray("version");
  QTest::newRow("version") << QByteArray(R"({"format":"rankscope-plan","version":2})") << QByteArray("version");
  QTest::newRow("unknown key") << plan(R"("mindim":3)") << QByteArray("mindim");
  QTest::newRow("twice") << plan(R"("group":0,"group":32)") << QByteArray("group");
  QTest::newRow("min_dim") << plan(R"("min_dim":-1)") << QByteArray("min_dim");
  QTest::newRow("min_dim 1.5") << plan(R"("min_dim":1.5)") << QByteArray("min_dim");
  QTest::newRow("min_dim huge") << plan(R"("min_dim":18446744073709551615)") << QByteArray("min_dim");
  QTest::newRow("overflow") << plan(R"("min_dim":1e999)") << QByteArray("range");
  QTest::newRow("dtype") << plan(R"("factor_dtype":"int2")") << QByteArray("int2");
  QTest::newRow("dtype number") << plan(R"("factor_dtype":8)") << QByteArray("factor_dtype");
  QTest::newRow("group") << plan(R"("group":16)") << QByteArray("group");
  QTest::newRow("rules") << plan(R"("rules":{})") << QByteArray("rules");
  QTest::newRow("rule text") << rule(R"("*")") << QByteArray("rule 1");
  QTest::newRow("second rule") << rule(R"({"glob":"*","rank":1},{"glob":"*"})") << QByteArray("rule 2");
  QTest::newRow("no pattern") << rule(R"({"rank":1})") << QByteArray("glob");
  QTest::newRow("two patterns") << rule(R"({"glob":"a","regex":"a","rank":1})") << QByteArray("regex");
  QTest::newRow("pattern number") << rule(R"({"glob":1,"rank":1})") << QByteArray("pattern");
  QTest::newRow("empty pattern") << rule(R"({"glob":"","rank":1})") << QByteArray("empty glob");
  QTest::newRow("bad glob") << rule(R"({"glob":"h.[0","rank":1})") << QByteArray("h.[0");
  QTest::newRow("bad range") << rule(R"({"glob":"h.[9-0]","rank":1})") << QByteArray("h.[9-0]");
  QTest::newRow("bad regex") << rule(R"({"regex":"h(","rank":1})") << QByteArray("h(");
  QTest::newRow("two actions") << rule(R"({"glob":"a","rank":1,"dense":true})") << QByteArray("exactly one");
  QTest::newRow("unknown action") << rule(R"({"glob":"a","ranks":1})") << QByteArray("ranks");
  QTest::newRow("rank 0") << rule(R"({"glob":"a","rank":0})") << QByteArray("rank");
  QTest::newRow("rank text") << rule(R"({"glob":"a","rank":"5"})") << QByteArray("rank");
  QTest::newRow("fraction 0") << rule(R"({"glob":"a","fraction":0})") << QByteArray("fraction");
  QTest::newRow("fraction 1.01") << rule(R"({"glob":"a","fraction":1.01})") << QByteArray("1.01");
  QTest::newRow("cosine") << rule(R"({"glob":"a","cosine":-0.5})") << QByteArray("cosine");
  QTest::newRow("energy") << rule(R"({"glob":"a","energy":null})") << QByteArray("energy");
  QTest::newRow("dense false") << rule(R"({"glob":"a","dense":false})") << QByteArray("dense");
  QTest::newRow("method") << plan(R"("method":"svd")") << QByteArray("svd");
  QTest::newRow("bias_shift") << plan(R"("bias_shift":1)") << QByteArray("\"bias_shift\" is true or false");
  QTest::newRow("rule bias_shift") << rule(R"({"glob":"a","rank":1,"bias_shift":"no"})")
                                   << QByteArray("rule 1: \"bias_shift\"");
  QTest::newRow("dense bias_shift") << rule(R"({"glob":"a","dense":true,"bias_shift":true})")
                                    << QByteArray("cannot go with");
  QTest::newRow("refine") << plan(R"("refine":-1)") << QByteArray("refine");
  QTest::newRow("refine forever") << plan(R"("refine":3000000000)") << QByteArray("at most 1000000");
  QTest::newRow("refine of one layer") << rule(R"({"glob":"a","rank":1,"refine":5})") << QByteArray("refine");
  QTest::newRow("pins") << plan(R"("pins":{})") << QByteArray("pins");
  QTest::newRow("pin number") << plan(R"("pins":["a",3])") << QByteArray("3");
  QTest::newRow("pin twice") << plan(R"("pins":["a","a"])") << QByteArray("twice");
  QTest::newRow("top-level base") << plan(R"("base":"int4")") << QByteArray("base");
  QTest::newRow("float base") << rule(R"({"glob":"a","base":"f16"})")
                              << QByteArray("\"base\" is one of int8, int4, int3");
  QTest::newRow("base_group alone") << rule(R"({"glob":"a","rank":1,"base_group":32})") << QByteArray("needs a base");
  QTest::newRow("base_group 7") << rule(R"({"glob":"a","base":"int4","base_group":7})") << QByteArray("base_group");
  QTest::newRow("dense base") << rule(R"({"glob":"a","dense":true,"base":"int4"})") << QByteArray("cannot go with");
  QTest::newRow("dense method") << rule(R"({"glob":"a","dense":true,"method":"aware"})")
                                << QByteArray("cannot go with");
  QTest::newRow("base, no factors") << rule(R"({"glob":"a","base":"int4","factor_dtype":"f16"})")
                                    << QByteArray("give a rank");
  QTest::newRow("base and cosine") << rule(R"({"glob":"a","base":"int4","cosine":0.9})") << QByteArray("whole matrix");
  QTest::newRow("rule method") << rule(R"({"glob":"a","rank":1,"method":3})") << QByteArray("rule 1: \"method\"");
  QTest::newRow("method alone") << rule(R"({"glob":"a","method":"aware"})") << QByteArray("exactly one");
  QTest::newRow("override key") << plan(R"("overrides":{"h.0":{"rnk":3}})")
                                << QByteArray("override of \"h.0\": unknown key \"rnk\"");
  QTest::newRow("override nothing") << plan(R"("overrides":{"h.0":{}})") << QByteArray("h.0");
  QTest::newRow("override glob") << plan(R"("overrides":{"h.0":{"glob":"a","rank":3}})") << QByteArray("glob");
  QTest::newRow("overrides") << plan(R"("overrides":[])") << QByteArray("overrides");
  QTest::newRow("override 0") << plan(R"("overrides":{"h.0":0})") << QByteArray("h.0");
  QTest::newRow("override word") << plan(R"("overrides":{"h.0":"full"})") << QByteArray("full");
  QTest::newRow("override 2.5") << plan(R"("overrides":{"h.0":2.5})") << QByteArray("h.0");
}

void TestRankPlan::errors() {
  QFETCH(QByteArray, json);
  QFETCH(QByteArray, named);
  try {
    parsePlan({json.data(), static_cast<std::size_t>(json.size())}, "some/plan.json");
    QFAIL("no error");
  } catch (const Error& error) {
    QVERIFY2(QByteArray(error.what()).startsWith("some/plan.json: "), error.what());
    QVERIFY2(QByteArray(error.what()).contains(named), error.what());
  }
}

void TestRankPlan::globs_data() {
  QTest::addColumn<QString>("glob");
  QTest::addColumn<QString>("name");
  QTest::addColumn<bool>("matches");
  const auto row = [](const char* glob, const char* name, bool matches) {
    QTest::addRow("%s ~ %s", glob, name) << glob << name << matches;
  };
  row("h.0.q", "h.0.q", true);
  row("h.0.q", "hx0.q", false);
  row("h.0.q", "h.0.q.weight", false);
  row("h.0.q", "a.h.0.q", false);
  row("*", "anything.at/all", true);
  row("*q*", "h.0.q.weight", true);
  row("h.*.weight", "h.0.mlp/x.weight", true);
  row("h.?.w", "h.1.w", true);
  row("h.?.w", "h.11.w", false);
  row("?", "é", true);
  row("h.[0-3].w", "h.2.w", true);
  row("h.[0-3].w", "h.4.w", false);
  row("h.[!0-3].w", "h.4.w", true);
  row("h.[^0-3].w", "h.2.w", false);
  row("[]]", "]", true);
  row("[a\\]", "\\", true);
  row("\\*", "*", true);
  row("\\*", "x", false);
  row("a+b(c)|d", "a+b(c)|d", true);
  row("a+", "aa", false);
  row("*", "line\nbreak", true);
  row("x", "x\n", false);
  row("a\\", "a\\", true);
}

void TestRankPlan::globs() {
  QFETCH(QString, glob);
  QFETCH(QString, name);
  QFETCH(bool, matches);
  const Matcher matcher(Rule{Rule::Syntax::Glob, glob.toStdString(), KeepDense{}});
  QCOMPARE(matcher.matches(name.toStdString()), matches);
}

void TestRankPlan::regexes() {
  const auto search = [](const char* regex, const char* name) {
    return Matcher(Rule{Rule::Syntax::Regex, regex, KeepDense{}}).matches(name);
  };
  QVERIFY(search(R"(h\.(0|23)\.)", "transformer.h.23.q"));
  QVERIFY(!search(R"(h\.(0|23)\.)", "transformer.h.3.q"));
  QVERIFY(search("q", "h.q.weight") && !search("^q", "h.q.weight"));
  QVERIFY(search(R"(h\.(?!0\.)\d+)", "h.10.q") && !search(R"(h\.(?!0\.)\d+)", "h.0.q"));
}

RANKSCOPE_TEST_MAIN(TestRankPlan)
#include "tst_rank_plan.moc"
