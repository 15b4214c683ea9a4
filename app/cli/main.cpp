// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cstdio>
#include <new>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/cli/command.h"
#include "app/cli/console.h"
#include "app/cli/interrupt.h"
#include "app/cli/nearest.h"
#include "core/base/error.h"
#include "core/linalg/blas_core_type.h"

namespace rankscope::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr int kStopped = 130;

struct Command {
  const char* name;
  const char* description;
  Action (*declare)(CLI::App&);
};

constexpr std::array kCommands{
    Command{"info", "Lists the layers of a model: shapes, roles, sizes", infoCommand},
    Command{"spectrum", "Computes the singular values of every layer", spectrumCommand},
    Command{"plan", "Chooses a rank for every layer and shows what it costs", planCommand},
    Command{"compress", "Replaces weight matrices by low-rank factors, measures them and writes the model",
            compressCommand},
    Command{"evaluate", "Runs the original and the compressed model on a text and says what compression cost",
            evaluateCommand},
    Command{"generate", "Lets a model, or the original and the compressed one, continue a prompt", generateCommand},
    Command{"study", "Shows how the errors of single layers become the error of the whole model", studyCommand},
    Command{"advise", "Measures the study's options and better ones at equal bytes, and says which to take",
            adviseCommand},
    Command{"report", "Writes the report of a run as HTML, Markdown or CSV", reportCommand},
};

std::vector<std::string_view> commandNames() {
  std::vector<std::string_view> names;
  for (const Command& command : kCommands) names.emplace_back(command.name);
  return names;
}

/// What is wrong with the command that was given, the first argument that is no option; "" when nothing is.
std::string commandProblem(std::span<char* const> arguments) {
  const auto given = std::ranges::find_if(arguments, [](std::string_view text) { return !text.starts_with('-'); });
  const std::vector<std::string_view> names = commandNames();
  if (given == arguments.end()) return fmt::format("a command is needed: {}", fmt::join(names, ", "));
  if (std::ranges::find(names, std::string_view(*given)) != names.end()) return {};
  const std::vector<std::string_view> near = nearest(*given, names);
  if (near.empty()) return fmt::format("unknown command \"{}\"; there are {}", *given, fmt::join(names, ", "));
  return fmt::format("unknown command \"{}\"; did you mean {}?", *given, fmt::join(near, " or "));
}

/// The first line only: scripts read one line per failure.
int fail(int code, std::string_view sentence) {
  sentence = sentence.substr(0, sentence.find('\n'));
  fmt::print(stderr, "rankscope-cli: {}\n", sentence);
  return code;
}

int carryOut(const Action& action, Console& console) {
  try {
    action(console);
    return console.flush() ? 0 : fail(kFailed, "cannot write to the standard output");
  } catch (const CLI::Error& error) {
    return fail(kWrongUsage, error.what());
  } catch (const Error& error) {
    return fail(kFailed, error.what());
  } catch (const Cancelled&) {
    return fail(kStopped, "stopped");
  } catch (const std::bad_alloc&) {
    return fail(kFailed, "out of memory");
  } catch (const std::exception& error) {
    return fail(kFailed, error.what());
  }
}

void declareCommonOptions(CLI::App& command, Console::Options& options) {
  command.add_flag("--json", options.json, "Print one JSON object on the standard output");
  auto* verbose = command.add_flag("-v,--verbose", options.verbose, "Say more on the standard error")->option_text(" ");
  command.add_flag("-q,--quiet", options.quiet, "No progress and no notes")->excludes(verbose)->option_text(" ");
}

int run(int argc, char** argv) {
  CLI::App app("Low-rank compression of transformer models: see it, choose it, measure it.", "rankscope-cli");
  app.require_subcommand(1);
  app.set_version_flag("--version", "rankscope-cli " RANKSCOPE_VERSION);
  app.footer("Exit status: 0 done, 1 failed, 2 wrong usage, 130 stopped by the user.\n"
             "Example:\n  rankscope-cli compress gpt-neo-1.3B out --preset hybrid --quant-bits 8 --run run.h5");
  Console::Options options;
  std::array<CLI::App*, kCommands.size()> commands{};
  std::array<Action, kCommands.size()> actions;
  for (std::size_t i = 0; i < kCommands.size(); ++i) {
    commands[i] = app.add_subcommand(kCommands[i].name, kCommands[i].description);
    actions[i] = kCommands[i].declare(*commands[i]);
    declareCommonOptions(*commands[i], options);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    const std::string problem = commandProblem(std::span(argv + 1, static_cast<std::size_t>(std::max(argc - 1, 0))));
    if (!problem.empty()) return fail(kWrongUsage, problem);
    return fail(kWrongUsage, error.what());
  }
  const Interrupt interrupt;
  Console console(options, interrupt.token());
  for (std::size_t i = 0; i < kCommands.size(); ++i)
    if (commands[i]->parsed()) return carryOut(actions[i], console);
  return kWrongUsage;
}

} // namespace
} // namespace rankscope::cli

int main(int argc, char** argv) {
  rankscope::useBestBlasCoreType(argv);
  return rankscope::cli::run(argc, argv);
}
