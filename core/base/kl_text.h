// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace rankscope {

/// A KL in nats a token: three decimals, two significant digits below 0.01 ("0.00041", "4.1e-06"), so that only nothing
/// reads as 0; "-" where it is not a number.
std::string klText(double nats);

} // namespace rankscope
