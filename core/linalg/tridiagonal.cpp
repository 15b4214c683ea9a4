// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/tridiagonal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/linalg/parallel.h"
#include "core/linalg/vector8.h"

namespace rankscope {

namespace {

constexpr int kLanes = 8;
constexpr int kGroups = 4; // independent divisions in flight
constexpr int kBatch = kLanes * kGroups;
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

using Counts = std::int64_t __attribute__((vector_size(64)));
using Points = std::array<Vector8, kGroups>;

/// The matrix as the recurrences read it.
struct Sturm {
  std::vector<double> diagonal;
  std::vector<double> squares; // of the entry left of each diagonal one; never zero
  double bound = 0;            // on the eigenvalues' magnitude (Gershgorin)

  explicit Sturm(const Tridiagonal& t) : diagonal(t.diagonal), squares(t.diagonal.size()) {
    const std::size_t n = diagonal.size();
    for (std::size_t i = 0; i < n; ++i) {
      const double left = i > 0 ? t.offDiagonal[i - 1] : 0.0;
      const double right = i + 1 < n ? t.offDiagonal[i] : 0.0;
      bound = std::max(bound, std::abs(diagonal[i]) + std::abs(left) + std::abs(right));
      squares[i] = left * left + std::numeric_limits<double>::min();
    }
  }

  /// How many eigenvalues lie below each point.
  std::array<Counts, kGroups> countBelow(const Points& points) const {
    std::array<Counts, kGroups> counts{};
    Points d;
    for (int g = 0; g < kGroups; ++g) d[g] = Vector8{} + 1.0;
    for (std::size_t i = 0; i < diagonal.size(); ++i) {
#pragma GCC unroll 4
      for (int g = 0; g < kGroups; ++g) {
        // A pivot of zero makes the next one −∞ and is made good by it.
        d[g] = diagonal[i] - points[g] - squares[i] / d[g];
        counts[g] -= d[g] < 0.0;
      }
    }
    return counts;
  }

  /// The same, and p/p′ of the characteristic polynomial p, which may come out as NaN.
  std::array<Counts, kGroups> newtonStep(const Points& points, Points& step) const {
    std::array<Counts, kGroups> counts{};
    Points inverse; // 1/d
    Points slope;   // d′
    Points sum;     // p′/p = Σ d′/d
    for (int g = 0; g < kGroups; ++g) {
      inverse[g] = Vector8{} + 1.0;
      slope[g] = Vector8{};
      sum[g] = Vector8{};
    }
    for (std::size_t i = 0; i < diagonal.size(); ++i) {
#pragma GCC unroll 4
      for (int g = 0; g < kGroups; ++g) {
        const Vector8 ratio = squares[i] * inverse[g];
        const Vector8 d = diagonal[i] - points[g] - ratio;
        slope[g] = ratio * inverse[g] * slope[g] - 1.0;
        inverse[g] = 1.0 / d;
        sum[g] += slope[g] * inverse[g];
        counts[g] -= d < 0.0;
      }
    }
    for (int g = 0; g < kGroups; ++g) step[g] = 1.0 / sum[g];
    return counts;
  }
};

/// Where an eigenvalue is known to lie: `below` eigenvalues lie below `low`, `upTo` below `high`.
struct Bracket {
  double low = 0;
  double high = 0;
  std::int64_t below = 0;
  std::int64_t upTo = 0;
};

std::vector<std::int64_t> countsAt(const Sturm& sturm, const std::vector<double>& points, int threads) {
  std::vector<std::int64_t> counts(points.size());
  const auto batches = static_cast<int>((points.size() + kBatch - 1) / kBatch);
  parallelItems(batches, threads, [&](int batch, int) {
    const std::size_t first = static_cast<std::size_t>(batch) * kBatch;
    Points x{};
    for (std::size_t i = first; i < std::min(points.size(), first + kBatch); ++i)
      x[(i - first) / kLanes][(i - first) % kLanes] = points[i];
    const auto found = sturm.countBelow(x);
    for (std::size_t i = first; i < std::min(points.size(), first + kBatch); ++i)
      counts[i] = found[(i - first) / kLanes][(i - first) % kLanes];
  });
  return counts;
}

/// Divides brackets that several wanted eigenvalues share, until each has its own or is as narrow as rounding allows.
/// `brackets` are those of eigenvalues first …, ascending.
void separate(const Sturm& sturm, std::vector<Bracket>& brackets, std::int64_t first, int threads) {
  constexpr int kFewest = 64; // points in the first bracket of all
  const double narrow = 4 * kEpsilon * sturm.bound;
  const auto size = brackets.size();
  for (;;) {
    std::vector<double> points;
    struct Run {
      std::size_t begin, end; // of the eigenvalues that share a bracket
      std::size_t firstPoint;
    };
    std::vector<Run> runs;
    for (std::size_t i = 0; i < size;) {
      const Bracket& b = brackets[i];
      std::size_t end = i + 1;
      while (end < size && brackets[end].low == b.low) ++end;
      if (b.upTo - b.below > 1 && b.high - b.low > narrow) {
        runs.push_back({i, end, points.size()});
        const auto members = static_cast<double>(end - i);
        const int parts = std::max(b.high - b.low > sturm.bound ? kFewest : 3, static_cast<int>(1.5 * members));
        for (int k = 1; k < parts; ++k) points.push_back(b.low + (b.high - b.low) * k / parts);
      }
      i = end;
    }
    if (points.empty()) return;
    const auto counts = countsAt(sturm, points, threads);
    for (std::size_t run = 0; run < runs.size(); ++run) {
      const auto [begin, end, firstPoint] = runs[run];
      const std::size_t endPoint = run + 1 < runs.size() ? runs[run + 1].firstPoint : points.size();
      std::size_t above = firstPoint; // the first point above the eigenvalue
      for (std::size_t i = begin; i < end; ++i) {
        while (above < endPoint && counts[above] <= first + static_cast<std::int64_t>(i)) ++above;
        Bracket& b = brackets[i];
        if (above > firstPoint) b.low = points[above - 1], b.below = counts[above - 1];
        if (above < endPoint) b.high = points[above], b.upTo = counts[above];
      }
    }
  }
}

/// Newton's method within the brackets of up to kBatch eigenvalues, of which the first has the given index.
void refine(const Sturm& sturm, Bracket* brackets, std::size_t size, std::int64_t index, double* values) {
  constexpr int kNewton = 12; // steps; only halving from then on
  constexpr int kMost = 80;
  const double rounding = kEpsilon * sturm.bound;
  Points x{};
  std::array<bool, kBatch> done{};
  for (std::size_t i = 0; i < size; ++i)
    x[i / kLanes][i % kLanes] = values[i] = 0.5 * (brackets[i].low + brackets[i].high);
  for (int iteration = 0; iteration < kMost; ++iteration) {
    Points step;
    const auto counts = sturm.newtonStep(x, step);
    bool going = false;
    for (std::size_t i = 0; i < size; ++i) {
      if (done[i]) continue;
      Bracket& b = brackets[i];
      const double at = values[i];
      (counts[i / kLanes][i % kLanes] <= index + static_cast<std::int64_t>(i) ? b.low : b.high) = at;
      const double next = at - step[i / kLanes][i % kLanes];
      const bool inside = next >= b.low && next <= b.high && iteration < kNewton;
      values[i] = inside ? next : 0.5 * (b.low + b.high);
      // A step squares the error, a halving only halves it.
      done[i] = (inside && std::abs(next - at) <= 1e-10 * std::abs(at) + rounding) ||
                b.high - b.low <= 1e-14 * std::abs(at) + 2 * rounding;
      x[i / kLanes][i % kLanes] = values[i];
      going |= !done[i];
    }
    if (!going) return;
  }
}

} // namespace

std::vector<double> largestEigenvalues(const Tridiagonal& tridiagonal, int count, int threads) {
  const Sturm sturm(tridiagonal);
  const auto n = static_cast<std::int64_t>(sturm.diagonal.size());
  const std::int64_t first = n - count;
  if (sturm.bound == 0) return std::vector<double>(static_cast<std::size_t>(count), 0.0);
  const double reach = sturm.bound * (1 + 1e-12);
  std::vector<Bracket> brackets(static_cast<std::size_t>(count), Bracket{-reach, reach, 0, n});
  separate(sturm, brackets, first, threads);
  std::vector<double> values(brackets.size());
  parallelItems((count + kBatch - 1) / kBatch, threads, [&](int batch, int) {
    const int from = batch * kBatch;
    refine(sturm, &brackets[static_cast<std::size_t>(from)], static_cast<std::size_t>(std::min(kBatch, count - from)),
           first + from, &values[static_cast<std::size_t>(from)]);
  });
  std::sort(values.rbegin(), values.rend());
  return values;
}

} // namespace rankscope
