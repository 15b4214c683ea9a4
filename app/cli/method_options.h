// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "core/calibrate/calibrated_method.h"

namespace rankscope::cli {

class Console;

/// How factors are found, and the text that it is fitted to.
struct MethodOptions {
  std::string method = "plain";
  std::string text;
  std::int64_t tokens = 32'768;
};

void declareMethodOptions(CLI::App& app, MethodOptions& options);

/// Runs the text through the model and fits the method to it; null for the plain one, which needs neither. Says how many
/// tokens were used and whether they are enough.
std::unique_ptr<const CalibratedMethod> methodFrom(const MethodOptions& options,
                                                   const std::shared_ptr<const Checkpoint>& checkpoint, Console& console);

} // namespace rankscope::cli
