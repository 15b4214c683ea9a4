// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>
#include <vector>

namespace rankscope::cli {

/// The names that `given` was probably meant to be, the likeliest first: those that it begins, and those with the
/// fewest letters put in, left out or exchanged, at most half of them.
std::vector<std::string_view> nearest(std::string_view given, const std::vector<std::string_view>& names);

} // namespace rankscope::cli
