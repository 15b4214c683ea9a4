// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/progress.h"
#include "core/model/model.h"
#include "core/model/tokenizer/tokenizer.h"

namespace rankscope {

struct GenerateOptions {
  int tokens = 200;       ///< at most; an end-of-text token ends it sooner
  double temperature = 0; ///< 0: greedy
  double topP = 1;        ///< smallest set of likeliest tokens that reaches this probability
  std::uint64_t seed = 1;
};

/// How much a text repeats itself.
struct Repetition {
  double distinct1 = 1, distinct2 = 1, distinct3 = 1; ///< different n-grams / all n-grams; 1 where there are none
  double repeated4grams = 0;                          ///< share of 4-grams that occurred before
  int longestRepeat = 0;                              ///< tokens of the longest span that occurs twice
};
Repetition repetitionOf(std::span<const int> tokens);

struct Generated {
  std::vector<int> tokens; ///< without the prompt and without the end-of-text token
  std::string text;        ///< of those tokens
  bool ended = false;      ///< by an end-of-text token
  Repetition repetition;
};

/// Continues the prompt with the model's KV cache. Stops at the model's last position. `sink`, when given, sees the
/// text so far after each token. Throws Error(BadRequest) when the prompt fills the context, Cancelled.
Generated generate(const Model& model, const Tokenizer& tokenizer, std::string_view prompt,
                   const GenerateOptions& options, const Progress& progress = {},
                   const std::function<void(std::string_view)>& sink = {});

/// Two continuations of one prompt under the same options.
struct GeneratedPair {
  std::string prompt;
  GenerateOptions options;
  Generated original, compressed;
  std::optional<int> firstDifference; ///< index of the first token that differs; empty when they are the same
  std::size_t sameBytes = 0;          ///< of text that both begin with
};
/// `partial`, when given, sees the texts as they grow, the original's first.
GeneratedPair generatePair(const Model& original, const Model& compressed, const Tokenizer& tokenizer,
                           std::string_view prompt, const GenerateOptions& options, const Progress& progress = {},
                           const std::function<void(const GeneratedPair&)>& partial = {});

/// Samples one token from logits; `uniform` in [0, 1).
int sampleToken(std::span<const float> logits, const GenerateOptions& options, double uniform);

nlohmann::json toJson(const Generated& generated);
nlohmann::json toJson(const GeneratedPair& pair);

} // namespace rankscope
