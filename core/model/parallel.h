// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

namespace rankscope {

/// body(first, last) over [0, count) in pieces of `grain` or more items. While it waits, the calling thread takes no
/// work of anybody else, so a caller may keep scratch memory per thread.
template <class Body>
void parallelFor(std::int64_t count, std::int64_t grain, const Body& body) {
  if (count <= grain) {
    if (count > 0) body(std::int64_t{0}, count);
    return;
  }
  tbb::this_task_arena::isolate([&] {
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, count, static_cast<std::size_t>(grain)),
                      [&](const tbb::blocked_range<std::int64_t>& range) { body(range.begin(), range.end()); });
  });
}

/// How many threads parallelFor() may spread over.
inline int parallelThreads() {
  return tbb::this_task_arena::max_concurrency();
}

} // namespace rankscope
