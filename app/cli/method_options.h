// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <CLI/CLI.hpp>

#include "core/calibrate/calibrated_method.h"
#include "core/evaluate/evaluate.h"
#include "core/model/tokenizer/tokenizer.h"
#include "core/store/run_file.h"

namespace rankscope::cli {

class Console;

/// What the options change of a plan's methods, and the text that they are fitted to.
struct MethodOptions {
  std::string method; ///< "" when not given
  std::string text;   ///< "": the stories that come with the program
  std::int64_t tokens = 32'768;
  std::optional<int> refineSteps;
  bool noBiasShift = false;

  /// Plain when not given.
  Method chosen() const { return parseMethod(method).value_or(Method::Plain); }
  /// Writes what was given into the plan.
  void applyTo(RankPlan& plan) const;
};

/// The text alone: --calibration, --calibration-tokens.
void declareTextOptions(CLI::App& app, MethodOptions& options);
void declareMethodOptions(CLI::App& app, MethodOptions& options);

/// Runs the text through the model and fits what `needed` asks for to it; null where that is the plain method alone,
/// which needs no text. Says which text, how many tokens were used and whether they are enough. Of a text that is
/// measured on, too (`measuredOn`), and of the program's own, only the records are used that an advice calibrates on.
std::unique_ptr<const CalibratedMethod> methodFrom(const MethodOptions& options, const std::set<Method>& needed,
                                                   const std::optional<std::filesystem::path>& measuredOn,
                                                   const std::shared_ptr<const Checkpoint>& checkpoint,
                                                   Console& console);

/// The text to measure on ("": the program's own). Of one that methods are fitted to as well, only the records that
/// methodFrom() leaves alone; it then says so.
EvaluationText textToMeasureOn(const std::string& file, const MethodOptions& fittedTo, bool isFitted,
                               const Tokenizer& tokenizer, Console& console);

/// What finds the parts of a plan's layers, empty for plain ones. `method`, null for plain, is applied to the plan;
/// where its layers have to be found together (sequential, refined) that is done here, unless `run` (may be null) has
/// them all.
Factoriser factoriserFor(const CalibratedMethod* method, const std::shared_ptr<const Checkpoint>& checkpoint,
                         ResolvedPlan& plan, const RunFile* run, Console& console);

} // namespace rankscope::cli
