// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/tridiagonal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/linalg/lapack.h"
#include "core/linalg/parallel.h"
#include "core/linalg/vector8.h"

namespace rankscope {

namespace {

constexpr int kLanes = 8;
constexpr int kGroups = 4; // independent divisions in flight
constexpr int kBatch = kLanes * kGroups;
constexpr int kSteps = 46; // the interval shrinks by 2^-46 = 1.4e-14

using Counts = std::int64_t __attribute__((vector_size(64)));
using Points = std::array<Vector8, kGroups>;

/// How many eigenvalues lie below each point.
std::array<Counts, kGroups> countBelow(const std::vector<double>& diagonal, const std::vector<double>& squares,
                                       const Points& points) {
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

} // namespace

std::vector<double> eigenvalues(Tridiagonal&& tridiagonal) {
  const int n = static_cast<int>(tridiagonal.diagonal.size());
  int info = 0;
  dsterf_(&n, tridiagonal.diagonal.data(), tridiagonal.offDiagonal.data(), &info);
  std::reverse(tridiagonal.diagonal.begin(), tridiagonal.diagonal.end());
  return std::move(tridiagonal.diagonal);
}

std::vector<double> largestEigenvalues(const Tridiagonal& tridiagonal, int count, int threads) {
  const auto n = static_cast<std::int64_t>(tridiagonal.diagonal.size());
  double bound = 0;                                              // Gershgorin
  std::vector<double> squares(tridiagonal.diagonal.size(), 0.0); // of the entry left of each diagonal one
  for (std::size_t i = 0; i < tridiagonal.diagonal.size(); ++i) {
    const double left = i > 0 ? tridiagonal.offDiagonal[i - 1] : 0.0;
    const double right = i + 1 < tridiagonal.diagonal.size() ? tridiagonal.offDiagonal[i] : 0.0;
    bound = std::max(bound, std::abs(tridiagonal.diagonal[i]) + std::abs(left) + std::abs(right));
    squares[i] = left * left + std::numeric_limits<double>::min();
  }
  std::vector<double> values(static_cast<std::size_t>(count));
  parallelItems((count + kBatch - 1) / kBatch, threads, [&](int batch, int) {
    Points low;
    Points high;
    std::array<Counts, kGroups> most; // eigenvalues below a point that is not above the wanted one
    for (int g = 0; g < kGroups; ++g) {
      low[g] = Vector8{} - bound;
      high[g] = Vector8{} + bound;
      for (int lane = 0; lane < kLanes; ++lane) most[g][lane] = n - 1 - (batch * kBatch + g * kLanes + lane);
    }
    for (int step = 0; step < kSteps; ++step) {
      Points middle;
      for (int g = 0; g < kGroups; ++g) middle[g] = 0.5 * (low[g] + high[g]);
      const auto counts = countBelow(tridiagonal.diagonal, squares, middle);
      for (int g = 0; g < kGroups; ++g) {
        const Counts notAbove = counts[g] <= most[g];
        low[g] = notAbove ? middle[g] : low[g];
        high[g] = notAbove ? high[g] : middle[g];
      }
    }
    for (int i = batch * kBatch; i < std::min(count, (batch + 1) * kBatch); ++i) {
      const int g = (i - batch * kBatch) / kLanes;
      const int lane = i % kLanes;
      values[static_cast<std::size_t>(i)] = 0.5 * (low[g][lane] + high[g][lane]);
    }
  });
  std::sort(values.rbegin(), values.rend());
  return values;
}

} // namespace rankscope
