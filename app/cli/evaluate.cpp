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
#include "core/base/progress.h"
#include "core/evaluate/default_text.h"
#include "core/evaluate/evaluate.h"

namespace rankscope::cli {
namespace {

struct Options {
  ModelPairOptions models;
  std::string text;
  std::string prompt;
  EvaluationOptions evaluation;
  bool noSpeed = false;
};

std::string four(double value) {
  return fmt::format("{:.4f}", value);
}

void addRow(TextTable& table, const std::string& what, const Comparison& c) {
  table.add({what, klText(c.kl.mean), four(c.top1Agreement), four(c.top5Agreement), four(c.logits.cosine),
             four(c.centeredLogits.cosine), four(c.hidden.cosine), percent(c.centeredLogits.relativeError)});
}

std::string metricsOf(const EvaluationReport& report) {
  TextTable table{{"", TextTable::Align::Left},
                  {"KL mean"},
                  {"Top 1"},
                  {"Top 5"},
                  {"Logit cosine"},
                  {"Centred"},
                  {"Hidden"},
                  {"Logit error"}};
  addRow(table, "compressed", report.comparison);
  if (report.controls) {
    addRow(table, "original in bf16", report.controls->bf16);
    if (report.controls->random) addRow(table, "random factors", *report.controls->random);
    table.add({"unrelated text", "-", "-", "-", four(report.controls->unrelatedLogitCosine),
               four(report.controls->unrelatedCenteredCosine), four(report.controls->unrelatedHiddenCosine), "-"});
  }
  const KlSummary& kl = report.comparison.kl;
  return table.text() + fmt::format("\nKL median {}, 90 % {}, 99 % {}, largest {} nats\n", klText(kl.median),
                                    klText(kl.p90), klText(kl.p99), klText(kl.max));
}

std::string blocksOf(const Comparison& comparison) {
  TextTable table{{"Block"}, {"Hidden cosine"}, {"Relative error"}};
  for (std::size_t i = 0; i < comparison.blocks.size(); ++i)
    table.add({std::to_string(i), four(comparison.blocks[i].cosine), percent(comparison.blocks[i].relativeError)});
  return table.text();
}

std::string speedOf(const SpeedReport& report) {
  TextTable table{{"", TextTable::Align::Left}, {"Weights"}, {"Prefill tok/s"}, {"Ratio"}, {"Decode tok/s"}, {"Ratio"}};
  for (const Speed& s : report.models)
    table.add({s.name, bytes(s.weightBytes), fmt::format("{:.1f}", s.prefill), ratioText(s.prefillRatio),
               fmt::format("{:.1f}", s.decode), ratioText(s.decodeRatio)});
  return table.text();
}

std::string textOf(const EvaluationReport& report) {
  std::string text = fmt::format("{} against {}, on {}\n\n", report.original, report.compressed, report.text);
  for (const std::string& sentence : report.sentences) text += sentence + "\n";
  text += "\n" + metricsOf(report) + "\n" + blocksOf(report.comparison);
  if (report.speed) text += "\n" + speedOf(*report.speed);
  if (report.generation) text += "\n" + texts(*report.generation);
  return text;
}

void carryOut(const Options& options, Console& console) {
  if (!options.models.asksForCompression())
    throw CLI::RequiredError("COMPRESSED, --plan or an option that chooses ranks");
  requireConsistent(options.models);
  ModelPair pair = openPair(options.models, options.text, console);
  EvaluationOptions evaluation = options.evaluation;
  evaluation.speed = !options.noSpeed;
  if (!options.prompt.empty()) evaluation.prompt = options.prompt;
  EvaluationReport kept;
  const auto deliver = [&] {
    if (kept.comparison.positions == 0) return;
    pair.keep(toJson(kept));
    if (console.wantsJson())
      console.printJson(nlohmann::ordered_json(toJson(kept)));
    else
      console.print(textOf(kept));
  };
  const auto look = [&](const EvaluationReport& soFar) {
    kept = soFar;
    kept.compressed = pair.description;
    const Comparison& c = soFar.comparison;
    console.detail(fmt::format("{} tokens: perplexity {:.3f} and {:.3f}, KL {}", c.positions, c.original.value,
                               c.compressed.value, klText(c.kl.mean)));
  };
  try {
    const EvaluationText text =
        textToMeasureOn(options.text, options.models.plan.method, pair.isFitted, *pair.tokenizer, console);
    evaluate(*pair.original, *pair.compressed, *pair.tokenizer, text, evaluation, console.progress("Evaluating"), look);
  } catch (const Cancelled&) {
    if (kept.comparison.positions > 0) console.note("Stopped: this is what was measured until then.");
    deliver();
    throw;
  }
  deliver();
}

} // namespace

Action evaluateCommand(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  declareModelPair(app, options->models, "ORIGINAL", true);
  app.add_option("--text", options->text, "Text to run both models on, .gz too; else stories that the demo never saw")
      ->option_text("FILE");
  between(app.add_option("--tokens", options->evaluation.tokens, "At most so many tokens of it"), "N", 2, kMostTokens);
  app.add_option("--prompt", options->prompt, "Also let both continue this")->option_text("TEXT");
  app.add_flag("--no-speed", options->noSpeed, "Leave out the measurement of speed");
  app.add_option("--run", options->models.run, "Keep layers and result in this run file")->option_text("RUN.h5");
  app.footer(
      "Example:\n  rankscope-cli evaluate gpt-neo-125m --preset hybrid --quant-bits 8 --text wiki.txt.gz "
      "--tokens 20000\n"
      "Ctrl-C prints and keeps what is measured until then. Keys of --json: perplexity_original and\n"
      "perplexity_compressed (with _se, standard errors over records), kl_mean, kl_median, kl_p90, kl_p99, kl_max\n"
      "(nats), top1_agreement, top5_agreement, logit_cosine (raw), logit_cosine_centered, hidden_cosine and their\n"
      "_relative_error, blocks[] (cosine, relative_error behind each block), kl_histogram[], controls{bf16,\n"
      "random_factors, unrelated_text}, speed{} and memory{} of original, compressed and int8, generation{},\n"
      "complete. All are explained in resources/help/json.md.");
  return [options](Console& console) { carryOut(*options, console); };
}

} // namespace rankscope::cli
