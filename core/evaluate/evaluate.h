// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/evaluate/comparison.h"
#include "core/evaluate/controls.h"
#include "core/evaluate/generate.h"
#include "core/evaluate/speed.h"

namespace rankscope {

struct EvaluationOptions {
  std::int64_t tokens = 20'000;       ///< of the text, at most
  std::int64_t controlTokens = 2'048; ///< 0: no controls
  bool speed = true;
  std::optional<std::string> prompt; ///< generation side by side; none without it
  GenerateOptions generation;
};

/// Everything that was measured about one compressed model. Parts appear as they are done.
struct EvaluationReport {
  std::string original, compressed; ///< what was compared, in words
  std::string text;                 ///< name of the text
  std::int64_t context = 0;
  Comparison comparison;
  std::optional<Controls> controls;
  std::optional<SpeedReport> speed;
  std::optional<GeneratedPair> generation;
  std::vector<std::string> sentences;
  bool complete = false;
};

/// The text as tokens, and what to call it.
struct EvaluationText {
  std::string name;
  std::vector<std::string> records;
};

/// Runs both models over the text and measures all of it. `partial` sees the report after each batch and part: a
/// cancelled evaluation keeps it.
EvaluationReport evaluate(const Model& original, const Model& compressed, const Tokenizer& tokenizer,
                          const EvaluationText& text, const EvaluationOptions& options, const Progress& progress = {},
                          const std::function<void(const EvaluationReport&)>& partial = {});

/// The keys of `rankscope-cli evaluate --json`.
nlohmann::json toJson(const EvaluationReport& report);

} // namespace rankscope
