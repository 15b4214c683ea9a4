// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/base/error.h"
#include "core/plan/rank_plan.h"

namespace rankscope {

namespace {

bool isSpecial(char c) {
  return std::string_view(R"(\^$.|?*+()[]{}-)").find(c) != std::string_view::npos;
}

void appendLiteral(std::string& regex, char c) {
  if (isSpecial(c)) regex += '\\';
  regex += c;
}

/// End of the `[…]` class that begins at `begin`, or npos: a `]` right after `[` or `[!` is a member.
std::size_t classEnd(std::string_view glob, std::size_t begin) {
  std::size_t first = begin + 1;
  if (first < glob.size() && (glob[first] == '!' || glob[first] == '^')) ++first;
  return glob.find(']', first + 1);
}

void appendClass(std::string& regex, std::string_view members) {
  regex += '[';
  if (members.front() == '!' || members.front() == '^') {
    regex += '^';
    members.remove_prefix(1);
  }
  for (const char c : members) {
    if (c == '\\' || c == '[' || c == ']' || c == '^') regex += '\\';
    regex += c;
  }
  regex += ']';
}

/// `*` and `?` cross dots and slashes: a layer's name is one word. A backslash makes the next character plain.
std::string regexFromGlob(std::string_view glob) {
  std::string regex = "\\A";
  for (std::size_t i = 0; i < glob.size(); ++i) {
    const char c = glob[i];
    if (c == '*')
      regex += ".*";
    else if (c == '?')
      regex += '.';
    else if (c == '\\' && i + 1 < glob.size())
      appendLiteral(regex, glob[++i]);
    else if (c == '[') {
      const std::size_t end = classEnd(glob, i);
      if (end == glob.npos) throw Error(ErrorKind::BadRequest, fmt::format("glob '{}': '[' without ']'", glob));
      appendClass(regex, glob.substr(i + 1, end - i - 1));
      i = end;
    } else
      appendLiteral(regex, c);
  }
  return regex + "\\z";
}

} // namespace

struct Matcher::Compiled {
  ~Compiled() {
    pcre2_match_data_free(match);
    pcre2_code_free(code);
  }
  pcre2_code* code = nullptr;
  pcre2_match_data* match = nullptr;
};

Matcher::Matcher(const Rule& rule) : m_compiled(std::make_unique<Compiled>()) {
  const bool glob = rule.syntax == Rule::Syntax::Glob;
  if (rule.pattern.empty()) throw Error(ErrorKind::BadRequest, fmt::format("empty {}", glob ? "glob" : "regex"));
  const std::string text = glob ? regexFromGlob(rule.pattern) : rule.pattern;
  int error = 0;
  PCRE2_SIZE offset = 0;
  m_compiled->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), PCRE2_UTF | PCRE2_DOTALL,
                                   &error, &offset, nullptr);
  if (!m_compiled->code) {
    PCRE2_UCHAR message[256] = {};
    pcre2_get_error_message(error, message, sizeof message);
    throw Error(ErrorKind::BadRequest, fmt::format("{} '{}': {} at character {}", glob ? "glob" : "regex", rule.pattern,
                                                   reinterpret_cast<const char*>(message), offset + 1));
  }
  m_compiled->match = pcre2_match_data_create_from_pattern(m_compiled->code, nullptr);
}

Matcher::~Matcher() = default;
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;

bool Matcher::matches(std::string_view name) const {
  return pcre2_match(m_compiled->code, reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0, m_compiled->match,
                     nullptr) >= 0;
}

} // namespace rankscope
