// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/base/progress.h"

namespace rankscope {

/// The order in which independent items (layers) are worked on: largest first, so that no core idles at the end,
/// except that preferred items go before all others. Shared between the window, which changes preferences while a run
/// is under way, and the run. Thread-safe; copies share one state.
class Schedule final {
 public:
  /// `costs[i]` is proportional to the time that item i takes (flops).
  explicit Schedule(std::vector<double> costs);

  /// Items not yet started that should come next, most wanted first; replaces earlier preferences.
  void prefer(std::span<const std::size_t> items);

  std::size_t size() const;

 private:
  friend void runScheduled(const Schedule&, int, const Progress&, const std::function<void(std::size_t, int)>&);
  struct State;
  std::shared_ptr<State> m_state;
};

/// Calls work(item, threads) for every item of the schedule on `cores` cores (0: all) and returns when all are done.
/// `threads` is how many cores the item may use itself: 1 while there are enough items, more for the last ones.
/// Reports the finished share of the cost. The first exception stops the rest and is rethrown; after a stop request no
/// new item starts and Cancelled is thrown.
void runScheduled(const Schedule& schedule, int cores, const Progress& progress,
                  const std::function<void(std::size_t item, int threads)>& work);


}  // namespace rankscope
