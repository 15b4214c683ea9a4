// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/words.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace rankscope::cli {

std::string bytes(std::uint64_t count) {
  static constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(count);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.{}f} {}", value, unit == 0 ? 0 : 1, kUnits[unit]);
}

std::string shape(std::int64_t rows, std::int64_t cols) {
  return fmt::format("{} × {}", rows, cols);
}

std::string cosine(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return "-";
  // Rounded down near 1, so that only an exact match reads as 1.
  const double shown = *value > 0.9999 && *value < 1 ? 0.9999 : *value;
  return fmt::format("{:.4f}", shown);
}

std::string percent(std::optional<double> share) {
  if (!share || !std::isfinite(*share)) return "-";
  return fmt::format("{:.2f} %", 100 * *share);
}

std::string duration(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(std::max(0.0, seconds)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string rank(std::optional<std::int64_t> rank) {
  return rank ? std::to_string(*rank) : "dense";
}

double keptFraction(std::uint64_t before, std::uint64_t after) {
  return before == 0 ? 1.0 : static_cast<double>(after) / static_cast<double>(before);
}

std::string keptShare(std::uint64_t before, std::uint64_t after) {
  return fmt::format("{} -> {} ({:.1f} %)", bytes(before), bytes(after), 100 * keptFraction(before, after));
}

std::string texts(const GeneratedPair& pair) {
  const auto marked = [&](const std::string& text) {
    if (!pair.firstDifference) return pair.prompt + text;
    const std::size_t parting = std::min(pair.sameBytes, text.size());
    return pair.prompt + text.substr(0, parting) + "»" + text.substr(parting);
  };
  const auto repetition = [](const Repetition& r) {
    return fmt::format("distinct 1/2/3-grams {:.2f}/{:.2f}/{:.2f}, repeated 4-grams {:.0f} %, longest repeat {} tokens",
                       r.distinct1, r.distinct2, r.distinct3, 100 * r.repeated4grams, r.longestRepeat);
  };
  return fmt::format("Original:   {}\n\nCompressed: {}\n\n{}\nOriginal:   {}\nCompressed: {}\n",
                     marked(pair.original.text), marked(pair.compressed.text),
                     pair.firstDifference ? fmt::format("The texts part at », token {}.", *pair.firstDifference + 1)
                                          : std::string("The texts are the same."),
                     repetition(pair.original.repetition), repetition(pair.compressed.repetition));
}

} // namespace rankscope::cli
