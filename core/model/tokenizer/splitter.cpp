// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tokenizer/splitter.h"

#include <cstdint>

#include <fmt/format.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/base/error.h"

namespace rankscope {

namespace {

/// PCRE2 counts U+180E as white space, Unicode no longer does: spell the class out.
std::string withUnicodeSpaces(std::string_view pattern) {
  constexpr std::string_view kSpaces = R"(\x09-\x0d\x{85}\p{Z})";
  std::string result;
  bool inClass = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char next = pattern[++i];
      if (next == 's')
        result += inClass ? std::string(kSpaces) : fmt::format("[{}]", kSpaces);
      else if (next == 'S' && !inClass)
        result += fmt::format("[^{}]", kSpaces);
      else
        result += {c, next};
      continue;
    }
    if (c == '[') inClass = true;
    if (c == ']') inClass = false;
    result += c;
  }
  return result;
}

struct FreeMatch {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

} // namespace

struct Splitter::Compiled {
  pcre2_code* code = nullptr;
  ~Compiled() { pcre2_code_free(code); }
};

Splitter::Splitter(std::string_view pattern, Behaviour behaviour, bool invert, std::string_view source)
    : m_compiled(std::make_unique<Compiled>()), m_behaviour(behaviour), m_invert(invert) {
  const std::string translated = withUnicodeSpaces(pattern);
  int problem = 0;
  PCRE2_SIZE offset = 0;
  m_compiled->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                                   PCRE2_UTF | PCRE2_UCP, &problem, &offset, nullptr);
  if (!m_compiled->code) {
    PCRE2_UCHAR message[256] = {};
    pcre2_get_error_message(problem, message, sizeof message);
    throw Error(ErrorKind::Malformed, fmt::format("{}: the pre-tokenizer's pattern \"{}\" is no regular expression: {}",
                                                  source, pattern, reinterpret_cast<const char*>(message)));
  }
  pcre2_jit_compile(m_compiled->code, PCRE2_JIT_COMPLETE);
}

Splitter::~Splitter() = default;
Splitter::Splitter(Splitter&&) noexcept = default;
Splitter& Splitter::operator=(Splitter&&) noexcept = default;

void Splitter::split(std::string_view text, std::vector<std::string_view>& pieces) const {
  const std::unique_ptr<pcre2_match_data, FreeMatch> match(
      pcre2_match_data_create_from_pattern(m_compiled->code, nullptr));
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  std::size_t done = 0, from = 0; // everything before `done` is in a piece
  bool joinNext = false;
  const auto add = [&](std::size_t begin, std::size_t end, bool matched) {
    if (begin == end) return;
    if (matched != m_invert) {
      if (m_behaviour == Behaviour::Removed) return;
      if (m_behaviour == Behaviour::MergedWithPrevious && !pieces.empty() && begin > 0 &&
          pieces.back().data() + pieces.back().size() == text.data() + begin) {
        pieces.back() = {pieces.back().data(), pieces.back().size() + end - begin};
        return;
      }
      if (m_behaviour == Behaviour::MergedWithNext) {
        pieces.push_back(text.substr(begin, end - begin));
        joinNext = true;
        return;
      }
    } else if (joinNext) {
      pieces.back() = {pieces.back().data(), pieces.back().size() + end - begin};
      joinNext = false;
      return;
    }
    joinNext = false;
    pieces.push_back(text.substr(begin, end - begin));
  };
  while (from < text.size()) {
    int found = pcre2_match(m_compiled->code, subject, text.size(), from, PCRE2_NO_UTF_CHECK, match.get(), nullptr);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT)
      found = pcre2_match(m_compiled->code, subject, text.size(), from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, match.get(),
                          nullptr);
    if (found == PCRE2_ERROR_NOMATCH) break;
    if (found < 0) throw Error(ErrorKind::Unsupported, "the text is too involved for the pre-tokenizer's pattern");
    const PCRE2_SIZE* at = pcre2_get_ovector_pointer(match.get());
    if (at[1] == at[0]) {
      // An empty match cuts nothing.
      do ++from;
      while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xc0) == 0x80);
      continue;
    }
    add(done, at[0], false);
    add(at[0], at[1], true);
    done = from = at[1];
  }
  add(done, text.size(), false);
}

std::string quotedPattern(std::string_view literal) {
  std::string result;
  for (const char c : literal) {
    const bool plain = (static_cast<unsigned char>(c) & 0x80) || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                       (c >= 'a' && c <= 'z');
    if (!plain) result += '\\';
    result += c;
  }
  return result;
}

} // namespace rankscope
