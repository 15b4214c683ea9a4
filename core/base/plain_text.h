// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string_view>

namespace rankscope {

/// Bytes that belong to no UTF-8 character; a character that is cut off at the end is not counted.
std::size_t bytesOutsideUtf8(std::string_view text);

/// Whether `beginning` of a file reads as text: UTF-8 without control characters other than white space.
bool looksLikeText(std::string_view beginning);

} // namespace rankscope
