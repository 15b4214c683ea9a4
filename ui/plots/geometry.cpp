// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/geometry.h"

#include <algorithm>
#include <cmath>

#include "core/spectrum/diagnostics.h"
#include "ui/document/plan_edits.h"

namespace rankscope::ui {

Curve decimated(const Curve& curve, std::size_t points) {
  const std::size_t count = curve.x.size();
  points = std::max<std::size_t>(points, 4);
  if (count <= points) return curve;
  const std::size_t buckets = (points - 2) / 2;
  Curve out;
  const auto keep = [&](std::size_t i) {
    out.x.push_back(curve.x[i]);
    out.y.push_back(curve.y[i]);
  };
  keep(0);
  for (std::size_t b = 0; b < buckets; ++b) {
    const std::size_t from = 1 + b * (count - 2) / buckets;
    const std::size_t to = 1 + (b + 1) * (count - 2) / buckets;
    if (from >= to) continue;
    const auto [low, high] = std::minmax_element(curve.y.begin() + static_cast<std::ptrdiff_t>(from),
                                                 curve.y.begin() + static_cast<std::ptrdiff_t>(to));
    const auto first = static_cast<std::size_t>(std::min(low, high) - curve.y.begin());
    const auto second = static_cast<std::size_t>(std::max(low, high) - curve.y.begin());
    keep(first);
    if (second != first) keep(second);
  }
  keep(count - 1);
  return out;
}

Curve sigmaCurve(const Spectrum& spectrum, bool normalised) {
  Curve curve;
  const std::vector<double>& sigma = spectrum.sigma();
  const double unit = normalised && !sigma.empty() && sigma.front() > 0 ? sigma.front() : 1.0;
  for (std::size_t i = 0; i < sigma.size() && sigma[i] > 0; ++i) {
    curve.x.push_back(static_cast<double>(i + 1));
    curve.y.push_back(sigma[i] / unit);
  }
  return curve;
}

Curve cosineCurve(const Spectrum& spectrum) {
  Curve curve;
  for (std::int64_t rank = 1; rank <= spectrum.fullRank(); ++rank) {
    curve.x.push_back(static_cast<double>(rank));
    curve.y.push_back(spectrum.cosineAt(rank));
  }
  return curve;
}

Curve gaussianCosineCurve(std::int64_t rows, std::int64_t cols) {
  Curve curve;
  const std::vector<double> cosines = noiseFloorCosines(rows, cols);
  for (std::size_t rank = 1; rank < cosines.size(); ++rank) {
    curve.x.push_back(static_cast<double>(rank));
    curve.y.push_back(cosines[rank]);
  }
  return curve;
}

Curve gaussianSigmaCurve(std::int64_t rows, std::int64_t cols, double frobeniusNorm) {
  Curve curve;
  const std::vector<double> cosines = noiseFloorCosines(rows, cols);
  for (std::size_t rank = 1; rank < cosines.size(); ++rank) {
    const double energy = cosines[rank] * cosines[rank] - cosines[rank - 1] * cosines[rank - 1];
    if (energy <= 0) break;
    curve.x.push_back(static_cast<double>(rank));
    curve.y.push_back(frobeniusNorm * std::sqrt(energy));
  }
  return curve;
}

Range sigmaRange(const std::vector<Curve>& curves) {
  double top = 0, bottom = 0;
  for (const Curve& curve : curves) {
    for (const double y : curve.y) {
      top = std::max(top, y);
      bottom = bottom == 0 ? y : std::min(bottom, y);
    }
  }
  if (top <= 0) return {0.1, 10};
  bottom = std::max(bottom, top * 1e-6);
  const double air = std::pow(top / bottom, 0.06) * 1.05;
  return {bottom / air, top * air};
}

std::int64_t rankAt(double x, std::int64_t fullRank, int step) {
  const double held = std::clamp(x, 1.0, static_cast<double>(fullRank));
  return snapped(std::llround(held), step, fullRank);
}

} // namespace rankscope::ui
