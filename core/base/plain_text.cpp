// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/plain_text.h"

#include <algorithm>

namespace rankscope {

namespace {

bool isContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

/// Length of the character that begins with `lead`; 0 for a byte that begins none.
std::size_t lengthOf(char lead) {
  const auto value = static_cast<unsigned char>(lead);
  if (value < 0x80) return 1;
  if (value >= 0xc2 && value < 0xe0) return 2;
  if (value >= 0xe0 && value < 0xf0) return 3;
  return value >= 0xf0 && value < 0xf5 ? 4 : 0;
}

bool isControl(char c) {
  constexpr std::string_view kWhite = "\t\n\r\f";
  const auto value = static_cast<unsigned char>(c);
  return (value < 0x20 && kWhite.find(c) == kWhite.npos) || value == 0x7f;
}

} // namespace

std::size_t bytesOutsideUtf8(std::string_view text) {
  std::size_t outside = 0;
  while (!text.empty()) {
    const std::size_t length = lengthOf(text.front());
    const std::string_view rest = text.substr(1, std::max<std::size_t>(length, 1) - 1);
    const bool whole = length > 0 && std::ranges::all_of(rest, isContinuation);
    if (whole && rest.size() + 1 < length) break; // cut off
    outside += whole ? 0 : 1;
    text.remove_prefix(whole ? length : 1);
  }
  return outside;
}

bool looksLikeText(std::string_view beginning) {
  return std::ranges::none_of(beginning, isControl) && bytesOutsideUtf8(beginning) == 0;
}

} // namespace rankscope
