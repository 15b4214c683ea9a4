// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/cli/method_options.h"
#include "core/base/progress.h"
#include "core/plan/budget.h"

namespace rankscope::cli {

/// The options that choose ranks, shared by all commands that make a plan.
struct PlanOptions {
  std::string preset;
  std::optional<std::int64_t> rank;
  std::optional<double> fraction;
  std::optional<double> cosine;
  std::optional<double> keep;
  std::optional<std::uint64_t> bytes;
  std::optional<std::int64_t> minDim;
  std::optional<int> quantBits;
  std::string factorDtype;
  std::optional<int> group;
  std::string base; ///< "": none
  std::optional<int> baseGroup;
  std::string layers;            ///< glob; the other layers stay dense
  std::vector<std::string> pins; ///< globs of layers that a budget leaves dense
  RankLimits limits;
  bool recompress = false; ///< also layers that are factors already
  MethodOptions method;

  /// True when an option says which ranks to choose: then a plan file may not.
  bool choosesRanks() const {
    return !preset.empty() || rank || fraction || cosine || keep || bytes || minDim || !base.empty();
  }
  bool hasBudget() const { return keep || bytes; }
  /// True when the ranks follow from the spectra.
  bool needsSpectra() const { return base.empty() && (cosine || (hasBudget() && method.chosen() == Method::Plain)); }
};

/// What the options say to presets, targets and budgets.
PresetOptions presetOptions(const PlanOptions& options, const Checkpoint& checkpoint);

void declarePlanOptions(CLI::App& app, PlanOptions& options);

/// Throws CLI::ValidationError naming the options that contradict each other; with `fromFile` a plan file says more.
void requireConsistent(const PlanOptions& options, bool fromFile);

/// Layers whose spectra planFrom() needs.
std::vector<LayerId> layersToAnalyse(const PlanOptions& options, const Checkpoint& checkpoint);

/// The plan that the options describe; a budget is shared by `method` where there is one (not null). `notes` receives
/// what they left dense and why.
RankPlan planFrom(const PlanOptions& options, const Checkpoint& checkpoint, const SpectrumLookup& spectra,
                  const CalibratedMethod* method, std::vector<std::string>& notes, const Progress& progress = {});

/// A plan file with what the options change of it: storage, methods, and the layers that stay dense.
RankPlan planFromFile(const std::filesystem::path& path, const PlanOptions& options, const Checkpoint& checkpoint);

/// Layers whose names match `glob` as a whole; all for "". Throws Error naming the option when none does.
std::vector<LayerId> layersMatching(const char* option, const std::string& glob, const Checkpoint& checkpoint);

} // namespace rankscope::cli
