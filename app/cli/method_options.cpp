// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/method_options.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/cli/console.h"
#include "core/base/error.h"
#include "core/calibrate/calibration_cache.h"
#include "core/calibrate/plan_fit.h"
#include "core/evaluate/default_text.h"
#include "core/evaluate/text.h"
#include "core/model/tokenizer/tokenizer.h"

namespace rankscope::cli {

void declareMethodOptions(CLI::App& app, MethodOptions& options) {
  app.add_option("--method", options.method,
                 "How factors and integers are found. plain: truncated SVD of the weights, rounding to nearest; aware: "
                 "of the weights as a text's activations "
                 "see them; fisher: as the model's predictions see them; sequential: the same, layer after layer on "
                 "the inputs of the "
                 "compressed model, the best for factors")
      ->check(CLI::IsMember({"plain", "aware", "fisher", "sequential"}))
      ->option_text("plain|aware|fisher|sequential");
  app.add_option("--calibration", options.text,
                 "Text for all but plain, .gz too; keep it apart from the text you evaluate on")
      ->option_text("FILE");
  app.add_option("--calibration-tokens", options.tokens, "At most so many tokens of it (32768)")
      ->check(CLI::Range(64, 1'000'000'000))
      ->option_text("N");
  app.add_option(
         "--refine", options.refineSteps,
         "So many steps of distillation over all compressed layers together; keeps the best on a held-out part of "
         "the calibration text")
      ->check(CLI::Range(0, 1'000'000))
      ->option_text("STEPS");
}

std::unique_ptr<const CalibratedMethod> methodFrom(const MethodOptions& options, const std::set<Method>& needed,
                                                   const std::shared_ptr<const Checkpoint>& checkpoint,
                                                   Console& console) {
  const auto fitted = std::find_if(needed.begin(), needed.end(), [](Method method) { return method != Method::Plain; });
  if (fitted == needed.end()) {
    if (options.refineSteps > 0)
      throw CLI::ValidationError("--refine", "starts from --method aware, fisher or sequential");
    return nullptr;
  }
  if (options.text.empty())
    throw CLI::ValidationError("--method",
                               fmt::format("{} is fitted to a text: give one with --calibration", name(*fitted)));
  const Model model(checkpoint);
  const auto tokenizer = openTokenizer(checkpoint->content().folder, checkpoint->architecture());
  std::vector<std::vector<int>> sequences;
  for (Window& window : windowsOf(readRecords(options.text), *tokenizer, model.context(), options.tokens))
    sequences.push_back(std::move(window.tokens));
  if (sequences.empty())
    throw Error(ErrorKind::BadRequest, fmt::format("{} has no text to calibrate on", options.text));
  CalibrationOptions settings;
  settings.gradients = needed.contains(Method::Fisher);
  Calibration calibration = calibrateCached(model, sequences, settings, CalibrationCache(),
                                            CalibrationCache::kDefaultMemory, console.progress("Calibrating"));
  console.note(
      fmt::format("calibrated on {} tokens of {}{}", calibration.tokens, options.text,
                  calibration.coversWidth() ? "" : ": fewer than the widest layer has inputs, more would be better"));
  const std::string hash = hashOf(sequences);
  return std::make_unique<const CalibratedMethod>(checkpoint, std::move(calibration),
                                                  needed.contains(options.chosen()) ? options.chosen() : *fitted, hash,
                                                  std::move(sequences));
}

Factoriser factoriserFor(const MethodOptions& options, const CalibratedMethod* method,
                         const std::shared_ptr<const Checkpoint>& checkpoint, ResolvedPlan& plan, Console& console) {
  if (!method) return {};
  method->applyTo(plan);
  if (!options.isSequential() && options.refineSteps == 0) return method->factoriser();
  PlanFitOptions together;
  together.inOrder = options.isSequential();
  together.refinement.steps = options.refineSteps;
  std::optional<double> first, best;
  const auto watch = [&](const RefineStep& step) {
    if (!step.heldOut) return;
    if (!first) first = step.heldOut;
    best = best ? std::min(*best, *step.heldOut) : *step.heldOut;
  };
  const PlanFit fit =
      fitPlan(Model(checkpoint), plan, *method, together, console.progress("Fitting layers together"), watch);
  if (best)
    console.note(
        fmt::format("refined: KL on held-out calibration text {:.4f} before, {:.4f} at the best look", *first, *best));
  fit.applyTo(plan);
  return fit.factoriser();
}

} // namespace rankscope::cli
