// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "core/spectrum/spectrum.h"

/// What plots draw, as numbers: no widget, no pixel. Rank i of a curve is at x = i, 1-based.
namespace rankscope::ui {

struct Curve {
  std::vector<double> x;
  std::vector<double> y;
};

/// At most about `points` of the curve's points (at least 4), first and last included, so that every bucket keeps its
/// lowest and highest value: nothing that sticks out is lost. Shorter curves come back as they are.
Curve decimated(const Curve& curve, std::size_t points);

/// σ_i against i; divided by σ₁ when `normalised`. Zeros are left out: they have no place on a log axis.
Curve sigmaCurve(const Spectrum& spectrum, bool normalised);

/// cosine(W, W_r) against r, r = 1 … full rank.
Curve cosineCurve(const Spectrum& spectrum);

/// What a Gaussian matrix of this shape and Frobenius norm would show in the two plots (core/spectrum/diagnostics.h):
/// what a spectrum has beyond it is structure, not size.
Curve gaussianSigmaCurve(std::int64_t rows, std::int64_t cols, double frobeniusNorm);
Curve gaussianCosineCurve(std::int64_t rows, std::int64_t cols);

struct Range {
  double lower = 0;
  double upper = 1;
};

/// Log range that shows all the curves: decades cut at 10^-6 of the top, with some air.
Range sigmaRange(const std::vector<Curve>& curves);

/// Rank under a coordinate of the x axis: nearest multiple of `step`, within [1, fullRank].
std::int64_t rankAt(double x, std::int64_t fullRank, int step);

} // namespace rankscope::ui
