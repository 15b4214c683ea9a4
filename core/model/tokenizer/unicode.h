// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace rankscope {

/// The text with each maximal ill-formed part replaced by U+FFFD, as the Unicode standard recommends.
std::string validUtf8(std::string_view text);

enum class Normalization { Nfc, Nfd, Nfkc, Nfkd };
std::string normalize(Normalization form, const std::string& validText);
std::string lowercase(const std::string& validText);

/// Length in bytes of the code point that begins with `lead`, in valid UTF-8.
inline std::size_t codePointBytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

} // namespace rankscope
