// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/advice_costs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/calibrate/calibration_cache.h"
#include "core/calibrate/shared_inputs.h"

namespace rankscope {

namespace {

// Beside large products in single precision, as measured on the demo:
constexpr double kCurve = 75;       // · n²m: a singular value decomposition in double, n the smaller side
constexpr double kCompression = 40; // · n²m: rounding, or a part of one
constexpr double kTrial = 10;       // the same of a layer whose base was rounded before
constexpr double kBackward = 1.3;   // backward products and sampled tokens beside forward ones
constexpr double kDecoding = 20;    // a token by itself reads all weights for one row
constexpr int kSpeedRounds = 6;     // of a model, the first that warms up included

double cubeOf(const LayerInfo& layer) {
  const double n = static_cast<double>(layer.smallSide());
  return n * static_cast<double>(layer.parameters());
}

double squareOf(std::int64_t side) {
  return static_cast<double>(side) * static_cast<double>(side);
}

} // namespace

std::int64_t tokensOf(std::span<const Window> windows) {
  return std::transform_reduce(windows.begin(), windows.end(), std::int64_t{0}, std::plus<>(),
                               [](const Window& window) { return static_cast<std::int64_t>(window.tokens.size()); });
}

SpeedOptions adviceSpeed() {
  SpeedOptions options;
  options.promptTokens = 128;
  options.decodeTokens = 12;
  options.mostRounds = 7;
  options.seconds = 5;
  options.int8 = false;
  return options;
}

AdviceCosts::AdviceCosts(const Model& original, const AdviceTexts& texts, const AdviceRequest& request)
    : m_original(original), m_texts(texts), m_request(request) {
  for (const auto& sequence : texts.calibration) m_calibrationTokens += static_cast<double>(sequence.size());
  m_head = original.flopsPerToken();
  for (const LayerId layer : original.blockLayers()) m_head -= original.linear(layer)->flopsPerToken();
}

double AdviceCosts::run(std::int64_t tokens, int firstBlock) const {
  double flops = m_head;
  for (const LayerId layer : m_original.blockLayers())
    if (m_original.blockOf(layer) >= firstBlock) flops += m_original.linear(layer)->flopsPerToken();
  return flops * static_cast<double>(tokens);
}

double AdviceCosts::calibration() const {
  double moments = 0;
  for (int block = 0; block < m_original.blockCount(); ++block)
    for (const auto& stage : stagesOf(m_original, block)) {
      moments += 2 * squareOf(m_original.linear(stage.front())->inputs());
      for (const LayerId layer : stage) moments += 2 * squareOf(m_original.linear(layer)->outputs());
    }
  return kBackward * m_calibrationTokens * (2 * m_original.flopsPerToken() + moments);
}

double AdviceCosts::fitInOrder() const {
  double flops = 0;
  for (int block = 0; block < m_original.blockCount(); ++block)
    for (const auto& stage : stagesOf(m_original, block)) {
      flops += 3 * 2 * squareOf(m_original.linear(stage.front())->inputs()); // three sums of products
      for (const LayerId layer : stage) flops += 4 * m_original.linear(layer)->flopsPerToken(); // passes
    }
  return m_calibrationTokens * flops + 2 * compression();
}

double AdviceCosts::curve(LayerId layer) const {
  return kCurve * cubeOf(m_original.checkpoint().layer(layer));
}

double AdviceCosts::compression() const {
  double cubes = 0;
  for (const LayerId layer : m_original.blockLayers()) cubes += cubeOf(m_original.checkpoint().layer(layer));
  return kCompression * cubes;
}

double AdviceCosts::trial(LayerId layer) const {
  return kTrial * cubeOf(m_original.checkpoint().layer(layer)) +
         run(tokensOf(m_texts.probes), m_original.blockOf(layer));
}

double AdviceCosts::sample() const {
  return kDecoding * run(m_request.sampleTokens);
}

double AdviceCosts::option(bool inOrder) const {
  const SpeedOptions timed = adviceSpeed();
  const double round = run(timed.promptTokens) + kDecoding * run(timed.decodeTokens);
  const double speed = m_request.speed ? 2 * kSpeedRounds * round : 0.0;
  return (inOrder ? fitInOrder() : 0) + compression() + run(tokensOf(m_texts.measured)) + speed + sample();
}

double AdviceCosts::joint() const {
  return m_request.jointRuns * jointRun() + original() + m_request.checks * check();
}

double AdviceCosts::jointRun() const {
  return compression() + run(tokensOf(m_texts.together));
}

double AdviceCosts::original() const {
  return 2 * run(tokensOf(m_texts.measured));
}

double AdviceCosts::check() const {
  return compression() + run(tokensOf(m_texts.measured));
}

double AdviceCosts::curves(std::span<const LayerId> scope) const {
  double sum = 0;
  for (const LayerId layer : scope) sum += curve(layer);
  return sum * expectedWays();
}

double AdviceCosts::trials(std::span<const LayerId> scope) const {
  double sum = 0;
  for (const LayerId layer : scope) sum += trial(layer);
  return sum * expectedWays(); // twice in one way, never in int8
}

double AdviceCosts::options() const {
  const int inOrder = m_request.allows("sequential") ? 2 : 0;
  const int others = 6 + 2 * expectedWays() - inOrder; // the study's, ours as small as those, and those of each way
  return inOrder * option(true) + others * option(false);
}

int AdviceCosts::expectedWays() const {
  return static_cast<int>(std::ranges::count_if(kAdviceMethods, [&](const char* method) {
    return m_request.allows(method) && std::string_view(method) != "sequential" &&
           std::string_view(method) != "correction";
  }));
}

} // namespace rankscope
