// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/evaluate/generate.h"

namespace rankscope::cli {

// Numbers as tables show them; "-" where nothing is known.

std::string bytes(std::uint64_t count); ///< 28.1 MiB
std::string shape(std::int64_t rows, std::int64_t cols);
std::string cosine(std::optional<double> value);    ///< four decimals
std::string percent(std::optional<double> share);   ///< two decimals
std::string duration(double seconds);               ///< 4 s, 2 min 5 s
std::string rank(std::optional<std::int64_t> rank); ///< or "dense"
/// after / before; 1 of nothing.
double keptFraction(std::uint64_t before, std::uint64_t after);
std::string keptShare(std::uint64_t before, std::uint64_t after); ///< 28.1 MiB -> 7.0 MiB (25.0 %)

/// Both continuations with a mark at the first token that differs, and how much they repeat themselves.
std::string texts(const GeneratedPair& pair);

} // namespace rankscope::cli
