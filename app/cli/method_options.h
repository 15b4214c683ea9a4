// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <set>
#include <string>

#include <CLI/CLI.hpp>

#include "core/calibrate/calibrated_method.h"

namespace rankscope::cli {

class Console;

/// How factors are found, and the text that it is fitted to.
struct MethodOptions {
  std::string method; ///< "" when not given
  std::string text;
  std::int64_t tokens = 32'768;
  int refineSteps = 0;

  bool isSequential() const { return method == "sequential"; } ///< Fisher's factors, found in order
  /// Plain when not given.
  Method chosen() const { return isSequential() ? Method::Fisher : parseMethod(method).value_or(Method::Plain); }
};

void declareMethodOptions(CLI::App& app, MethodOptions& options);

/// Runs the text through the model and fits what `needed` asks for to it; null where that is the plain method alone,
/// which needs no text. Says how many tokens were used and whether they are enough.
std::unique_ptr<const CalibratedMethod> methodFrom(const MethodOptions& options, const std::set<Method>& needed,
                                                   const std::shared_ptr<const Checkpoint>& checkpoint,
                                                   Console& console);

/// What finds the parts of a plan's layers, empty for plain ones. `method`, null for plain, is applied to the plan;
/// where its layers have to be found together (sequential, --refine), that is done here.
Factoriser factoriserFor(const MethodOptions& options, const CalibratedMethod* method,
                         const std::shared_ptr<const Checkpoint>& checkpoint, ResolvedPlan& plan, Console& console);

} // namespace rankscope::cli
