// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tokenizer/unicode.h"

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include "core/base/error.h"

namespace rankscope {

namespace {

icu::UnicodeString decoded(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

/// ICU counts in 32 bits; texts are cut at line ends well below that, where no normalisation reaches across.
constexpr std::size_t kPart = std::size_t{1} << 28;

template <class Change>
std::string changed(std::string_view text, const Change& change) {
  std::string result;
  while (!text.empty()) {
    std::size_t end = text.size();
    if (end > kPart) {
      end = text.rfind('\n', kPart);
      end = end == std::string_view::npos ? kPart : end + 1;
    }
    change(decoded(text.substr(0, end))).toUTF8String(result);
    text.remove_prefix(end);
  }
  return result;
}

const icu::Normalizer2& normalizer(Normalization form) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* result = nullptr;
  switch (form) {
  case Normalization::Nfc:
    result = icu::Normalizer2::getNFCInstance(status);
    break;
  case Normalization::Nfd:
    result = icu::Normalizer2::getNFDInstance(status);
    break;
  case Normalization::Nfkc:
    result = icu::Normalizer2::getNFKCInstance(status);
    break;
  case Normalization::Nfkd:
    result = icu::Normalizer2::getNFKDInstance(status);
    break;
  }
  if (U_FAILURE(status)) throw Error(ErrorKind::Unreadable, "ICU's normalisation data cannot be loaded");
  return *result;
}

} // namespace

std::string validUtf8(std::string_view text) {
  return changed(text, [](icu::UnicodeString part) { return part; });
}

std::string normalize(Normalization form, const std::string& validText) {
  const icu::Normalizer2& change = normalizer(form);
  return changed(validText, [&](const icu::UnicodeString& part) {
    UErrorCode status = U_ZERO_ERROR;
    return change.normalize(part, status);
  });
}

std::string lowercase(const std::string& validText) {
  return changed(validText, [](icu::UnicodeString part) { return part.toLower(icu::Locale::getRoot()); });
}

} // namespace rankscope
