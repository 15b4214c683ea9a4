// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/compress/quality.h"
#include "core/evaluate/comparison.h"

namespace rankscope {

/// One layer compressed alone.
struct LayerEffect {
  LayerId layer;
  std::string name;
  Role role = Role::Other;
  std::optional<int> block;
  std::optional<std::int64_t> rank;
  Quality weights;        ///< of the matrix
  Quality outputs;        ///< of the linear's outputs on real inputs, bias left out
  double kl = 0;          ///< mean KL(original ‖ this layer compressed), nats
  double logitCosine = 1; ///< raw
  double centeredCosine = 1;
  double error = 0; ///< sqrt(1 − centeredCosine²): the study's way from a cosine to an error
};

/// Some layers compressed together.
struct SweepDraw {
  int layers = 0;
  int draw = 0;
  double kl = 0;
  double logitCosine = 1;
  double centeredCosine = 1;
  double error = 0;
};

/// The draws of one N together.
struct SweepPoint {
  int layers = 0;
  double error = 0; ///< root of the mean square: independent errors of layers chosen at random add up in squares
  double kl = 0;    ///< mean
};

/// y = c·N^exponent by least squares on logarithms.
struct PowerFit {
  double exponent = 0;
  double standardError = 0;
  double coefficient = 0;
  int points = 0;
  bool saturated = false; ///< hardly any point lies where errors can still grow: the exponent says little
  /// Of the exponent's 95 % interval (Student's t); infinite for two points, which fit any line, and where unknown.
  double halfWidth95 = std::numeric_limits<double>::infinity();
};

struct StudyReport {
  std::string original, compressed; ///< what was studied, in words; for the caller to fill in
  std::string text;
  std::int64_t tokens = 0;
  int draws = 0;
  std::vector<Nearness> depth;        ///< (a) residual stream behind each block, everything compressed
  std::optional<Comparison> together; ///< everything compressed
  std::vector<LayerEffect> layers;    ///< (b) and (d)
  std::vector<SweepDraw> sweep;       ///< (c)
  std::vector<SweepPoint> sweepMeans;
  std::optional<PowerFit> errorFit; ///< of `error` against N
  std::optional<PowerFit> klFit;
  double singleError = 0;             ///< ε: error of one layer alone, root of the mean square over all layers
  std::vector<std::string> sentences; ///< what all this means
  bool complete = false;
};

struct StudyOptions {
  int draws = 5; ///< for each N; twice as many up to N = 4, where they differ most
  std::uint64_t seed = 1;
  std::int64_t batchTokens = 512;
};

/// The aggregation study: how errors of single layers become the error of the whole model. `substitutes` are the
/// compressed layers. `partial` sees the report as it grows, so that a cancelled study is still half a study.
StudyReport studyAggregation(const Model& original, const Substitutes& substitutes, std::span<const Window> windows,
                             const StudyOptions& options = {}, const Progress& progress = {},
                             const std::function<void(const StudyReport&)>& partial = {});

/// Fit over the points whose error is below `ceiling`, all of them when fewer than three are; nullopt for fewer than
/// two.
std::optional<PowerFit> fitPower(const std::vector<double>& n, const std::vector<double>& y, double ceiling);

nlohmann::json toJson(const StudyReport& report);

} // namespace rankscope
