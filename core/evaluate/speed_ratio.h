// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace rankscope {

/// How many times as fast one model is as another: the median over rounds in which both ran by turns, and the narrowest
/// interval of two rounds' quotients, symmetric in rank, that holds the true median with at least 75 % whatever their
/// distribution (order statistics: Conover, Practical Nonparametric Statistics, 3.2).
struct SpeedRatio {
  double value = 1;
  double low = 1;
  double high = 1;

  double halfWidth() const { return (high - low) / 2; }
  /// Whether the measurement tells the two apart.
  bool isClear() const { return low > 1 || high < 1; }
  bool operator==(const SpeedRatio&) const = default;
};

/// Of speeds round by round: those[i] / ofReference[i]. Both of the same length; without a round all is 1.
SpeedRatio speedRatio(std::span<const double> those, std::span<const double> ofReference);

double median(std::span<const double> values); ///< 0 for none

/// "1.32 ± 0.04"; "1.32" where no interval is known.
std::string ratioText(const SpeedRatio& ratio);

/// [low, high]: what stands under KEY_interval where KEY holds the value.
nlohmann::json intervalJson(const SpeedRatio& ratio);
/// Reads KEY and KEY_interval; a value that is not there is NaN, an interval that is not there has no width.
SpeedRatio speedRatioFrom(const nlohmann::json& object, const std::string& key);

} // namespace rankscope
