// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/speed_ratio.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/evaluate/numbers.h"

namespace rankscope {

namespace {

constexpr double kCoverage = 0.75;

double medianOfSorted(std::span<const double> sorted) {
  const std::size_t n = sorted.size();
  return n == 0 ? 0 : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

/// How many values to leave out at both ends of n sorted ones: the median lies below the k smallest with probability
/// P(Bin(n, ½) ≤ k).
std::size_t leftOut(std::size_t n) {
  double term = std::pow(0.5, static_cast<double>(n)), below = 0;
  std::size_t k = 0;
  for (; 2 * k + 1 < n; ++k) {
    below += term;
    if (1 - 2 * below < kCoverage - 1e-9) break;
    term *= static_cast<double>(n - k) / static_cast<double>(k + 1);
  }
  return k == 0 ? 0 : k - 1;
}

} // namespace

double median(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  return medianOfSorted(sorted);
}

SpeedRatio speedRatio(std::span<const double> those, std::span<const double> ofReference) {
  assert(those.size() == ofReference.size());
  if (those.empty()) return {};
  std::vector<double> quotients;
  for (std::size_t i = 0; i < those.size(); ++i) quotients.push_back(those[i] / ofReference[i]);
  std::ranges::sort(quotients);
  const std::size_t k = leftOut(quotients.size());
  return {medianOfSorted(quotients), quotients[k], quotients[quotients.size() - 1 - k]};
}

std::string ratioText(const SpeedRatio& ratio) {
  if (!(ratio.high > ratio.low)) return fmt::format("{:.2f}", ratio.value);
  return fmt::format("{:.2f} ± {:.2f}", ratio.value, ratio.halfWidth());
}

nlohmann::json intervalJson(const SpeedRatio& ratio) {
  return nlohmann::json::array({number(ratio.low), number(ratio.high)});
}

SpeedRatio speedRatioFrom(const nlohmann::json& object, const std::string& key) {
  const auto value = object.find(key);
  const double ratio =
      value != object.end() && value->is_number() ? value->get<double>() : std::numeric_limits<double>::quiet_NaN();
  const auto interval = object.find(key + "_interval");
  const bool isKnown = interval != object.end() && interval->is_array() && interval->size() == 2 &&
                       (*interval)[0].is_number() && (*interval)[1].is_number();
  if (!isKnown) return {ratio, ratio, ratio};
  return {ratio, (*interval)[0].get<double>(), (*interval)[1].get<double>()};
}

} // namespace rankscope
