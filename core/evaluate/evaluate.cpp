// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/evaluate.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/kl_text.h"
#include "core/evaluate/numbers.h"

namespace rankscope {

namespace {

std::vector<std::string> describe(const EvaluationReport& report) {
  const Comparison& c = report.comparison;
  std::vector<std::string> sentences{fmt::format("Perplexity goes from {:.3f} ± {:.3f} to {:.3f} ± {:.3f} over {} "
                                                 "tokens of {} records of {}; KL is {} nats a token, and the "
                                                 "likeliest token is the same {:.1f} % of the time.",
                                                 c.original.value, c.original.standardError, c.compressed.value,
                                                 c.compressed.standardError, c.positions, c.records, report.text,
                                                 klText(c.kl.mean), 100 * c.top1Agreement)};
  if (!report.controls) return sentences;
  const Controls& k = *report.controls;
  std::string text = fmt::format("The output cosine is {:.4f} (centred {:.4f}). For scale: unrelated text {:.4f} "
                                 "({:.4f}), the original in bf16 {:.5f} ({:.5f})",
                                 c.logits.cosine, c.centeredLogits.cosine, k.unrelatedLogitCosine,
                                 k.unrelatedCenteredCosine, k.bf16.logits.cosine, k.bf16.centeredLogits.cosine);
  if (k.random)
    text += fmt::format(", random factors of the same energy {:.4f} ({:.4f})", k.random->logits.cosine,
                        k.random->centeredLogits.cosine);
  sentences.push_back(text + ".");
  return sentences;
}

} // namespace

EvaluationReport evaluate(const Model& original, const Model& compressed, const Tokenizer& tokenizer,
                          const EvaluationText& text, const EvaluationOptions& options, const Progress& progress,
                          const std::function<void(const EvaluationReport&)>& partial) {
  EvaluationReport report;
  report.original = original.checkpoint().content().modelName;
  report.compressed = compressed.checkpoint().content().modelName;
  report.text = text.name;
  report.context = std::min(original.context(), compressed.context());
  const std::vector<Window> windows = windowsOf(text.records, tokenizer, report.context, options.tokens);
  if (windows.empty()) throw Error(ErrorKind::BadRequest, fmt::format("{}: too little text to evaluate on", text.name));
  const auto tell = [&] {
    report.sentences = describe(report);
    if (report.speed) report.sentences.push_back(report.speed->sentence);
    if (partial) partial(report);
  };
  report.comparison = compare(original, compressed, windows, {}, progress.slice(0, 0.7), [&](const Comparison& soFar) {
    report.comparison = soFar;
    tell();
  });
  if (options.controlTokens > 0) {
    report.controls = measureControls(original, compressed, windows, options.controlTokens, progress.slice(0.7, 0.85));
    tell();
  }
  if (options.speed) {
    report.speed = measureSpeed(original, compressed, {}, progress.slice(0.85, 0.93));
    tell();
  }
  if (options.prompt)
    report.generation = generatePair(original, compressed, tokenizer, *options.prompt, options.generation,
                                     progress.slice(0.93, 1), [&](const GeneratedPair& soFar) {
                                       report.generation = soFar;
                                       tell();
                                     });
  report.complete = true;
  tell();
  return report;
}

nlohmann::json toJson(const EvaluationReport& report) {
  nlohmann::json json = toJson(report.comparison);
  json["kind"] = "evaluation";
  json["original"] = report.original;
  json["compressed"] = report.compressed;
  json["text"] = report.text;
  json["context"] = report.context;
  json["complete"] = report.complete;
  json["sentences"] = report.sentences;
  json["controls"] = report.controls ? toJson(*report.controls) : nlohmann::json();
  json["speed"] = report.speed ? speedJson(*report.speed) : nlohmann::json();
  json["memory"] = report.speed ? memoryJson(*report.speed) : nlohmann::json();
  json["generation"] = report.generation ? toJson(*report.generation) : nlohmann::json();
  return json;
}

} // namespace rankscope
