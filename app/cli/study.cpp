// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/console.h"
#include "app/cli/model_pair.h"
#include "app/cli/ranges.h"
#include "app/cli/text_table.h"
#include "app/cli/words.h"
#include "core/base/error.h"
#include "core/base/kl_text.h"
#include "core/evaluate/default_text.h"
#include "core/evaluate/study.h"
#include "core/evaluate/study_words.h"

namespace rankscope::cli {
namespace {

struct Options {
  ModelPairOptions models;
  std::string text;
  std::int64_t tokens = 2'048;
  StudyOptions study;
};

std::string layersOf(const StudyReport& report) {
  TextTable table{{"Layer alone", TextTable::Align::Left},
                  {"Rank"},
                  {"Weight cosine"},
                  {"Output cosine"},
                  {"Logit cosine"},
                  {"Centred"},
                  {"KL"}};
  for (const LayerEffect& layer : report.layers)
    table.add({layer.name, rank(layer.rank), cosine(layer.weights.cosine), cosine(layer.outputs.cosine),
               cosine(layer.logitCosine), cosine(layer.centeredCosine), klText(layer.kl)});
  return table.text();
}

std::string sweepOf(const StudyReport& report) {
  TextTable table{{"Layers together"}, {"Error"}, {"KL"}, {"ε/√N"}, {"ε"}, {"ε·√N"}};
  for (const SweepPoint& p : report.sweepMeans) {
    const double n = p.layers, e = report.singleError;
    table.add({std::to_string(p.layers), fmt::format("{:.4f}", p.error), klText(p.kl),
               fmt::format("{:.4f}", e / std::sqrt(n)), fmt::format("{:.4f}", e),
               fmt::format("{:.4f}", e * std::sqrt(n))});
  }
  return table.text();
}

std::string depthOf(const StudyReport& report) {
  TextTable table{{"Behind block"}, {"Hidden cosine"}, {"Relative error"}};
  for (std::size_t i = 0; i < report.depth.size(); ++i)
    table.add({std::to_string(i), cosine(report.depth[i].cosine), percent(report.depth[i].relativeError)});
  return table.text();
}

std::string textOf(const StudyReport& report) {
  std::string out = fmt::format("{} against {}, on {} tokens of {}\n\n", report.original, report.compressed,
                                report.tokens, report.text);
  out += depthOf(report) + "\n";
  if (!report.layers.empty()) out += layersOf(report) + "\n";
  if (!report.sweepMeans.empty()) out += sweepOf(report) + "\n";
  for (const std::string& sentence : report.sentences) out += sentence + "\n";
  return out;
}

void carryOut(const Options& options, Console& console) {
  if (!options.models.asksForCompression())
    throw CLI::RequiredError("COMPRESSED, --plan or an option that chooses ranks");
  requireConsistent(options.models);
  ModelPair pair = openPair(options.models, options.text, console);
  if (pair.substitutes.empty())
    throw Error(ErrorKind::BadRequest, "the plan changes no layer: there is nothing to study");
  const EvaluationText text =
      textToMeasureOn(options.text, options.models.plan.method, pair.isFitted, *pair.tokenizer, console);
  const std::vector<Window> windows =
      windowsOf(text.records, *pair.tokenizer, pair.original->context(), options.tokens);
  if (windows.empty()) throw Error(ErrorKind::BadRequest, fmt::format("{}: too little text to study on", text.name));
  StudyReport kept;
  const auto deliver = [&] {
    if (!kept.together) return;
    pair.keep(toJson(kept));
    if (console.wantsJson())
      console.printJson(nlohmann::ordered_json(toJson(kept)));
    else
      console.print(textOf(kept));
  };
  const auto look = [&](const StudyReport& soFar) {
    kept = soFar;
    kept.original = pair.original->checkpoint().content().modelName;
    kept.compressed = pair.description;
    kept.text = text.name;
    console.detail(fmt::format("everything compressed: done; {} layers alone; {} draws of several", kept.layers.size(),
                               kept.sweep.size()));
  };
  try {
    studyAggregation(*pair.original, pair.substitutes, windows, options.study, console.progress("Studying"), look);
  } catch (const Cancelled&) {
    if (kept.together) console.note("Stopped: this is what was measured until then.");
    kept.sentences = studySentences(kept);
    deliver();
    throw;
  }
  deliver();
}

} // namespace

Action studyCommand(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  declareModelPair(app, options->models, "ORIGINAL", true);
  app.add_option("--text", options->text, "Text to study on, .gz too; else stories that the demo never saw")
      ->option_text("FILE");
  between(app.add_option("--tokens", options->tokens, "At most so many tokens of it"), "N", 2, 100'000'000);
  between(
      app.add_option("--draws", options->study.draws, "Random choices of layers for each N; twice as many up to N = 4"),
      "N", 1, 100);
  atLeast(app.add_option("--seed", options->study.seed, "Of the choices"), "N", 0);
  app.add_option("--run", options->models.run, "Keep layers and result in this run file")->option_text("RUN.h5");
  app.footer(
      "Example:\n  rankscope-cli study gpt-neo-125m --preset uniform --run study.h5\n"
      "Ctrl-C prints and keeps what is done until then. Keys of --json: depth[], together{} (as evaluate), layers[]\n"
      "(each alone: weight_cosine, output_cosine, kl_mean, logit_cosine, logit_cosine_centered, error), sweep[],\n"
      "sweep_means[] (layers, error, averaging = ε/√N, constant = ε, random_walk = ε·√N), error_fit{exponent,\n"
      "standard_error, half_width_95, points, saturated}, kl_fit, single_layer_error = ε, sentences[], complete.\n"
      "All are explained in resources/help/json.md.");
  return [options](Console& console) { carryOut(*options, console); };
}

} // namespace rankscope::cli
