// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/time_stamp.h"

#include <ctime>

#include <fmt/chrono.h>

namespace rankscope {

std::string timeStamp() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

} // namespace rankscope
