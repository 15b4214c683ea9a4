// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/advise.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>
#include <set>

#include <nlohmann/json.hpp>

#include "core/advise/advice_costs.h"
#include "core/advise/frontier.h"
#include "core/base/error.h"
#include "core/calibrate/calibration_cache.h"
#include "core/report/advice_report.h"
#include "core/report/export_model.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"
#include "tests/support/text_model.h"

using namespace rankscope;

namespace {

/// A small model, its texts, and what an advice about it takes.
struct Setting {
  explicit Setting(int blocks = 2)
      : checkpoint(openCheckpoint(test::writeTextModel(folder / "m", blocks))), model(checkpoint),
        tokenizer(openTokenizer(checkpoint->content().folder, checkpoint->architecture())) {
    texts = adviceTexts({"words", splitRecords(test::someText(60, 12))}, nullptr, *tokenizer, model.context(),
                        {1024, 256, 512});
    request.scope.factorDtype = Storage::F16;
    request.speed = false;
    request.sampleTokens = 8;
    request.checks = 3;
    request.frontierPoints = 5;
    hooks.exportBytes = [this](const ResolvedPlan& plan) {
      return exportBytes(*checkpoint, plan, ExportKind::Factored);
    };
  }
  Advice advice(const Progress& progress = {}) const {
    return advise(model, *tokenizer, texts, request, hooks, progress);
  }

  test::TemporaryFolder folder;
  std::shared_ptr<const Checkpoint> checkpoint;
  Model model;
  std::shared_ptr<const Tokenizer> tokenizer;
  AdviceTexts texts;
  AdviceRequest request;
  AdviceHooks hooks;
};

const AdviceOption* named(const Advice& advice, const std::string& name) {
  for (const AdviceOption& option : advice.options)
    if (option.name == name) return &option;
  return nullptr;
}

} // namespace

class TestAdvise final : public QObject {
  Q_OBJECT

 private slots:
  void textsShareNothing();
  void tooLittleText();
  void measuresEveryOption();
  void keepsToBytesAsWritten();
  void impossibleBudgets();
  void progressGrowsWithTheWork();
  void whatIsKnownTakesNoProgress();
  void keepsToALargestKl();
  void onlyTheMethodsAllowed();
  void limitsOfRanks();
  void pinnedLayersStayAsTheyAre();
  void earlierEffectsAreReused();
  void aStopKeepsWhatIsMeasured();
  void reports();
};

void TestAdvise::textsShareNothing() {
  const Setting setting;
  std::set<std::string> measured(setting.texts.measuredRecords.begin(), setting.texts.measuredRecords.end());
  QVERIFY(!measured.empty());
  for (const std::string& record : setting.texts.calibrationRecords) QVERIFY(!measured.contains(record));
  std::size_t tokens = 0;
  for (const auto& sequence : setting.texts.calibration) tokens += sequence.size();
  QCOMPARE(tokens, std::size_t{1024});
  QVERIFY(setting.texts.measuredRecords.front().starts_with(setting.texts.prompt));
}

void TestAdvise::tooLittleText() {
  const Setting setting;
  EXPECT_ERROR(adviceTexts({"one.txt", {"a single record"}}, nullptr, *setting.tokenizer, 64), ErrorKind::BadRequest,
               "one.txt");
}

void TestAdvise::measuresEveryOption() {
  Setting setting;
  setting.request.budget = KeepShare{0.5};
  const Advice advice = setting.advice();
  QVERIFY(advice.complete);
  for (const char* name :
       {"study-doubled", "study-hybrid", "plain-uniform", "plain-energy", "aware-uniform", "aware-energy", "low-rank",
        "int8", "int4", "mixed", "low-rank-sequential", "mixed-sequential", "as-small-as-study-doubled"})
    QVERIFY2(named(advice, name), name);
  for (const AdviceOption& option : advice.options) {
    QVERIFY2(option.measured.kl.mean > 0 && std::isfinite(option.measured.compressed.value), option.name.c_str());
    QCOMPARE(option.bytes, exportBytes(*setting.checkpoint, option.choices, ExportKind::Factored));
    QVERIFY(option.sample.has_value());
    QCOMPARE(advice.originalPerplexity, option.measured.original.value);
    // The plan in the option is what was measured.
    ResolvedPlan again = resolve(parsePlan(toJson(option.plan), option.name), *setting.checkpoint, {});
    for (std::size_t i = 0; i < again.layers.size(); ++i) {
      LayerChoice choice = option.choices.layers[i];
      choice.method = choice.method.empty() ? "" : std::string(name(methodOf(choice.method)));
      again.layers[i].method =
          again.layers[i].method.empty() ? "" : std::string(name(methodOf(again.layers[i].method)));
      QVERIFY2(again.layers[i] == choice, option.name.c_str());
    }
    if (option.group == AdviceOption::Group::InBudget) QVERIFY2(option.withinBudget, option.name.c_str());
  }
  QVERIFY(advice.recommended);
  const AdviceOption& best = advice.options[*advice.recommended];
  QVERIFY(best.scopeKept <= 0.5);
  for (const AdviceOption& option : advice.options)
    if (option.withinBudget) QVERIFY(best.measured.kl.mean <= option.measured.kl.mean);
  QVERIFY(named(advice, "as-small-as-study-hybrid")->bytes <= named(advice, "study-hybrid")->bytes);
  QCOMPARE(advice.checks.size(), std::size_t{3});
  QCOMPARE(advice.frontier.size(), std::size_t{10});
  QVERIFY(advice.predictor && advice.predictor->predict(best.choices));
}

void TestAdvise::keepsToBytesAsWritten() {
  Setting setting;
  ResolvedPlan dense;
  dense.layers.resize(setting.checkpoint->layers().size());
  const std::uint64_t limit = exportBytes(*setting.checkpoint, dense, ExportKind::Factored) * 8 / 10;
  setting.request.budget = KeepBytes{limit};
  const Advice advice = setting.advice();
  QVERIFY(advice.recommended);
  const AdviceOption& best = advice.options[*advice.recommended];
  QVERIFY(best.bytes <= limit);
  const std::uint64_t mixed = named(advice, "mixed")->bytes;
  QVERIFY2(mixed <= limit && mixed > limit * 8 / 10, qPrintable(QString("%1 of %2").arg(mixed).arg(limit)));
}

/// What cannot be kept to is refused before anything is done.
void TestAdvise::impossibleBudgets() {
  Setting setting;
  int reports = 0;
  const Progress progress({}, [&](double, std::string_view) { ++reports; });
  setting.request.budget = KeepBytes{1000};
  EXPECT_ERROR(setting.advice(progress), ErrorKind::BadRequest, "budget of 1000 bytes");
  setting.request.budget = KeepShare{0.01};
  EXPECT_ERROR(setting.advice(progress), ErrorKind::BadRequest, "the smallest share that this model allows is 0.");
  setting.request.budget = KeepShare{2};
  EXPECT_ERROR(setting.advice(progress), ErrorKind::BadRequest, "at most 1");
  setting.request.methods = {"int8"};
  setting.request.budget = KeepShare{0.2};
  EXPECT_ERROR(setting.advice(progress), ErrorKind::BadRequest, "smallest share");
  QCOMPARE(reports, 0);
}

/// The fraction grows as the work that is expected: every stage takes its share, in steps that are small, and options
/// that are fitted in order say which block they are at.
void TestAdvise::progressGrowsWithTheWork() {
  Setting setting;
  const bool calibrated = isCalibrated(setting.model, setting.texts.calibration); // by another test
  std::vector<std::pair<double, std::string>> reports;
  const Progress progress(
      {}, [&](double fraction, std::string_view what) { reports.emplace_back(fraction, std::string(what)); });
  const Advice advice = setting.advice(progress);
  const auto startOf = [&](const std::string& what) {
    const auto found = std::ranges::find(reports, what, &std::pair<double, std::string>::second);
    return found == reports.end() ? -1.0 : found->first;
  };
  double last = 0;
  for (const auto& [fraction, what] : reports) {
    QVERIFY(fraction >= last - 1e-12);
    QVERIFY2(fraction - last < 0.1, qPrintable(QStringLiteral("%1 to %2").arg(last).arg(fraction)));
    last = fraction;
  }
  QVERIFY(last > 0.999);
  const AdviceCosts costs(setting.model, setting.texts, setting.request);
  std::vector<LayerId> scope = planScope(*setting.checkpoint, setting.request.scope);
  const double begin = calibrated ? 0 : costs.calibration(), curves = costs.curves(scope),
               run = costs.run(tokensOf(setting.texts.probes));
  const double all = begin + curves + run + costs.trials(scope) + costs.joint() + costs.options();
  QVERIFY(std::abs(startOf("curves of the layers") - begin / all) < 1e-9);
  QVERIFY(std::abs(startOf(setting.checkpoint->layer(scope.front()).name) - (begin + curves + run) / all) < 1e-9);
  // Two runs of the same kind take as much of what is left as each other; in order, more by what that costs.
  std::map<std::string, double> length;
  for (std::size_t i = 0; i + 1 < advice.options.size(); ++i)
    length[advice.options[i].name] = startOf(advice.options[i + 1].name) - startOf(advice.options[i].name);
  QVERIFY(std::abs(length.at("plain-uniform") - length.at("int4")) < 1e-9);
  QVERIFY(std::abs(length.at("mixed-sequential") / length.at("mixed") - costs.option(true) / costs.option(false)) <
          1e-6);
  QVERIFY(startOf("fitting in order, block 1 of 2") > 0);
  QVERIFY(startOf("fitting in order, block 2 of 2") > startOf("fitting in order, block 1 of 2"));
}

/// What an earlier run left in the cache and in the run file takes no part of the scale.
void TestAdvise::whatIsKnownTakesNoProgress() {
  Setting setting;
  Sensitivity known;
  setting.hooks.sensitivity = [&](const Sensitivity& soFar) { known = soFar; };
  setting.advice();
  setting.hooks.known = known;
  double trials = -1, together = -1, curves = -1;
  setting.advice(Progress({}, [&](double fraction, std::string_view what) {
    if (what == "curves of the layers") curves = fraction;
    if (what == "layers together" && together < 0) together = fraction;
    if (what.starts_with("transformer.") && trials < 0) trials = fraction;
  }));
  QCOMPARE(curves, 0.0);
  QVERIFY(trials < 0 && together > 0);
}

void TestAdvise::keepsToALargestKl() {
  Setting setting;
  setting.request.budget = LargestKl{0.2};
  const Advice advice = setting.advice();
  for (const AdviceOption& option : advice.options) QCOMPARE(option.withinBudget, option.measured.kl.mean <= 0.2);
}

void TestAdvise::onlyTheMethodsAllowed() {
  Setting setting;
  setting.request.methods = {"plain", "int8"};
  const Advice advice = setting.advice();
  QVERIFY(named(advice, "plain-energy"));
  QVERIFY(named(advice, "int8"));
  QVERIFY(!named(advice, "aware-energy"));
  for (const AdviceOption& option : advice.options)
    for (const LayerChoice& choice : option.choices.layers) {
      if (choice.base) QVERIFY(choice.base->storage == Storage::Int8 && !choice.rank);
      if (!choice.base) QVERIFY(choice.method.empty());
    }
}

void TestAdvise::limitsOfRanks() {
  Setting setting;
  setting.request.limits.ranks.multiple = 4;
  setting.request.limits.ranks.leastRank = 6;
  const Advice advice = setting.advice();
  for (const char* name : {"low-rank", "mixed"})
    for (const LayerChoice& choice : named(advice, name)->choices.layers)
      if (choice.rank) QVERIFY(*choice.rank % 4 == 0 && (choice.base || *choice.rank >= 8));
}

/// Dense, plain factors, and kinds that the advice itself would not choose: int4 in groups of 64 with a plain
/// correction, sequential factors. They are predicted like all others.
void TestAdvise::pinnedLayersStayAsTheyAre() {
  Setting setting;
  const std::vector<LayerId> scope = planScope(*setting.checkpoint, setting.request.scope);
  const auto choice = [&](std::size_t at, std::optional<std::int64_t> rank, const Storing& storing) {
    return choiceFor(setting.checkpoint->layer(scope[at]), rank, storing);
  };
  auto& pinned = setting.request.limits.pinned;
  pinned[scope[0]] = LayerChoice{};
  pinned[scope[1]] = choice(1, 3, {});
  pinned[scope[2]] = choice(2, 2, {.base = Storage::Int4, .baseGroup = 64});
  pinned[scope[3]] = choice(3, 4, {.method = Method::Sequential});
  pinned[setting.checkpoint->findLayer("transformer.wte.weight").value()] = LayerChoice{}; // no layer in scope
  Sensitivity tried;
  setting.hooks.sensitivity = [&](const Sensitivity& soFar) { tried = soFar; };
  const Advice advice = setting.advice();
  QVERIFY(advice.complete && advice.options.size() > 10);
  for (const AdviceOption& option : advice.options) {
    for (const std::size_t at : {0, 1, 2, 3}) {
      LayerChoice kept = option.choices.layers[scope[at].value];
      if (!kept.method.empty()) kept.method = std::string(name(methodOf(kept.method)));
      QVERIFY2(kept == pinned[scope[at]], option.name.c_str());
    }
    QVERIFY2(option.predicted && option.predicted->kl > 0, option.name.c_str());
  }
  QCOMPARE(advice.notes.front().why, AdviceNote::Why::Pinned);
  QCOMPARE(advice.notes.front().layers, std::int64_t{4});
  QCOMPARE(advice.notes.front().of, static_cast<std::int64_t>(scope.size()));
  const auto asPinned = [](const Probe& probe) { return probe.kind == "int4/64+plain"; };
  QCOMPARE(std::ranges::count_if(tried.probes, asPinned), 1);
  QCOMPARE(std::ranges::find_if(tried.probes, asPinned)->rank, std::int64_t{2});
}

void TestAdvise::earlierEffectsAreReused() {
  Setting setting;
  Sensitivity first;
  setting.hooks.sensitivity = [&](const Sensitivity& soFar) { first = soFar; };
  setting.advice();
  QVERIFY(first.complete && first.probes.size() > 40);
  setting.hooks.known = parseSensitivity(toJson(first));
  int told = 0;
  setting.hooks.sensitivity = [&](const Sensitivity& soFar) {
    ++told;
    QVERIFY(soFar.probes == first.probes);
  };
  setting.advice();
  QCOMPARE(told, 1); // once, at the end: nothing was measured
}

void TestAdvise::aStopKeepsWhatIsMeasured() {
  Setting setting;
  std::stop_source stop;
  Advice kept;
  setting.hooks.partial = [&](const Advice& soFar) {
    kept = soFar;
    if (soFar.options.size() == 4) stop.request_stop();
  };
  QVERIFY_EXCEPTION_THROWN(advise(setting.model, *setting.tokenizer, setting.texts, setting.request, setting.hooks,
                                  Progress(stop.get_token())),
                           rankscope::Cancelled);
  QCOMPARE(kept.options.size(), std::size_t{4});
  QVERIFY(!kept.complete);
  QVERIFY(renderAdvice(kept, ReportFormat::Html).find("unfinished") != std::string::npos);
}

void TestAdvise::reports() {
  Setting setting;
  const Advice advice = setting.advice();
  const std::string html = renderAdvice(advice, ReportFormat::Html),
                    markdown = renderAdvice(advice, ReportFormat::Markdown);
  for (const AdviceOption& option : advice.options) {
    QVERIFY(html.find(">" + option.name) != std::string::npos);
    QVERIFY(markdown.find(option.name) != std::string::npos);
  }
  // Side by side in columns of one width: frames that are as wide as each other are as high as each other.
  std::set<std::string> frames;
  const std::regex frame("<svg (viewBox=\"[^\"]*\")");
  for (std::sregex_iterator found(html.begin(), html.end(), frame), end; found != end; ++found)
    frames.insert((*found)[1]);
  QCOMPARE(frames.size(), std::size_t{1});
  QVERIFY(html.find("nan") == std::string::npos || html.find("NaN") == std::string::npos);
  for (const std::string& sentence : advice.sentences) QVERIFY(markdown.size() > sentence.size());
  EXPECT_ERROR(renderAdvice(advice, ReportFormat::Csv), ErrorKind::BadRequest, "Markdown");
  const nlohmann::ordered_json json = toJson(advice);
  QCOMPARE(json["recommended"].get<std::string>(), advice.options[*advice.recommended].name);
  for (const auto& option : json["options"])
    for (const char* key : {"name", "plan", "bytes", "kept", "mean_cosine", "logit_cosine", "kl_mean", "perplexity"})
      QVERIFY2(option.contains(key), key);
  QCOMPARE(json["options"].size(), advice.options.size());
}

RANKSCOPE_TEST_MAIN(TestAdvise)
#include "tst_advise.moc"
