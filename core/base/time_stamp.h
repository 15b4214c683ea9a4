// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace rankscope {

/// Now, in UTC, to the second: "2026-03-14T15:09:26Z" (ISO 8601).
std::string timeStamp();

} // namespace rankscope
