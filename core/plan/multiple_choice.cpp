// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/multiple_choice.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <optional>

namespace rankscope {
namespace {

constexpr int kRounds = 12;
constexpr std::size_t kReach = 48;    // alternatives up from the chosen one that swaps look at
constexpr std::size_t kStepReach = 4; // and that rearranging looks at
constexpr double kLeastGain = 1e-12;

/// An alternative that no other one of its layer beats in both bytes and cost.
struct Point {
  std::size_t alternative;
  double bytes;
  double cost;
};

std::vector<Point> undominated(const std::vector<Alternative>& alternatives) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < alternatives.size(); ++i)
    points.push_back({i, alternatives[i].bytes, alternatives[i].cost});
  std::stable_sort(points.begin(), points.end(), [](const Point& a, const Point& b) {
    return a.bytes < b.bytes || (a.bytes == b.bytes && a.cost < b.cost);
  });
  std::vector<Point> kept;
  for (const Point& point : points)
    if (kept.empty() || point.cost < kept.back().cost) kept.push_back(point);
  return kept;
}

double saving(const Point& from, const Point& to) {
  return (from.cost - to.cost) / (to.bytes - from.bytes);
}

/// Places of the lower convex hull among points of rising bytes and falling cost.
std::vector<std::size_t> hullOf(const std::vector<Point>& points) {
  std::vector<std::size_t> hull;
  for (std::size_t i = 0; i < points.size(); ++i) {
    while (hull.size() > 1 &&
           saving(points[hull[hull.size() - 2]], points[hull.back()]) <= saving(points[hull.back()], points[i]))
      hull.pop_back();
    hull.push_back(i);
  }
  return hull;
}

class Solver final {
 public:
  Solver(std::span<const std::vector<Alternative>> layers, double limit) : m_limit(limit), m_at(layers.size(), 0) {
    for (const std::vector<Alternative>& alternatives : layers) {
      assert(!alternatives.empty());
      m_points.push_back(undominated(alternatives));
      m_bytes += m_points.back().front().bytes;
      m_cost += m_points.back().front().cost;
    }
  }

  Selection solve() {
    if (m_bytes > m_limit) return selection(m_cost, false);
    const double bound = fill();
    for (int round = 0; round < kRounds && (improve() | rearrange()); ++round) {
    }
    return selection(std::min(bound, m_cost), true);
  }

 private:
  struct Step {
    std::size_t layer;
    std::size_t to;
    double price;
  };

  /// Takes steps along the hulls by falling price as long as they fit. Returns the cost if the first that does not
  /// could be taken in part.
  double fill() {
    std::vector<Step> steps;
    for (std::size_t i = 0; i < m_points.size(); ++i) {
      const std::vector<std::size_t> hull = hullOf(m_points[i]);
      for (std::size_t k = 1; k < hull.size(); ++k)
        steps.push_back({i, hull[k], saving(m_points[i][hull[k - 1]], m_points[i][hull[k]])});
    }
    std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.price > b.price; });
    double bound = std::numeric_limits<double>::quiet_NaN();
    std::vector<bool> closed(m_points.size(), false);
    for (const Step& step : steps) {
      if (closed[step.layer]) continue;
      if (m_bytes + bytesOf(step.layer, step.to) > m_limit) {
        if (bound != bound) bound = m_cost - step.price * (m_limit - m_bytes);
        closed[step.layer] = true; // its later steps come only after this one
      } else {
        move(step.layer, step.to);
      }
    }
    return bound != bound ? m_cost : bound;
  }

  double bytesOf(std::size_t layer, std::size_t to) const {
    return m_points[layer][to].bytes - m_points[layer][m_at[layer]].bytes;
  }
  double gainOf(std::size_t layer, std::size_t to) const {
    return m_points[layer][m_at[layer]].cost - m_points[layer][to].cost;
  }

  void move(std::size_t layer, std::size_t to) {
    m_bytes += bytesOf(layer, to);
    m_cost -= gainOf(layer, to);
    m_at[layer] = to;
  }

  /// Another layer's step down that frees at least `bytes`, with the least loss.
  struct Giver {
    std::size_t layer = 0;
    std::size_t to = 0;
    double loss = std::numeric_limits<double>::infinity();
  };

  Giver cheapestGiver(std::size_t taker, double bytes) const {
    Giver best;
    for (std::size_t k = 0; k < m_points.size(); ++k) {
      const std::vector<Point>& points = m_points[k];
      if (k == taker || points[m_at[k]].bytes - points.front().bytes < bytes) continue;
      const auto end = points.begin() + static_cast<std::ptrdiff_t>(m_at[k]);
      const auto above = std::upper_bound(points.begin(), end, points[m_at[k]].bytes - bytes,
                                          [](double value, const Point& point) { return value < point.bytes; });
      if (above == points.begin()) continue;
      const auto to = static_cast<std::size_t>(above - points.begin()) - 1;
      if (-gainOf(k, to) < best.loss) best = {k, to, -gainOf(k, to)};
    }
    return best;
  }

  /// Moves every layer up where that pays, alone or at the cost of another one.
  bool improve() {
    bool improved = false;
    for (std::size_t i = 0; i < m_points.size(); ++i) {
      double best = kLeastGain;
      std::size_t target = m_at[i];
      std::optional<Giver> payer;
      const std::size_t last = std::min(m_points[i].size(), m_at[i] + 1 + kReach);
      for (std::size_t to = m_at[i] + 1; to < last; ++to) {
        const double missing = m_bytes + bytesOf(i, to) - m_limit;
        const Giver giver = missing > 0 ? cheapestGiver(i, missing) : Giver{0, 0, 0};
        if (gainOf(i, to) - giver.loss <= best) continue;
        best = gainOf(i, to) - giver.loss;
        target = to;
        payer = missing > 0 ? std::optional(giver) : std::nullopt;
      }
      if (target == m_at[i]) continue;
      if (payer) move(payer->layer, payer->to);
      move(i, target);
      improved = true;
    }
    return improved;
  }

  /// The step of any layer but `fixed` with the best ratio of cost to bytes: up, gaining most for each byte and
  /// fitting, or down, losing least for each byte. False when there is none.
  bool takeBestStep(std::size_t fixed, bool up) {
    double best = up ? 0 : -std::numeric_limits<double>::infinity();
    std::size_t layer = fixed, target = 0;
    for (std::size_t k = 0; k < m_points.size(); ++k) {
      if (k == fixed) continue;
      for (std::size_t reach = 1; reach <= kStepReach; ++reach) {
        if (up ? m_at[k] + reach >= m_points[k].size() : reach > m_at[k]) break;
        const std::size_t to = up ? m_at[k] + reach : m_at[k] - reach;
        const double bytes = bytesOf(k, to), gain = gainOf(k, to);
        if (up && m_bytes + bytes > m_limit) break;
        const double worth = up ? gain / bytes : gain / -bytes;
        if (worth <= best) continue;
        best = worth;
        layer = k;
        target = to;
      }
    }
    if (layer == fixed) return false;
    move(layer, target);
    return true;
  }

  /// Tries other places for single layers near their price, the other layers making room or filling up; keeps what
  /// helps.
  bool rearrange() {
    bool improved = false;
    const auto reach = static_cast<std::ptrdiff_t>(std::clamp<std::size_t>(600 / m_points.size(), 1, 12));
    for (std::size_t i = 0; i < m_points.size(); ++i) {
      for (std::ptrdiff_t offset = -reach; offset <= reach; ++offset) {
        const std::ptrdiff_t to = static_cast<std::ptrdiff_t>(m_at[i]) + offset;
        if (offset == 0 || to < 0 || to >= static_cast<std::ptrdiff_t>(m_points[i].size())) continue;
        const std::vector<std::size_t> before = m_at;
        const double bytes = m_bytes, cost = m_cost;
        move(i, static_cast<std::size_t>(to));
        bool fits = true;
        while (m_bytes > m_limit && fits) fits = takeBestStep(i, false);
        while (fits && takeBestStep(i, true)) {
        }
        if (fits && m_cost < cost - kLeastGain) {
          improved = true;
          break;
        }
        m_at = before;
        m_bytes = bytes;
        m_cost = cost;
      }
    }
    return improved;
  }

  Selection selection(double bound, bool feasible) const {
    Selection result{{}, 0, 0, bound, feasible};
    for (std::size_t i = 0; i < m_points.size(); ++i) {
      const Point& point = m_points[i][m_at[i]];
      result.chosen.push_back(point.alternative);
      result.bytes += point.bytes;
      result.cost += point.cost;
    }
    return result;
  }

  double m_limit;
  std::vector<std::vector<Point>> m_points;
  std::vector<std::size_t> m_at;
  double m_bytes = 0;
  double m_cost = 0;
};

} // namespace

Selection leastCost(std::span<const std::vector<Alternative>> layers, double bytesLimit) {
  return Solver(layers, bytesLimit).solve();
}

Selection leastBytes(std::span<const std::vector<Alternative>> layers, double costLimit) {
  std::vector<std::vector<Alternative>> turned(layers.begin(), layers.end());
  for (std::vector<Alternative>& alternatives : turned)
    for (Alternative& alternative : alternatives) std::swap(alternative.bytes, alternative.cost);
  Selection selection = leastCost(turned, costLimit);
  std::swap(selection.bytes, selection.cost);
  return selection;
}

std::vector<Selection> costFrontier(std::span<const std::vector<Alternative>> layers, int points) {
  const double least = leastCost(layers, 0).bytes;
  const double most = leastCost(layers, std::numeric_limits<double>::max()).bytes;
  std::vector<Selection> frontier;
  for (int i = 0; i < points; ++i)
    frontier.push_back(leastCost(layers, points > 1 ? least + (most - least) * i / (points - 1) : most));
  return frontier;
}

} // namespace rankscope
