// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <atomic>

#include <tbb/parallel_for.h>

namespace rankscope {

/// Calls work(item, slot) for items 0 … count−1, in order of their start, on up to `threads` cores of the current TBB
/// arena. Calls with the same slot (0 … threads−1) never overlap: a slot may own scratch memory.
template <class Work>
void parallelItems(int count, int threads, const Work& work) {
  const int slots = std::clamp(threads, 1, std::max(count, 1));
  if (slots == 1) {
    for (int item = 0; item < count; ++item) work(item, 0);
    return;
  }
  std::atomic<int> next = 0;
  tbb::parallel_for(
      0, slots,
      [&](int slot) {
        for (int item = next++; item < count; item = next++) work(item, slot);
      },
      tbb::simple_partitioner());
}

} // namespace rankscope
