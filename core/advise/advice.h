// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/advise/plan_predictor.h"
#include "core/evaluate/comparison.h"
#include "core/evaluate/generate.h"
#include "core/evaluate/speed.h"
#include "core/plan/rank_plan.h"

namespace rankscope {

/// One way to compress the whole model, carried out and measured on text that took no part in calibration.
struct AdviceOption {
  enum class Group {
    Study,      ///< the study's own options, as large as they come
    InBudget,   ///< within the budget
    EqualBytes, ///< ours at the bytes of one of the study's
  };
  std::string name;        ///< "mixed", "aware-energy", …
  std::string description; ///< in words
  Group group = Group::InBudget;
  RankPlan plan; ///< what compress and evaluate take to get the same numbers
  ResolvedPlan choices;
  bool inOrder = false;    ///< its layers' method is sequential
  std::uint64_t bytes = 0; ///< of the whole model as an export writes it, tokenizer and manifest included
  std::uint64_t scopeBytes = 0;
  double kept = 1;      ///< of the whole model
  double scopeKept = 1; ///< of the layers in scope
  bool withinBudget = true;
  double meanCosine = 1; ///< of the weights of the layers that changed
  std::optional<PlanPrediction> predicted;
  Comparison measured;
  std::optional<Generated> sample;
  std::optional<Speed> speed;
};

/// What an advice leaves out or leaves alone, and why.
struct AdviceNote {
  enum class Why {
    Pinned,         ///< `layers` of the `of` in scope stay as they are
    ChangesNothing, ///< the option has nothing to change in this model
    TooLarge,       ///< the option cannot be made small enough for the budget
  };
  Why why = Why::Pinned;
  std::string option; ///< that could not be made; "" for Pinned
  std::int64_t layers = 0;
  std::int64_t of = 0;
};

/// A plan that took no part in fitting the prediction, predicted and run.
struct PredictionCheck {
  PlanPrediction predicted;
  double kl = 0; ///< measured
};

/// One point of what bytes can buy.
struct FrontierPoint {
  std::string kind; ///< what may be chosen: "low rank", "everything"
  std::uint64_t scopeBytes = 0;
  double scopeKept = 1;
  PlanPrediction predicted;
};

/// What `advise` found out. Grows while it runs.
struct Advice {
  std::string model;
  std::string text; ///< measured on
  std::string calibrationText;
  std::int64_t calibrationTokens = 0;
  bool calibrationCovers = true; ///< at least as many tokens as the widest layer has inputs
  std::int64_t probes = 0;
  std::string budget;           ///< in words
  bool fewestBytes = false;     ///< the budget is a KL: the smallest option that keeps to it is best
  std::uint64_t modelBytes = 0; ///< of an export that changes nothing
  std::uint64_t scopeTotal = 0;
  double originalPerplexity = 0;
  std::optional<Generated> originalSample;
  std::string prompt;
  std::vector<AdviceOption> options;
  std::vector<AdviceNote> notes;
  std::optional<std::size_t> recommended;
  std::vector<FrontierPoint> frontier;
  std::vector<PredictionCheck> checks;
  std::optional<PlanPredictor> predictor;
  std::vector<std::string> sentences;
  double seconds = 0;
  bool complete = false;
};

/// The option within the budget of least KL, or of fewest bytes where the budget is a KL; nullopt where there is none.
std::optional<std::size_t> recommendedOption(const Advice& advice);

/// The recommendation and what supports it, in plain sentences.
std::vector<std::string> adviceSentences(const Advice& advice);

/// A note as a sentence.
std::string words(const AdviceNote& note);

/// How many layers an option stores in which way: "factors", "int4", "int4+rank" (with a low-rank correction), …; dense
/// ones are left out.
std::map<std::string, std::int64_t> storageOf(const AdviceOption& option);

/// How JSON names them.
std::string_view name(AdviceOption::Group group);
std::string_view name(AdviceNote::Why why);

/// Median of |predicted − measured| / measured; nullopt without checks.
std::optional<double> medianError(const std::vector<PredictionCheck>& checks);

/// The keys of `rankscope-cli advise --json` (kind "advice"); unknown numbers are null.
nlohmann::ordered_json toJson(const Advice& advice);

} // namespace rankscope
