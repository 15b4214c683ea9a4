// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/advise.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "app/cli/command.h"
#include "app/cli/console.h"
#include "app/cli/plan_options.h"
#include "app/cli/ranges.h"
#include "app/cli/text_table.h"
#include "app/cli/words.h"
#include "core/base/error.h"
#include "core/base/kl_text.h"
#include "core/base/time_stamp.h"
#include "core/evaluate/default_text.h"
#include "core/report/advice_report.h"
#include "core/report/export_model.h"
#include "core/store/run_file.h"

namespace rankscope::cli {
namespace {

struct Options {
  std::string model;
  std::string text;
  std::string calibration;
  std::string budget = "0.5";
  std::optional<double> largestKl;
  std::vector<std::string> methods;
  std::string layers;
  std::vector<std::string> pins;
  std::string output;
  std::string plans;
  std::string run;
  AdviceTextOptions tokens;
  AdviceRequest request;
  bool noSpeed = false;
};

constexpr std::uint64_t kFewestBytes = 1024; // less is a share or a percentage that was meant otherwise

/// A share up to 1, or bytes such as 9000000, 9MB, 8.5MiB.
AdviceBudget parseBudget(const Options& options) {
  if (options.largestKl) return LargestKl{*options.largestKl};
  double share = 0;
  const char* const end = options.budget.data() + options.budget.size();
  const auto [stopped, failed] = std::from_chars(options.budget.data(), end, share);
  if (failed == std::errc() && stopped == end && share > 0 && share <= 1) return KeepShare{share};
  std::string text = options.budget;
  std::uint64_t bytes = 0;
  try {
    if (CLI::AsSizeValue(true)(text).empty() && CLI::detail::lexical_cast(text, bytes) && bytes >= kFewestBytes)
      return KeepBytes{bytes};
  } catch (const CLI::Error&) { // said below, for all that is no size
  }
  throw CLI::ValidationError(
      "--budget", fmt::format("{} is neither a share above 0 and at most 1 nor the bytes of a model, {} at the least",
                              options.budget, kFewestBytes));
}

std::string tableOf(const Advice& advice) {
  TextTable table{{"Option", TextTable::Align::Left},
                  {"Bytes"},
                  {"Layers kept"},
                  {"Weight cos"},
                  {"Output cos"},
                  {"KL pred."},
                  {"KL"},
                  {"Perplexity"},
                  {"Repeated"},
                  {"Prefill"},
                  {"Decode"}};
  for (std::size_t i = 0; i < advice.options.size(); ++i) {
    const AdviceOption& option = advice.options[i];
    const Comparison& c = option.measured;
    table.add({fmt::format("{}{}{}", advice.recommended == i ? "* " : "  ", option.name,
                           option.withinBudget ? "" : " (over)"),
               bytes(option.bytes), percent(option.scopeKept), cosine(option.meanCosine), cosine(c.logits.cosine),
               option.predicted ? klText(option.predicted->kl) : "-", klText(c.kl.mean),
               fmt::format("{:.2f}", c.compressed.value),
               option.sample ? percent(option.sample->repetition.repeated4grams) : "-",
               option.speed ? ratioText(option.speed->prefillRatio) : "-",
               option.speed ? ratioText(option.speed->decodeRatio) : "-"});
  }
  return table.text();
}

std::string textOf(const Advice& advice) {
  std::string text;
  for (const std::string& sentence : advice.sentences) text += sentence + "\n";
  text += "\n" + tableOf(advice);
  for (const AdviceNote& note : advice.notes) text += words(note) + "\n";
  return text;
}

void writeText(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw Error(ErrorKind::Unwritable, fmt::format("{}: cannot be written", path.string()));
}

std::string joined(const std::vector<std::string>& records) {
  std::string text;
  for (const std::string& record : records) text += record + "\n<|endoftext|>\n";
  return text;
}

/// One advice, from options to files.
class Session final {
 public:
  Session(const Options& options, Console& console)
      : m_options(options), m_console(console), m_checkpoint(openCheckpoint(options.model)), m_model(m_checkpoint),
        m_tokenizer(openTokenizer(m_checkpoint->content().folder, m_checkpoint->architecture())) {
    if (!options.run.empty()) m_run = RunFile::open(options.run, *m_checkpoint);
    const EvaluationText text = evaluationText(options.text);
    std::optional<EvaluationText> calibration;
    if (!options.calibration.empty()) calibration = evaluationText(options.calibration);
    m_texts = adviceTexts(text, calibration ? &*calibration : nullptr, *m_tokenizer, m_model.context(), options.tokens);
    m_request = options.request;
    m_request.budget = parseBudget(options);
    m_request.methods = {options.methods.begin(), options.methods.end()};
    m_request.scope.factorDtype = Storage::F16;
    m_request.scope.layers = options.layers;
    for (const std::string& glob : options.pins)
      for (const LayerId id : layersMatching("--pin", glob, *m_checkpoint)) m_request.limits.pinned[id] = LayerChoice{};
    m_request.speed = !options.noSpeed;
    requirePossibleBudget();
  }

  void carryOut() {
    if (!m_options.plans.empty()) writeTexts();
    try {
      m_advice = advise(m_model, *m_tokenizer, m_texts, m_request, hooks(), m_console.progress("Advising"));
    } catch (const Cancelled&) {
      keep();
      throw;
    }
    keep();
    print();
  }

 private:
  std::uint64_t bytesOf(const ResolvedPlan& plan) const {
    return exportBytes(*m_checkpoint, plan, ExportKind::Factored);
  }

  void requirePossibleBudget() const {
    try {
      requirePossible(m_model, m_request, [this](const ResolvedPlan& plan) { return bytesOf(plan); });
    } catch (const Error& error) {
      throw Error(error.kind(), fmt::format("--budget: {}", error.what()));
    }
  }

  AdviceHooks hooks() {
    AdviceHooks hooks;
    hooks.exportBytes = [this](const ResolvedPlan& plan) { return bytesOf(plan); };
    if (m_run) hooks.known = knownEffects();
    hooks.sensitivity = [this](const Sensitivity& soFar) { m_sensitivity = soFar; };
    hooks.partial = [this](const Advice& soFar) { m_advice = soFar; };
    return hooks;
  }

  /// The last effects of single layers that the run file has.
  Sensitivity knownEffects() const {
    Sensitivity known;
    for (const auto& [number, json] : m_run->contents().evaluations)
      if (nlohmann::json::parse(json, nullptr, false).value("kind", "") == "sensitivity")
        known = parseSensitivity(json);
    return known;
  }

  /// What was measured goes to the run file and the report, finished or not.
  void keep() {
    if (m_run) {
      if (!m_sensitivity.probes.empty()) m_run->addEvaluation(toJson(m_sensitivity));
      if (m_advice.predictor) m_run->addEvaluation(toJson(*m_advice.predictor));
      if (!m_advice.options.empty()) m_run->addEvaluation(stamped());
      m_run->finish();
    }
    if (m_advice.options.empty()) return;
    if (!m_options.output.empty()) writeAdvice(m_advice, m_options.output);
    if (!m_options.plans.empty())
      for (const AdviceOption& option : m_advice.options)
        writePlan(option.plan, std::filesystem::path(m_options.plans) / (option.name + ".json"));
  }

  /// With what the window needs to take a plan up: when, and which text its methods are fitted to.
  std::string stamped() const {
    nlohmann::ordered_json json = toJson(m_advice);
    json["created"] = timeStamp();
    if (m_options.calibration.empty()) {
      json["text_path"] = m_options.text.empty() ? "" : std::filesystem::absolute(m_options.text).string();
      json["calibration_tokens_wanted"] = m_options.tokens.calibrationTokens;
    }
    return json.dump();
  }

  void writeTexts() const {
    const std::filesystem::path folder(m_options.plans);
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    writeText(folder / "calibration.txt", joined(m_texts.calibrationRecords));
    writeText(folder / "measured.txt", joined(m_texts.measuredRecords));
  }

  void print() const {
    if (m_console.wantsJson()) return m_console.printJson(toJson(m_advice));
    m_console.print(textOf(m_advice));
    if (!m_options.output.empty()) m_console.note(fmt::format("report written to {}", m_options.output));
    if (!m_options.plans.empty())
      m_console.note(
          fmt::format("carry a plan out with: rankscope-cli compress {0} OUT --plan {1}/NAME.json --calibration "
                      "{1}/calibration.txt --calibration-tokens {2}",
                      m_options.model, m_options.plans, m_options.tokens.calibrationTokens));
  }

  const Options& m_options;
  Console& m_console;
  std::shared_ptr<const Checkpoint> m_checkpoint;
  Model m_model;
  std::shared_ptr<const Tokenizer> m_tokenizer;
  std::unique_ptr<RunFile> m_run;
  AdviceTexts m_texts;
  AdviceRequest m_request;
  Sensitivity m_sensitivity;
  Advice m_advice;
};

void requireConsistent(const Options& options) {
  parseBudget(options);
  const auto format = reportFormatFor(options.output);
  const RankLimits& ranks = options.request.limits.ranks;
  if (ranks.largestRank > 0 && ranks.least(false) > ranks.largestRank)
    throw CLI::ValidationError("--largest-rank", fmt::format("leaves no rank: the least is {}", ranks.least(false)));
  if (!options.output.empty() && (!format || *format == ReportFormat::Csv))
    throw CLI::ValidationError("--output", fmt::format("{} must end in .html or .md", options.output));
}

} // namespace

Action adviseCommand(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "Hugging Face folder with config.json and tokenizer")->required();
  app.add_option(
         "--text", options->text,
         "Text to advise on, .gz too; else stories that the demo never saw. Its last records are measured on, the "
         "others calibrate")
      ->option_text("FILE");
  app.add_option("--calibration", options->calibration, "Calibrate on this text instead, and measure on all of --text")
      ->option_text("FILE");
  auto* budget =
      app.add_option("--budget", options->budget,
                     "What may be kept: a share of the bytes of attention and MLP (0.5 when not given), or bytes of "
                     "the whole model, such as 9MB")
          ->option_text("SHARE|BYTES");
  app.add_option("--largest-kl", options->largestKl,
                 "Instead: the least bytes whose KL is predicted to stay below, nats a token")
      ->check(CLI::PositiveNumber)
      ->excludes(budget)
      ->option_text("NATS (above 0)");
  app.add_option("--methods", options->methods, "Only these, separated by commas; all when not given")
      ->delimiter(',')
      ->check(CLI::IsMember(std::vector<std::string>(kAdviceMethods.begin(), kAdviceMethods.end())))
      ->option_text("plain,aware,fisher,sequential,int8,int4,int3,correction");
  app.add_option("--layers", options->layers, "Only layers whose whole name matches; the others stay dense")
      ->option_text("GLOB");
  app.add_option("--pin", options->pins,
                 "Layers whose whole name matches stay dense, and count in the bytes; may be given several times")
      ->allow_extra_args(false)
      ->option_text("GLOB");
  app.add_option("--multiple", options->request.limits.ranks.multiple, "Ranks are multiples of this")
      ->check(CLI::IsMember({1, 8, 16, 64}))
      ->option_text("1|8|16|64");
  RankLimits& ranks = options->request.limits.ranks;
  between(app.add_option("--least-rank", ranks.leastRank, "No factors of a smaller rank"), "R", 1, kMostRank);
  between(app.add_option("--largest-rank", ranks.largestRank, "No factors of a larger rank"), "R", 1, kMostRank);
  between(app.add_option("--calibration-tokens", options->tokens.calibrationTokens,
                         "At most so many tokens to calibrate on; 32768 when not given"),
          "N", 64, kMostTokens);
  between(app.add_option("--tokens", options->tokens.measuredTokens,
                         "At most so many tokens to measure on; 4096 when not given"),
          "N", 16, kMostTokens);
  between(
      app.add_option("--checks", options->request.checks, "Random plans that check the prediction; 8 when not given"),
      "N", 0, 1000);
  app.add_flag("--no-speed", options->noSpeed, "Leave out the measurement of speed");
  app.add_option("-o,--output", options->output, "Write the advice as a page; its ending says which kind")
      ->option_text("REPORT.{html,md}");
  app.add_option("--plans", options->plans,
                 "Write every option's plan, and the texts, into this folder: compress and evaluate take them")
      ->option_text("FOLDER");
  app.add_option("--run", options->run,
                 "Keep what is measured in this run file; trials of single layers that it has are not made again")
      ->option_text("RUN.h5");
  app.footer(
      "Example:\n  rankscope-cli advise stories15M --text stories.txt.gz --budget 0.35 -o advice.html --plans plans");
  return [options](Console& console) {
    requireConsistent(*options);
    Session(*options, console).carryOut();
  };
}

} // namespace rankscope::cli
