// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/advise/advice.h"
#include "core/advise/candidates.h"
#include "core/advise/sensitivity.h"
#include "core/evaluate/evaluate.h"
#include "core/plan/budget.h"

namespace rankscope {

/// What may be lost at most: bytes then follow.
struct LargestKl {
  double nats = 0.1;
};
using AdviceBudget = std::variant<KeepShare, KeepBytes, LargestKl>;

/// The texts of an advice, as tokens. The four share no record.
struct AdviceTexts {
  std::string name;
  std::string calibrationName;
  std::vector<std::vector<int>> calibration;
  std::vector<Window> probes;                  ///< what single layers are tried on
  std::vector<Window> together;                ///< what the joint runs of the prediction are made on
  std::vector<Window> measured;                ///< what every option is measured on
  std::string prompt;                          ///< beginning of a record of the measured text
  std::vector<std::string> calibrationRecords; ///< as text, in the order that they were used
  std::vector<std::string> measuredRecords;
};

struct AdviceTextOptions {
  std::int64_t calibrationTokens = 32'768;
  std::int64_t probeTokens = 1'024;
  std::int64_t togetherTokens = 2'048;
  std::int64_t measuredTokens = 4'096;
};

/// The last records of `text` are measured on, at most a third of it. Of those before, or of `calibration` where it is
/// given, the last are what layers are tried on, alone and together, at most a quarter, and the others calibrate.
/// Throws Error(BadRequest) naming a text that is too short.
AdviceTexts adviceTexts(const EvaluationText& text, const EvaluationText* calibration, const Tokenizer& tokenizer,
                        std::int64_t context, const AdviceTextOptions& options = {});

/// The records of `text` that adviceTexts() measures on: what a method fitted to the rest of it has not seen. The name
/// says so.
EvaluationText unseenPart(const EvaluationText& text, const Tokenizer& tokenizer);

struct AdviceRequest {
  AdviceBudget budget = KeepShare{0.5};
  std::set<std::string> methods; ///< of kAdviceMethods; all when empty
  PresetOptions scope;           ///< min_dim, layers, recompress; the type of factors
  CandidateOptions limits;
  int jointRuns = 8;
  int checks = 8; ///< random plans that check the prediction
  int frontierPoints = 25;
  bool speed = true;
  int sampleTokens = 100;

  bool allows(std::string_view method) const { return methods.empty() || methods.contains(std::string(method)); }
};

/// What `--methods` may name.
inline constexpr std::array kAdviceMethods{"plain", "aware", "fisher", "sequential",
                                           "int8",  "int4",  "int3",   "correction"};

struct AdviceHooks {
  std::function<std::uint64_t(const ResolvedPlan&)> exportBytes; ///< of the whole model as written
  Sensitivity known;                                             ///< of an earlier run
  std::function<void(const Sensitivity&)> sensitivity;           ///< told after every probe
  std::function<void(const Advice&)> partial;                    ///< told whenever something new was measured
};

/// Throws Error(BadRequest) saying what can be asked for where no plan could keep to the request's budget. Takes no time
/// to speak of; advise() begins with it.
void requirePossible(const Model& original, const AdviceRequest& request,
                     const std::function<std::uint64_t(const ResolvedPlan&)>& exportBytes);

/// Calibrates, measures every layer's sensitivity, fits a prediction, then makes, carries out and measures the study's
/// own options and ours, and says which to take. Throws Cancelled; what was measured until then went to the hooks.
Advice advise(const Model& original, const Tokenizer& tokenizer, const AdviceTexts& texts, const AdviceRequest& request,
              const AdviceHooks& hooks, const Progress& progress = {});

} // namespace rankscope
