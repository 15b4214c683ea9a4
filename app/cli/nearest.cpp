// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/nearest.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace rankscope::cli {
namespace {

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t exchanged = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({exchanged, row[j + 1] + 1, row[j] + 1});
    }
  }
  return row.back();
}

} // namespace

std::vector<std::string_view> nearest(std::string_view given, const std::vector<std::string_view>& names) {
  std::vector<std::string_view> begun, near;
  std::size_t fewest = names.empty() ? 0 : given.size();
  for (const std::string_view name : names) {
    if (!given.empty() && name.starts_with(given)) begun.push_back(name);
    const std::size_t changes = distance(given, name);
    if (changes > fewest || 2 * changes > std::max(given.size(), name.size())) continue;
    if (changes < fewest) near.clear();
    fewest = changes;
    near.push_back(name);
  }
  return begun.empty() ? near : begun;
}

} // namespace rankscope::cli
