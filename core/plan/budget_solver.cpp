// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <limits>

#include "core/plan/budget.h"

namespace rankscope {
namespace {

constexpr std::size_t kMargin = 16; // items whose dense-or-not is tried anew, those nearest the price
constexpr int kRounds = 8;

struct Point {
  std::int64_t rank;
  double bytes;
  double benefit;
};

double slope(const Point& from, const Point& to) {
  return to.bytes > from.bytes ? (to.benefit - from.benefit) / (to.bytes - from.bytes)
                               : std::numeric_limits<double>::infinity();
}

/// Appends a point and takes out those that it leaves below the upper concave hull.
void extend(std::vector<Point>& hull, const Point& point) {
  while (hull.size() > 1 && slope(hull[hull.size() - 2], hull.back()) < slope(hull.back(), point)) hull.pop_back();
  hull.push_back(point);
}

/// The ranks worth choosing: bytes of integer formats rise in stairs, so the hull skips ranks that waste padding.
std::vector<Point> hullOf(const BudgetItem& item) {
  std::vector<Point> hull;
  if (item.baseAlone) extend(hull, {0, static_cast<double>(item.bytes(0)), item.benefit(0)});
  for (std::int64_t rank = item.leastRank; rank <= item.largestRank; rank += item.step)
    extend(hull, {rank, static_cast<double>(item.bytes(rank)), item.benefit(rank)});
  return hull;
}

/// One step along an item's hull and what it brings per byte.
struct Step {
  std::size_t item;
  double price;
  double bytes;
  bool toDense;
};

void appendSteps(std::vector<Step>& steps, std::size_t item, const std::vector<Point>& hull, bool endsDense) {
  double price = std::numeric_limits<double>::infinity();
  for (std::size_t k = 1; k < hull.size(); ++k) {
    // Falling within an item whatever rounding does, so that sorting keeps its steps in order.
    price = std::min(price, slope(hull[k - 1], hull[k]));
    steps.push_back({item, price, hull[k].bytes - hull[k - 1].bytes, endsDense && k + 1 == hull.size()});
  }
}

void sortByPrice(std::vector<Step>& steps) {
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.price > b.price; });
}

class Solver final {
 public:
  Solver(std::span<const BudgetItem> items, std::uint64_t limit)
      : m_items(items), m_limit(static_cast<double>(limit)), m_hulls(items.size()), m_cheapestDense(items.size()) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      m_hulls[i] = hullOf(items[i]);
      m_cheapestDense[i] = m_hulls[i].empty() || denseBytes(i) <= m_hulls[i].front().bytes;
      appendSteps(m_steps, i, m_hulls[i], false);
    }
    sortByPrice(m_steps);
  }

  BudgetSolution solve() {
    const State least = leastState(m_cheapestDense);
    if (least.bytes > m_limit) {
      BudgetSolution result = solution(least);
      result.feasible = false;
      return result;
    }
    State best = fill(chooseByPrice(least.bytes));
    for (int round = 0; round < kRounds && improve(best); ++round) {
    }
    return solution(best);
  }

 private:
  using Dense = std::vector<bool>;
  struct State {
    Dense dense;
    std::vector<std::size_t> at; // place on the hull
    double bytes = 0;
    double benefit = 0;
  };

  double denseBytes(std::size_t i) const { return static_cast<double>(m_items[i].denseBytes); }

  State leastState(const Dense& dense) const {
    State state{dense, std::vector<std::size_t>(m_items.size(), 0)};
    for (std::size_t i = 0; i < m_items.size(); ++i) {
      state.bytes += dense[i] ? denseBytes(i) : m_hulls[i].front().bytes;
      state.benefit += dense[i] ? m_items[i].denseBenefit : m_hulls[i].front().benefit;
    }
    return state;
  }

  /// The linear relaxation: with dense as the last point of every hull, takes steps by falling price. Returns which
  /// items that makes dense, and notes which are nearest to changing sides.
  Dense chooseByPrice(double bytes) {
    std::vector<Step> steps;
    for (std::size_t i = 0; i < m_items.size(); ++i) {
      if (m_cheapestDense[i]) continue;
      std::vector<Point> hull = m_hulls[i];
      while (hull.back().bytes >= denseBytes(i)) hull.pop_back();
      extend(hull, {0, denseBytes(i), m_items[i].denseBenefit});
      appendSteps(steps, i, hull, true);
    }
    sortByPrice(steps);
    Dense dense = m_cheapestDense;
    auto step = steps.begin();
    for (; step != steps.end() && bytes + step->bytes <= m_limit; ++step) {
      bytes += step->bytes;
      if (step->toDense) dense[step->item] = true;
    }
    noteMargin(steps, step);
    return dense;
  }

  void noteMargin(const std::vector<Step>& steps, std::vector<Step>::const_iterator stopped) {
    auto before = stopped;
    for (auto after = stopped; m_margin.size() < kMargin && (before != steps.begin() || after != steps.end());) {
      if (after != steps.end() && after++->toDense) m_margin.push_back((after - 1)->item);
      if (before != steps.begin() && (--before)->toDense) m_margin.push_back(before->item);
    }
  }

  /// Best ranks of the items that are not dense: greedy by price, steps that no longer fit are left out.
  State fill(const Dense& dense) const {
    State state = leastState(dense);
    if (state.bytes > m_limit) {
      state.benefit = -std::numeric_limits<double>::infinity();
      return state;
    }
    std::vector<bool> closed = dense;
    for (const Step& step : m_steps) {
      if (closed[step.item]) continue;
      if (state.bytes + step.bytes > m_limit) {
        closed[step.item] = true; // its later steps come only after this one
        continue;
      }
      state.bytes += step.bytes;
      std::size_t& at = state.at[step.item];
      state.benefit += m_hulls[step.item][at + 1].benefit - m_hulls[step.item][at].benefit;
      ++at;
    }
    return state;
  }

  bool tryFlips(State& best, std::initializer_list<std::size_t> flips) const {
    Dense dense = best.dense;
    for (const std::size_t i : flips) dense[i] = !dense[i];
    State state = fill(dense);
    if (!(state.benefit > best.benefit + 1e-12)) return false;
    best = std::move(state);
    return true;
  }

  /// Turns single items dense or back, and swaps pairs, as long as that helps.
  bool improve(State& best) const {
    bool improved = false;
    for (const std::size_t i : m_margin) improved |= tryFlips(best, {i});
    for (const std::size_t i : m_margin)
      for (const std::size_t k : m_margin)
        if (best.dense[i] && !best.dense[k]) improved |= tryFlips(best, {i, k});
    return improved;
  }

  BudgetSolution solution(const State& state) const {
    BudgetSolution result;
    result.bytes = static_cast<std::uint64_t>(state.bytes);
    result.benefit = state.benefit;
    for (std::size_t i = 0; i < m_items.size(); ++i)
      result.ranks.push_back(state.dense[i] ? std::nullopt : std::optional(m_hulls[i][state.at[i]].rank));
    return result;
  }

  std::span<const BudgetItem> m_items;
  double m_limit;
  std::vector<std::vector<Point>> m_hulls; // of ranks alone, per item
  Dense m_cheapestDense;                   // no rank is smaller
  std::vector<Step> m_steps;               // of the hulls, by falling price
  std::vector<std::size_t> m_margin;
};

} // namespace

BudgetSolution solveBudget(std::span<const BudgetItem> items, std::uint64_t limit) {
  return Solver(items, limit).solve();
}

} // namespace rankscope
