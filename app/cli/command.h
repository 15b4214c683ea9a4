// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace rankscope::cli {

class Console;

/// What a subcommand does once its options are parsed. Throws CLI::ValidationError for options that contradict each
/// other, Error or Cancelled otherwise.
using Action = std::function<void(Console&)>;

/// Each declares a subcommand's options on `app` and returns what carries it out. A new subcommand is one file with one
/// of these and a line in main.cpp.
Action infoCommand(CLI::App& app);
Action spectrumCommand(CLI::App& app);
Action planCommand(CLI::App& app);
Action compressCommand(CLI::App& app);
Action evaluateCommand(CLI::App& app);
Action generateCommand(CLI::App& app);
Action studyCommand(CLI::App& app);
Action adviseCommand(CLI::App& app);
Action reportCommand(CLI::App& app);

} // namespace rankscope::cli
