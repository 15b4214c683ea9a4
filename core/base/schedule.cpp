// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/schedule.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <numeric>
#include <optional>

#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "core/base/error.h"

namespace rankscope {

/// Items not yet started wait in `order`, the next one at the back.
struct Schedule::State {
  std::mutex mutex;
  std::vector<double> costs;
  std::vector<std::size_t> order;
  std::vector<std::size_t> preferred; // most wanted last; may name items that have started
  std::vector<bool> started;

  struct Next {
    std::size_t item;
    std::size_t waiting; // items that wait after this one was taken
  };

  std::optional<Next> take() {
    const std::lock_guard lock(mutex);
    for (std::vector<std::size_t>* queue : {&preferred, &order}) {
      while (!queue->empty()) {
        const std::size_t item = queue->back();
        queue->pop_back();
        if (started[item]) continue;
        started[item] = true;
        --waiting;
        return Next{item, waiting};
      }
    }
    return std::nullopt;
  }

  std::size_t waiting = 0;
};

Schedule::Schedule(std::vector<double> costs) : m_state(std::make_shared<State>()) {
  State& state = *m_state;
  state.costs = std::move(costs);
  state.waiting = state.costs.size();
  state.started.assign(state.costs.size(), false);
  state.order.resize(state.costs.size());
  std::iota(state.order.rbegin(), state.order.rend(), std::size_t{0});
  std::stable_sort(state.order.begin(), state.order.end(),
                   [&](std::size_t a, std::size_t b) { return state.costs[a] < state.costs[b]; });
}

void Schedule::prefer(std::span<const std::size_t> items) {
  const std::lock_guard lock(m_state->mutex);
  m_state->preferred.clear();
  for (auto item = items.rbegin(); item != items.rend(); ++item)
    if (*item < m_state->costs.size()) m_state->preferred.push_back(*item);
}

std::size_t Schedule::size() const {
  return m_state->costs.size();
}

namespace {

/// What the workers of one run share.
struct Run {
  std::mutex mutex;
  double doneCost = 0;
  double totalCost = 0;
  std::exception_ptr failure;

  bool failed() {
    const std::lock_guard lock(mutex);
    return failure != nullptr;
  }
  void fail(std::exception_ptr what) {
    const std::lock_guard lock(mutex);
    if (!failure) failure = std::move(what);
  }
};

} // namespace

void runScheduled(const Schedule& schedule, int cores, const Progress& progress,
                  const std::function<void(std::size_t item, int threads)>& work) {
  Schedule::State& state = *schedule.m_state;
  if (cores <= 0) cores = tbb::this_task_arena::max_concurrency();
  Run run;
  run.totalCost = std::accumulate(state.costs.begin(), state.costs.end(), 0.0);

  const auto worker = [&] {
    while (!progress.stopRequested() && !run.failed()) {
      const auto next = state.take();
      if (!next) return;
      try {
        // Once fewer items wait than there are cores, the others would idle: the item may split itself.
        const bool last = next->waiting + 1 < static_cast<std::size_t>(cores);
        tbb::this_task_arena::isolate([&] { work(next->item, last ? cores : 1); });
      } catch (...) {
        run.fail(std::current_exception());
        return;
      }
      const std::lock_guard lock(run.mutex);
      run.doneCost += state.costs[next->item];
      progress.report(run.totalCost > 0 ? run.doneCost / run.totalCost : 1.0);
    }
  };

  // Workers that find nothing left return to the arena and help the last items, whose kernels are TBB loops.
  tbb::task_arena arena(cores);
  arena.execute([&] {
    tbb::task_group group;
    for (int i = 0; i < cores; ++i) group.run(worker);
    group.wait();
  });
  if (run.failure) std::rethrow_exception(run.failure);
  progress.check();
}

} // namespace rankscope
