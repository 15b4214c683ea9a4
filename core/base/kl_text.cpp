// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/kl_text.h"

#include <cmath>

#include <fmt/format.h>

namespace rankscope {

std::string klText(double nats) {
  if (!std::isfinite(nats)) return "-";
  if (nats == 0) return "0";
  return std::abs(nats) < 0.01 ? fmt::format("{:#.2g}", nats) : fmt::format("{:.3f}", nats);
}

} // namespace rankscope
