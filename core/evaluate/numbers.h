// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>

#include <nlohmann/json.hpp>

namespace rankscope {

/// A number for JSON, which has neither NaN nor infinity: those become null.
inline nlohmann::json number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

} // namespace rankscope
