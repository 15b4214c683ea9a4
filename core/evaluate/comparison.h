// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/progress.h"
#include "core/evaluate/text.h"
#include "core/model/model.h"

namespace rankscope {

/// A mean over tokens with its standard error over records (or over windows where there is one record only).
struct Perplexity {
  double value = 0;         ///< exp of the mean negative log-likelihood
  double standardError = 0; ///< of `value`; 0 where there are fewer than two records and windows
  double nats = 0;          ///< the mean itself
  double natsStandardError = 0;
};

struct KlSummary {
  double mean = 0, median = 0, p90 = 0, p99 = 0, max = 0; ///< nats per token
};

/// Two sets of vectors, one a token: how near the second is to the first.
struct Nearness {
  double cosine = 1;        ///< mean over tokens
  double relativeError = 0; ///< ‖A − B‖ / ‖A‖ over all tokens together
};

/// A counted interval [from, to) of a histogram; values outside the outermost lie in those.
struct Bin {
  double from = 0;
  double to = 0;
  std::int64_t count = 0;
};

/// What a second model does to a first one's outputs, over the same tokens.
struct Comparison {
  std::int64_t tokens = 0;    ///< run through both
  std::int64_t positions = 0; ///< scored: every token of a window but its first
  int windows = 0;
  int records = 0;
  Perplexity original, compressed;
  KlSummary kl;                 ///< KL(original ‖ compressed)
  std::vector<Bin> klHistogram; ///< half-decades
  double top1Agreement = 1;
  double top5Agreement = 1;     ///< mean share of the original's five likeliest tokens among the compressed one's
  Nearness logits;              ///< raw, as in the study
  Nearness centeredLogits;      ///< minus each vector's mean over the vocabulary, which softmax does not see
  Nearness hidden;              ///< behind the final norm
  std::vector<Nearness> blocks; ///< residual stream behind each block; empty unless asked for
};

struct CompareOptions {
  bool blocks = true;
  std::int64_t batchTokens = 512; ///< windows are run together up to so many tokens
};

/// Runs both models over all windows, batch by batch: never holds more than a slice of logits. `partial`, when given,
/// sees the comparison so far after each batch. Throws Cancelled. The models must share vocabulary, width and blocks.
Comparison compare(const Model& original, const Model& compressed, std::span<const Window> windows,
                   const CompareOptions& options = {}, const Progress& progress = {},
                   const std::function<void(const Comparison&)>& partial = {});

/// Throws Error(BadRequest) unless both models can be compared token by token.
void checkComparable(const Model& original, const Model& compressed);

/// Windows that are run together: groups of neighbours with up to `batchTokens` tokens.
std::vector<std::span<const Window>> batchesOf(std::span<const Window> windows, std::int64_t batchTokens);
Batch batchOf(std::span<const Window> windows);

/// Perplexity of one model alone.
Perplexity perplexity(const Model& model, std::span<const Window> windows, const Progress& progress = {});

nlohmann::json toJson(const Comparison& comparison);

} // namespace rankscope
