// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/ranges.h"

#include <charconv>

namespace rankscope::cli {
namespace {

std::string isWhole(const std::string& text, std::int64_t least) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= least) return {};
  return fmt::format("{} is not a whole number from {}", text, least);
}

std::string isShare(const std::string& text) {
  double value = 0;
  if (CLI::detail::lexical_cast(text, value) && value > 0 && value <= 1) return {};
  return fmt::format("{} is not above 0 and at most 1", text);
}

} // namespace

CLI::Option* atLeast(CLI::Option* option, const char* letter, std::int64_t least) {
  return option->check([least](const std::string& text) { return isWhole(text, least); })
      ->option_text(fmt::format("{} (from {})", letter, least));
}

CLI::Option* share(CLI::Option* option, const char* letter) {
  return option->check(isShare)->option_text(fmt::format("{} (above 0, at most 1)", letter));
}

} // namespace rankscope::cli
