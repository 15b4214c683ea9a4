// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

namespace rankscope::test {

/// `count` texts of `length` tokens each, all within the vocabulary of the small models.
inline std::vector<std::vector<int>> tokenSequences(int count, int length, unsigned seed) {
  std::vector<std::vector<int>> result;
  for (int s = 0; s < count; ++s) {
    std::vector<int>& sequence = result.emplace_back();
    for (int i = 0; i < length; ++i)
      sequence.push_back(static_cast<int>((seed = seed * 1664525u + 1013904223u) >> 8) % 61);
  }
  return result;
}

} // namespace rankscope::test
