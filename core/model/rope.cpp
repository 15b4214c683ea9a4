// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rankscope {

namespace {

std::vector<double> plain(double theta, std::int64_t dims) {
  std::vector<double> result(static_cast<std::size_t>(dims / 2));
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(dims));
  return result;
}

/// Long waves are stretched by `factor`, short ones kept, those between interpolated.
void scaleAsLlama3(const Rope& rope, std::vector<double>& frequencies) {
  const double lowWave = rope.originalContext / rope.lowFrequencyFactor;
  const double highWave = rope.originalContext / rope.highFrequencyFactor;
  for (double& f : frequencies) {
    const double wave = 2 * std::numbers::pi / f;
    if (wave < highWave) continue;
    if (wave > lowWave) {
      f /= rope.factor;
      continue;
    }
    const double smooth =
        (rope.originalContext / wave - rope.lowFrequencyFactor) / (rope.highFrequencyFactor - rope.lowFrequencyFactor);
    f = (1 - smooth) * f / rope.factor + smooth * f;
  }
}

/// Peng et al. 2023: dimensions that turn more than betaFast times within the original context are kept, those that
/// turn less than betaSlow times are stretched, with a ramp between.
void scaleAsYarn(const Rope& rope, std::vector<double>& frequencies) {
  const auto dimensionOf = [&](double rotations) {
    return static_cast<double>(rope.dims) * std::log(rope.originalContext / (rotations * 2 * std::numbers::pi)) /
           (2 * std::log(rope.theta));
  };
  double low = dimensionOf(rope.betaFast), high = dimensionOf(rope.betaSlow);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(rope.dims - 1));
  if (low == high) high += 0.001;
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double stretched = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    frequencies[i] = frequencies[i] / rope.factor * stretched + frequencies[i] * (1 - stretched);
  }
}

} // namespace

std::vector<double> Rope::frequencies(std::int64_t length) const {
  const double d = static_cast<double>(dims);
  double base = theta;
  if (scaling == Scaling::Dynamic) {
    const double longest = std::max(static_cast<double>(length), originalContext);
    base *= std::pow(factor * longest / originalContext - (factor - 1), d / (d - 2));
  }
  std::vector<double> result = plain(base, dims);
  if (scaling == Scaling::Linear)
    for (double& f : result) f /= factor;
  if (scaling == Scaling::Llama3) scaleAsLlama3(*this, result);
  if (scaling == Scaling::Yarn) scaleAsYarn(*this, result);
  return result;
}

RopeTable ropeTable(const Rope& rope, std::int64_t first, std::int64_t rows) {
  const std::vector<double> frequencies = rope.frequencies(first + rows);
  RopeTable table;
  table.cosines.reserve(static_cast<std::size_t>(rows) * frequencies.size());
  table.sines.reserve(static_cast<std::size_t>(rows) * frequencies.size());
  for (std::int64_t t = first; t < first + rows; ++t)
    for (const double f : frequencies) {
      const double angle = static_cast<double>(t) * f;
      table.cosines.push_back(static_cast<float>(std::cos(angle) * rope.attentionFactor));
      table.sines.push_back(static_cast<float>(std::sin(angle) * rope.attentionFactor));
    }
  return table;
}

void rotate(const Rope& rope, const RopeTable& table, float* x, std::int64_t stride, std::int64_t rows,
            std::int64_t heads, std::int64_t headDim) {
  const std::int64_t half = rope.dims / 2;
  for (std::int64_t t = 0; t < rows; ++t) {
    const float* cosines = table.cosines.data() + t * half;
    const float* sines = table.sines.data() + t * half;
    for (std::int64_t h = 0; h < heads; ++h) {
      float* head = x + t * stride + h * headDim;
      for (std::int64_t i = 0; i < half; ++i) {
        const float a = head[i], b = head[i + half];
        head[i] = a * cosines[i] - b * sines[i];
        head[i + half] = b * cosines[i] + a * sines[i];
      }
    }
  }
}

} // namespace rankscope
