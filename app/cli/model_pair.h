// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/plan_options.h"
#include "core/evaluate/compressed_model.h"
#include "core/evaluate/evaluation_json.h"
#include "core/model/tokenizer/tokenizer.h"
#include "core/store/run_file.h"

namespace rankscope::cli {

class Console;

/// A model and what it is to be compared with: an export of it, or a plan carried out in memory.
struct ModelPairOptions {
  std::string original;
  std::string compressed;
  std::string planFile;
  std::string run;
  PlanOptions plan;

  bool asksForCompression() const { return !compressed.empty() || !planFile.empty() || plan.choosesRanks(); }
};

struct ModelPair {
  std::shared_ptr<const Checkpoint> checkpoint;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<RunFile> run;
  std::optional<Model> original;
  std::optional<Model> compressed; ///< empty when no compression was asked for
  Substitutes substitutes;         ///< of the original's layers
  std::string description;         ///< of the compression
  std::optional<RankPlan> plan;    ///< where there is one
  ByteTotals bytes;                ///< of the whole model
  bool isFitted = false;           ///< to a text

  /// Puts a measurement of it into the run file, where there is one, with the time and the plan.
  void keep(nlohmann::json measured) const;
};

/// Declares ORIGINAL (called `name`), with `exported` also COMPRESSED, and the options of a plan.
void declareModelPair(CLI::App& app, ModelPairOptions& options, const char* name, bool exported);

/// Throws CLI::ValidationError when the options contradict each other.
void requireConsistent(const ModelPairOptions& options);

/// Opens what the options name. A run file supplies the layers that it has and takes new ones. Methods are not fitted
/// to the part of `measuredOn` ("": the program's own text) that textToMeasureOn() gives.
ModelPair openPair(const ModelPairOptions& options, const std::optional<std::filesystem::path>& measuredOn,
                   Console& console);

} // namespace rankscope::cli
