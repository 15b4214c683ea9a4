// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/console.h"
#include "app/cli/model_pair.h"
#include "app/cli/text_table.h"
#include "app/cli/words.h"
#include "core/base/error.h"
#include "core/evaluate/default_text.h"
#include "core/evaluate/study.h"

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
               cosine(layer.logitCosine), cosine(layer.centeredCosine), fmt::format("{:.4f}", layer.kl)});
  return table.text();
}

std::string sweepOf(const StudyReport& report) {
  TextTable table{{"Layers together"}, {"Error"}, {"KL"}, {"ε/√N"}, {"ε"}, {"ε·√N"}};
  for (const SweepPoint& p : report.sweepMeans) {
    const double n = p.layers, e = report.singleError;
    table.add({std::to_string(p.layers), fmt::format("{:.4f}", p.error), fmt::format("{:.4f}", p.kl),
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

void carryOut(const Options& options, Console& console) {
  if (!options.models.asksForCompression())
    throw CLI::RequiredError("COMPRESSED, --plan or an option that chooses ranks");
  requireConsistent(options.models);
  ModelPair pair = openPair(options.models, console);
  if (pair.substitutes.empty())
    throw Error(ErrorKind::BadRequest, "the plan changes no layer: there is nothing to study");
  const EvaluationText text = evaluationText(options.text);
  const std::vector<Window> windows =
      windowsOf(text.records, *pair.tokenizer, pair.original->context(), options.tokens);
  if (windows.empty()) throw Error(ErrorKind::BadRequest, fmt::format("{}: too little text to study on", text.name));
  StudyReport kept;
  const auto keep = [&] {
    if (!pair.run || !kept.together) return;
    pair.run->addEvaluation(toJson(kept).dump());
    pair.run->finish();
  };
  try {
    kept = studyAggregation(*pair.original, pair.substitutes, windows, options.study, console.progress("Studying"),
                            [&](const StudyReport& soFar) { kept = soFar; });
  } catch (const Cancelled&) {
    keep();
    throw;
  }
  keep();
  if (console.wantsJson()) return console.printJson(nlohmann::ordered_json(toJson(kept)));
  std::string out = depthOf(kept) + "\n" + layersOf(kept) + "\n" + sweepOf(kept) + "\n";
  for (const std::string& sentence : kept.sentences) out += sentence + "\n";
  console.print(out);
}

} // namespace

Action studyCommand(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  declareModelPair(app, options->models, "ORIGINAL", true);
  app.add_option("--text", options->text, "Text to study on, .gz too; else stories that the demo never saw")
      ->option_text("FILE");
  app.add_option("--tokens", options->tokens, "At most so many tokens of it")
      ->check(CLI::Range(2, 100'000'000))
      ->option_text("N");
  app.add_option("--draws", options->study.draws, "Random choices of layers for each N")
      ->check(CLI::Range(1, 100))
      ->option_text("N");
  app.add_option("--seed", options->study.seed, "Of the choices")->option_text("N");
  app.add_option("--run", options->models.run, "Keep layers and result in this run file")->option_text("RUN.h5");
  app.footer("Example:\n  rankscope-cli study gpt-neo-125m --preset uniform --run study.h5");
  return [options](Console& console) { carryOut(*options, console); };
}

} // namespace rankscope::cli
