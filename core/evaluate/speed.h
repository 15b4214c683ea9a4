// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/progress.h"
#include "core/evaluate/speed_ratio.h"
#include "core/model/model.h"

namespace rankscope {

struct Speed {
  std::string name;   ///< "original", "compressed", "int8"
  double prefill = 0; ///< tokens a second
  double decode = 0;
  SpeedRatio prefillRatio; ///< to the first model
  SpeedRatio decodeRatio;
  std::uint64_t weightBytes = 0;   ///< as stored, scales included
  std::uint64_t residentBytes = 0; ///< of those, what has to be in memory while it runs, KV cache included
  double flopsPerToken = 0;
};

struct SpeedOptions {
  std::int64_t promptTokens = 256;
  int decodeTokens = 24;
  int leastRounds = 3;
  int mostRounds = 11;
  double precision = 0.04;        ///< rounds go on until every ratio's interval is within ± this share of it,
  double seconds = 20;            ///< or this is over
  double secondsOfARound = 0.05;  ///< a round runs each model until reading and writing took at least this long each
  bool int8 = true; ///< also the compressed model with its factors rounded to int8, where it has factors of floats
};

/// A compressed model's layer that costs more than it saves: its rank is at or above break-even rows·cols/(rows+cols).
struct AboveBreakEven {
  std::string layer;
  std::int64_t rank = 0;
  double breakEven = 0;
};

struct SpeedReport {
  std::vector<Speed> models;
  std::optional<double> shareOfBreakEven; ///< rank / break-even, mean over factored layers; empty without any
  std::vector<AboveBreakEven> aboveBreakEven;
  std::uint64_t processBytes = 0; ///< resident memory of this process afterwards
  std::string sentence;           ///< what the figures mean
};

/// Measures the models by turns, round by round, so that a change of the machine's load hits all alike: medians of the
/// rounds, ratios with what the rounds leave open.
SpeedReport measureSpeed(const Model& original, const Model& compressed, const SpeedOptions& options,
                         const Progress& progress = {});

/// Every factored linear of floats with int8 factors; empty when there is none.
Substitutes int8Factors(const Model& model);

nlohmann::json speedJson(const SpeedReport& report);  ///< the `speed` key
nlohmann::json memoryJson(const SpeedReport& report); ///< the `memory` key

} // namespace rankscope
