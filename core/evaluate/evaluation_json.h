// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/evaluate/evaluate.h"
#include "core/evaluate/study.h"
#include "core/plan/resolve.h"

namespace rankscope {

/// What an entry of a run file says of a measurement besides its figures: under which plan it was made, and when.
struct EvaluationStamp {
  std::string created;  ///< as timeStamp() writes it
  std::string planJson; ///< "" where the plan is not known
  ByteTotals bytes;     ///< of the whole model, factors and all else
};

/// Adds them as `created`, `plan` (unless ""), `bytes_before` and `bytes_after`.
void addStamp(nlohmann::json& json, const EvaluationStamp& stamp);

/// What toJson() wrote, as values again: evaluations, studies and generated texts as run files keep them. Keys that are
/// missing or null leave the value at its default, or NaN where a number could not be written as one. Throws
/// Error(Malformed) where a key holds something else than it should.
EvaluationReport evaluationFrom(const nlohmann::json& json);
StudyReport studyFrom(const nlohmann::json& json);
GeneratedPair generatedPairFrom(const nlohmann::json& json);

} // namespace rankscope
