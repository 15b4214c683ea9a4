// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace rankscope::cli {

inline constexpr int kMostRank = 1'000'000;
inline constexpr int kMostTokens = 1'000'000'000;

// What a numeric option accepts; the help names it beside the option.

template <typename Number>
CLI::Option* between(CLI::Option* option, const char* letter, Number least, Number most) {
  return option->check(CLI::Range(least, most))->option_text(fmt::format("{} ({} to {})", letter, least, most));
}

/// Whole numbers.
CLI::Option* atLeast(CLI::Option* option, const char* letter, std::int64_t least);

/// Above 0 and at most 1.
CLI::Option* share(CLI::Option* option, const char* letter);

} // namespace rankscope::cli
