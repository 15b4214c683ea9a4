// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/compress/quality.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/linalg/scaled_matrix.h"

namespace rankscope {
namespace {

constexpr std::int64_t kBlockElements = 1 << 18; // 2 MiB of doubles: a few blocks stay in the cache

/// Sums over blocks of rows, in units that keep squares in range.
struct Sums {
  double original = 0;    // ‖W‖²
  double approximate = 0; // ‖Ŵ‖²
  double inner = 0;       // <W, Ŵ>
  double difference = 0;  // ‖W − Ŵ‖²

  void add(const RowMatrixD& w, const RowMatrixD& approximation) {
    original += w.squaredNorm();
    approximate += approximation.squaredNorm();
    inner += w.cwiseProduct(approximation).sum();
    difference += (w - approximation).squaredNorm();
  }

  Quality quality() const {
    if (original == 0 && approximate == 0) return {};
    // Not a number stays so: the caller says what overflowed.
    if (original == 0) return {0, std::numeric_limits<double>::infinity()};
    if (approximate == 0) return {0, 1};
    const double cosine = inner / (std::sqrt(original) * std::sqrt(approximate));
    return {cosine > 1 ? 1 : cosine, std::sqrt(difference / original)};
  }
};

} // namespace

Quality measureQuality(const MatrixView& original, const StoredLayer& stored) {
  const ScaledMatrix size(original);
  const double scale = size.zero() ? 1 : std::ldexp(1.0, -std::clamp(size.exponent(), -1000, 1000));
  const ExpandedRows expanded(stored);
  const std::int64_t blockRows = std::max<std::int64_t>(1, kBlockElements / std::max<std::int64_t>(1, original.cols));
  Sums sums;
  RowMatrixD w;
  for (std::int64_t first = 0; first < original.rows; first += blockRows) {
    const std::int64_t count = std::min(blockRows, original.rows - first);
    w.resize(count, original.cols);
    convert(original.data, original.dtype, first * original.cols,
            std::span(w.data(), static_cast<std::size_t>(w.size())));
    w *= scale;
    sums.add(w, expanded.rows(first, count) * scale);
  }
  return sums.quality();
}

std::string_view name(Verdict verdict) {
  static constexpr std::array<std::string_view, kVerdicts.size()> kNames{"EXCELLENT", "GOOD", "FAIR", "POOR",
                                                                         "CRITICAL"};
  return kNames[static_cast<std::size_t>(verdict)];
}

Verdict verdictFor(double cosine, const VerdictThresholds& thresholds) {
  if (cosine >= thresholds.excellent) return Verdict::Excellent;
  if (cosine >= thresholds.good) return Verdict::Good;
  if (cosine >= thresholds.fair) return Verdict::Fair;
  if (cosine >= thresholds.poor) return Verdict::Poor;
  return Verdict::Critical;
}

} // namespace rankscope
