// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectrum/diagnostics.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

#include "core/tensor/convert.h"

namespace rankscope {

namespace {

double aspect(std::int64_t rows, std::int64_t cols) {
  return static_cast<double>(std::min(rows, cols)) / static_cast<double>(std::max(rows, cols));
}

/// θ from 0 (largest value) to π (smallest) on an even grid, with the share of values above each.
struct MarchenkoPasturGrid {
  static constexpr int kSteps = 4096;
  double beta;
  std::vector<double> valuesAbove;

  explicit MarchenkoPasturGrid(double beta_) : beta(beta_), valuesAbove(kSteps + 1, 0.0) {
    const double h = std::numbers::pi / kSteps;
    const auto density = [&](double t) {
      const double s = std::sin(t);
      const double x = 1 + beta + 2 * std::sqrt(beta) * std::cos(t);
      return x > 1e-14 ? 2 / std::numbers::pi * s * s / x : 2 / std::numbers::pi; // limit for β = 1, θ = π
    };
    for (int i = 0; i < kSteps; ++i) { // Simpson
      const double t = i * h;
      valuesAbove[static_cast<std::size_t>(i) + 1] =
          valuesAbove[static_cast<std::size_t>(i)] + h / 6 * (density(t) + 4 * density(t + h / 2) + density(t + h));
    }
    for (double& share : valuesAbove) share /= valuesAbove.back();
  }

  /// The θ above which this share of the values lies.
  double thetaFor(double share) const {
    const auto above = std::lower_bound(valuesAbove.begin(), valuesAbove.end(), share);
    if (above == valuesAbove.begin()) return 0;
    const double fraction = (share - above[-1]) / (above[0] - above[-1]);
    return (static_cast<double>(above - valuesAbove.begin()) - 1 + fraction) * std::numbers::pi / kSteps;
  }
};

double median(const std::vector<double>& sorted) {
  const std::size_t n = sorted.size();
  return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

std::int64_t countAbove(const std::vector<double>& descending, double threshold) {
  return std::partition_point(descending.begin(), descending.end(), [&](double s) { return s > threshold; }) -
         descending.begin();
}

/// Kolmogorov–Smirnov distance between the k largest and a power law; `logs` holds ln λ, descending.
double fitDistance(std::span<const double> logs, double alpha) {
  const auto k = static_cast<double>(logs.size());
  double largest = 0;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const double above = std::exp((1 - alpha) * (logs[i] - logs.back()));
    const auto rank = static_cast<double>(i);
    largest = std::max({largest, std::abs(above - rank / k), std::abs(above - (rank + 1) / k)});
  }
  return largest;
}

std::optional<PowerLaw> fitPowerLaw(const std::vector<double>& sigma) {
  constexpr std::size_t kLeastTail = 10;
  constexpr std::size_t kCandidates = 1024; // of xmin, evenly over the ranks: all of them up to this size
  std::vector<double> logs;
  for (const double s : sigma)
    if (s > 0) logs.push_back(2 * std::log(s));
  if (logs.size() < kLeastTail || logs.front() == logs.back()) return std::nullopt;

  std::optional<PowerLaw> best;
  const std::size_t step = (logs.size() + kCandidates - 1) / kCandidates;
  double sum = 0;
  std::size_t summed = 0;
  for (std::size_t k = kLeastTail; k <= logs.size(); k += step) {
    for (; summed < k; ++summed) sum += logs[summed];
    const double excess = sum - static_cast<double>(k) * logs[k - 1];
    if (excess <= 0) continue;
    const double alpha = 1 + static_cast<double>(k) / excess;
    const double distance = fitDistance(std::span(logs).first(k), alpha);
    if (best && distance >= best->distance) continue;
    best = PowerLaw{alpha, std::exp(logs[k - 1]), distance, static_cast<std::int64_t>(k)};
  }
  return best;
}

} // namespace

double marchenkoPasturMedian(std::int64_t rows, std::int64_t cols) {
  const MarchenkoPasturGrid grid(aspect(rows, cols));
  return 1 + grid.beta + 2 * std::sqrt(grid.beta) * std::cos(grid.thetaFor(0.5));
}

double gavishDonohoCoefficient(std::int64_t rows, std::int64_t cols) {
  const double b = aspect(rows, cols);
  const double known = std::sqrt(2 * (b + 1) + 8 * b / (b + 1 + std::sqrt(b * b + 14 * b + 1)));
  return known / std::sqrt(marchenkoPasturMedian(rows, cols));
}

std::vector<double> noiseFloorCosines(std::int64_t rows, std::int64_t cols) {
  const std::int64_t p = std::min(rows, cols);
  const MarchenkoPasturGrid grid(aspect(rows, cols));
  std::vector<double> cosines;
  cosines.reserve(static_cast<std::size_t>(p) + 1);
  for (std::int64_t rank = 0; rank < p; ++rank) {
    const double theta = grid.thetaFor(static_cast<double>(rank) / static_cast<double>(p));
    cosines.push_back(std::sqrt((theta - std::sin(theta) * std::cos(theta)) / std::numbers::pi));
  }
  cosines.push_back(1);
  return cosines;
}

Diagnostics diagnose(const Spectrum& spectrum) {
  const std::int64_t rows = spectrum.rows();
  const std::int64_t cols = spectrum.cols();
  const auto q = static_cast<double>(std::max(rows, cols));
  const double middle = median(spectrum.sigma());
  Diagnostics result;
  result.stableRank = spectrum.stableRank();
  result.effectiveRank = spectrum.effectiveRank(Spectrum::Weight::Sigma);
  result.effectiveRankEnergy = spectrum.effectiveRank(Spectrum::Weight::SigmaSquared);
  result.noiseScale = middle / std::sqrt(q * marchenkoPasturMedian(rows, cols));
  result.noiseEdge = result.noiseScale * (std::sqrt(static_cast<double>(rows)) + std::sqrt(static_cast<double>(cols)));
  result.aboveEdge = countAbove(spectrum.sigma(), result.noiseEdge);
  result.gavishDonohoThreshold = gavishDonohoCoefficient(rows, cols) * middle;
  result.gavishDonohoRank = countAbove(spectrum.sigma(), result.gavishDonohoThreshold);
  result.powerLaw = fitPowerLaw(spectrum.sigma());
  for (std::size_t i = 0; i < kDiagnosticCosines.size(); ++i)
    result.ranksForCosines[i] = spectrum.rankForCosine(kDiagnosticCosines[i]);
  result.breakEvenRank = breakEvenRank(rows, cols);
  return result;
}

std::vector<NamedDiagnostic> namedDiagnostics(const Diagnostics& d, const std::optional<EntryStatistics>& entries) {
  std::array<std::optional<double>, kDiagnosticKeys.size()> values{
      d.stableRank,
      d.effectiveRank,
      d.effectiveRankEnergy,
      d.noiseScale,
      d.noiseEdge,
      static_cast<double>(d.aboveEdge),
      d.gavishDonohoThreshold,
      static_cast<double>(d.gavishDonohoRank),
      d.powerLaw ? std::optional(d.powerLaw->alpha) : std::nullopt,
      d.powerLaw ? std::optional(d.powerLaw->xmin) : std::nullopt,
      d.powerLaw ? std::optional(d.powerLaw->distance) : std::nullopt,
      d.powerLaw ? std::optional(static_cast<double>(d.powerLaw->tail)) : std::nullopt,
      static_cast<double>(d.ranksForCosines[0]),
      static_cast<double>(d.ranksForCosines[1]),
      static_cast<double>(d.ranksForCosines[2]),
      static_cast<double>(d.ranksForCosines[3]),
      d.breakEvenRank,
      entries ? std::optional(entries->largest) : std::nullopt,
      entries ? std::optional(entries->kurtosis) : std::nullopt};
  std::vector<NamedDiagnostic> named;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] && std::isfinite(*values[i])) named.push_back({kDiagnosticKeys[i], *values[i]});
  return named;
}

/// Calls visit(x) for every entry, converted a piece at a time.
template <class Visit>
static void forEachEntry(const MatrixView& matrix, Visit visit) {
  constexpr std::int64_t kPiece = 2048;
  std::array<double, kPiece> piece;
  const std::int64_t count = matrix.rows * matrix.cols;
  for (std::int64_t first = 0; first < count; first += kPiece) {
    const auto part = std::span(piece).first(static_cast<std::size_t>(std::min(kPiece, count - first)));
    convert(matrix.data, matrix.dtype, first, part);
    visit(std::span<const double>(part));
  }
}

EntryStatistics entryStatistics(const MatrixView& matrix) {
  const double count = static_cast<double>(matrix.rows) * static_cast<double>(matrix.cols);
  double largest = 0;
  forEachEntry(matrix, [&](std::span<const double> part) {
    for (const double x : part) largest = std::max(largest, std::abs(x));
  });
  if (largest == 0) return {};
  // In units of the largest entry, so that fourth powers neither over- nor underflow.
  double sum = 0;
  forEachEntry(matrix, [&](std::span<const double> part) {
    double here = 0;
    for (const double x : part) here += x / largest;
    sum += here;
  });
  const double mean = sum / count;
  double second = 0;
  double fourth = 0;
  forEachEntry(matrix, [&](std::span<const double> part) {
    double square = 0;
    double square2 = 0;
    for (const double x : part) {
      const double d = x / largest - mean;
      square += d * d;
      square2 += d * d * d * d;
    }
    second += square;
    fourth += square2;
  });
  const bool constant = second <= 1e-28 * count;
  return {.largest = largest, .kurtosis = constant ? 0 : fourth * count / (second * second)};
}

} // namespace rankscope
