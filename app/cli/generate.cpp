// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/console.h"
#include "app/cli/model_pair.h"
#include "app/cli/ranges.h"
#include "app/cli/words.h"
#include "core/evaluate/generate.h"

namespace rankscope::cli {
namespace {

struct Options {
  ModelPairOptions models;
  std::string prompt;
  GenerateOptions generation;
};

void carryOut(const Options& options, Console& console) {
  requireConsistent(options.models);
  const ModelPair pair = openPair(options.models, std::nullopt, console);
  const Progress progress = console.progress("Generating");
  if (pair.compressed) {
    const GeneratedPair pairOfTexts =
        generatePair(*pair.original, *pair.compressed, *pair.tokenizer, options.prompt, options.generation, progress);
    if (console.wantsJson()) return console.printJson(nlohmann::ordered_json(toJson(pairOfTexts)));
    return console.print(texts(pairOfTexts));
  }
  const Generated text = generate(*pair.original, *pair.tokenizer, options.prompt, options.generation, progress);
  if (console.wantsJson()) {
    nlohmann::ordered_json json(toJson(text));
    json["prompt"] = options.prompt;
    return console.printJson(json);
  }
  console.print(fmt::format("{}{}\n", options.prompt, text.text));
}

} // namespace

Action generateCommand(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  declareModelPair(app, options->models, "MODEL", false);
  app.add_option("--prompt", options->prompt, "What the text begins with")->option_text("TEXT");
  between(app.add_option("--tokens", options->generation.tokens, "At most so many tokens"), "N", 1, 1'000'000);
  between(app.add_option("--temperature", options->generation.temperature, "0 is greedy, the default"), "T", 0.0,
          100.0);
  between(app.add_option("--top-p", options->generation.topP, "Sample among the likeliest tokens of this probability"),
          "P", 0.0, 1.0);
  atLeast(app.add_option("--seed", options->generation.seed, "Of the samples"), "N", 0);
  app.footer("With --plan, --preset, --rank, … the compressed model's text stands beside the original's.\n"
             "Example:\n  rankscope-cli generate stories15M --prompt 'Once upon a time' --rank 128");
  return [options](Console& console) { carryOut(*options, console); };
}

} // namespace rankscope::cli
