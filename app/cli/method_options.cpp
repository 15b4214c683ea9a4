// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/method_options.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/cli/console.h"
#include "core/base/error.h"
#include "core/evaluate/default_text.h"
#include "core/evaluate/text.h"
#include "core/model/tokenizer/tokenizer.h"

namespace rankscope::cli {

void declareMethodOptions(CLI::App& app, MethodOptions& options) {
  app.add_option("--method", options.method,
                 "How factors and integers are found. plain: truncated SVD of the weights, rounding to nearest; aware: of the weights as a text's activations "
                 "see them; fisher: as the model's predictions see them, the best with --keep and --bytes")
      ->check(CLI::IsMember({"plain", "aware", "fisher"}))
      ->option_text("plain|aware|fisher");
  app.add_option("--calibration", options.text, "Text for aware and fisher, .gz too; keep it apart from the text you evaluate on")
      ->option_text("FILE");
  app.add_option("--calibration-tokens", options.tokens, "At most so many tokens of it (32768)")
      ->check(CLI::Range(64, 1'000'000'000))
      ->option_text("N");
}

std::unique_ptr<const CalibratedMethod> methodFrom(const MethodOptions& options, const std::set<Method>& needed,
                                                   const std::shared_ptr<const Checkpoint>& checkpoint, Console& console) {
  const auto fitted = std::find_if(needed.begin(), needed.end(), [](Method method) { return method != Method::Plain; });
  if (fitted == needed.end()) return nullptr;
  if (options.text.empty())
    throw CLI::ValidationError("--method", fmt::format("{} is fitted to a text: give one with --calibration", name(*fitted)));
  const Model model(checkpoint);
  const auto tokenizer = openTokenizer(checkpoint->content().folder, checkpoint->architecture());
  std::vector<std::vector<int>> sequences;
  for (Window& window : windowsOf(readRecords(options.text), *tokenizer, model.context(), options.tokens))
    sequences.push_back(std::move(window.tokens));
  if (sequences.empty()) throw Error(ErrorKind::BadRequest, fmt::format("{} has no text to calibrate on", options.text));
  CalibrationOptions settings;
  settings.gradients = needed.contains(Method::Fisher);
  Calibration calibration = calibrate(model, sequences, settings, console.progress("Calibrating"));
  console.note(fmt::format("calibrated on {} tokens of {}{}", calibration.tokens, options.text,
                           calibration.coversWidth() ? "" : ": fewer than the widest layer has inputs, more would be better"));
  return std::make_unique<const CalibratedMethod>(checkpoint, std::move(calibration), needed.contains(options.chosen()) ? options.chosen() : *fitted, hashOf(sequences));
}

} // namespace rankscope::cli
