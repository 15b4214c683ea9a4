// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/evaluate/evaluate.h"
#include "core/evaluate/study.h"

namespace rankscope {

/// What toJson() wrote, as values again: evaluations, studies and generated texts as run files keep them. Keys that are
/// missing or null leave the value at its default, or NaN where a number could not be written as one. Throws
/// Error(Malformed) where a key holds something else than it should.
EvaluationReport evaluationFrom(const nlohmann::json& json);
StudyReport studyFrom(const nlohmann::json& json);
GeneratedPair generatedPairFrom(const nlohmann::json& json);

} // namespace rankscope
