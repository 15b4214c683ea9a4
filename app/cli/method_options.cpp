// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/method_options.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/cli/console.h"
#include "app/cli/ranges.h"
#include "core/advise/advise.h"
#include "core/base/error.h"
#include "core/calibrate/calibration_cache.h"
#include "core/calibrate/plan_fit.h"
#include "core/evaluate/default_text.h"
#include "core/evaluate/text.h"
#include "core/report/compression_run.h"

namespace rankscope::cli {
namespace {

/// The tokens to calibrate on.
std::vector<std::vector<int>> sequencesOf(const MethodOptions& options, bool keepsSomeApart, const Tokenizer& tokenizer,
                                          std::int64_t context) {
  const EvaluationText text = evaluationText(options.text);
  if (keepsSomeApart) {
    AdviceTextOptions some;
    some.calibrationTokens = options.tokens;
    return adviceTexts(text, nullptr, tokenizer, context, some).calibration;
  }
  std::vector<std::vector<int>> sequences;
  for (Window& window : windowsOf(text.records, tokenizer, context, options.tokens))
    sequences.push_back(std::move(window.tokens));
  if (sequences.empty())
    throw Error(ErrorKind::BadRequest, fmt::format("{} has no text to calibrate on", options.text));
  return sequences;
}

} // namespace

void MethodOptions::applyTo(RankPlan& plan) const {
  if (!method.empty()) plan.method = chosen();
  if (noBiasShift) plan.biasShift = false;
  plan.refineSteps = refineSteps.value_or(plan.refineSteps);
}

void declareTextOptions(CLI::App& app, MethodOptions& options) {
  app.add_option("--calibration", options.text,
                 "Text for all but plain, .gz too; else most of the stories that come with the program. Keep it apart "
                 "from the text that you evaluate on")
      ->option_text("FILE");
  between(app.add_option("--calibration-tokens", options.tokens, "At most so many tokens of it; 32768 when not given"),
          "N", 64, kMostTokens);
}

void declareMethodOptions(CLI::App& app, MethodOptions& options) {
  app.add_option("--method", options.method,
                 "How factors and integers are found, where a plan does not say it of a layer. plain: truncated SVD of "
                 "the weights, rounding to nearest; aware: of the weights as a text's activations see them; fisher: as "
                 "the model's predictions see them; sequential: the same, layer after layer on the inputs of the "
                 "compressed model, the best for factors")
      ->check(CLI::IsMember({"plain", "aware", "fisher", "sequential"}))
      ->option_text("plain|aware|fisher|sequential");
  declareTextOptions(app, options);
  app.add_flag("--no-bias-shift", options.noBiasShift,
               "Leave linears' biases as they are; else those of all methods but plain take up the mean error");
  between(app.add_option("--refine", options.refineSteps,
                         "So many steps of distillation over all layers fitted to the text together; keeps the best on "
                         "a held-out part of it"),
          "STEPS", 0, kMostRefineSteps);
}

std::unique_ptr<const CalibratedMethod> methodFrom(const MethodOptions& options, const std::set<Method>& needed,
                                                   const std::optional<std::filesystem::path>& measuredOn,
                                                   const std::shared_ptr<const Checkpoint>& checkpoint,
                                                   Console& console) {
  if (!needText(needed)) {
    if (!needed.empty() && options.refineSteps.value_or(0) > 0)
      throw CLI::ValidationError("--refine",
                                 "needs layers with a method that is fitted to a text, and the plan has none");
    return nullptr;
  }
  const Model model(checkpoint);
  const auto tokenizer = openTokenizer(checkpoint->content().folder, checkpoint->architecture());
  const bool keepsSomeApart = options.text.empty() || (measuredOn && isSameText(options.text, *measuredOn));
  std::vector<std::vector<int>> sequences = sequencesOf(options, keepsSomeApart, *tokenizer, model.context());
  CalibrationOptions settings;
  settings.gradients = needGradients(needed);
  Calibration calibration = calibrateCached(model, sequences, settings, CalibrationCache(),
                                            CalibrationCache::kDefaultMemory, console.progress("Calibrating"));
  const std::string text =
      options.text.empty() ? "evaluation.txt, the stories that come with the program" : options.text;
  console.note(
      fmt::format("calibrated on {} tokens of {}{}{}", calibration.tokens, text,
                  keepsSomeApart ? "; its last records are left to be measured on" : "",
                  calibration.coversWidth() ? "" : ": fewer than the widest layer has inputs, more would be better"));
  const std::string hash = hashOf(sequences);
  const Method weighs = needed.contains(options.chosen()) && options.chosen() != Method::Plain
                            ? options.chosen()
                            : *std::ranges::find_if(needed, [](Method method) { return method != Method::Plain; });
  return std::make_unique<const CalibratedMethod>(checkpoint, std::move(calibration), weighs, hash,
                                                  std::move(sequences));
}

EvaluationText textToMeasureOn(const std::string& file, const MethodOptions& fittedTo, bool isFitted,
                               const Tokenizer& tokenizer, Console& console) {
  EvaluationText text = evaluationText(file);
  if (!isFitted || !isSameText(file, fittedTo.text)) return text;
  EvaluationText unseen = unseenPart(text, tokenizer);
  console.note(fmt::format("measured on {}: the others may have been calibrated on", unseen.name));
  return unseen;
}

Factoriser factoriserFor(const CalibratedMethod* method, const std::shared_ptr<const Checkpoint>& checkpoint,
                         ResolvedPlan& plan, const RunFile* run, Console& console) {
  if (!method) return {};
  identify(plan, *method);
  if (run && holdsResults(*run, *checkpoint, plan)) return method->factoriser(); // nothing is left to find
  std::optional<double> first, best;
  const auto watch = [&](const RefineStep& step) {
    if (!step.heldOut) return;
    if (!first) first = step.heldOut;
    best = best ? std::min(*best, *step.heldOut) : *step.heldOut;
  };
  Factoriser factoriser =
      fitPlan(Model(checkpoint), plan, *method, console.progress("Fitting layers together"), {}, watch);
  if (best)
    console.note(
        fmt::format("refined: KL on held-out calibration text {:.4f} before, {:.4f} at the best look", *first, *best));
  return factoriser;
}

} // namespace rankscope::cli
