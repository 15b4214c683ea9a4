// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/svd.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/linalg/general_band.h"
#include "core/linalg/gram.h"
#include "core/linalg/scaled_matrix.h"
#include "core/linalg/symmetric_band.h"
#include "core/linalg/tridiagonal.h"

namespace rankscope {

namespace {

// From this ratio of the sides on the Gram matrix in double costs no more than single precision.
constexpr int kGramRatio = 2;
// Below this size single precision saves nothing.
constexpr int kSingleSide = 128;
// Largest relative deviation of ‖W‖² that the single-precision route may show: its errors are 100 times smaller.
constexpr double kSingleDrift = 1e-5;

std::optional<std::vector<double>> squaresBySinglePrecision(const ScaledMatrix& w, const Progress& progress,
                                                            int threads) {
  Eigen::MatrixXf tall = w.tallFloat();
  progress.check();
  SymmetricBand band = toBandSquared(tall, w.longSide(), progress, threads);
  double trace = 0;
  for (int i = 0; i < band.size(); ++i) trace += band(i, i);
  const double expected = w.squaredNorm();
  if (!(std::abs(trace - expected) <= kSingleDrift * expected)) return std::nullopt;
  return largestEigenvalues(toTridiagonal(band, progress), band.size(), threads);
}

std::vector<double> squares(const ScaledMatrix& w, const Progress& progress, int threads) {
  if (w.shortSide() >= kSingleSide && w.longSide() < kGramRatio * w.shortSide())
    if (auto values = squaresBySinglePrecision(w, progress, threads)) return std::move(*values);
  BandReduction<double> reduction = toBand(gram<double>(w, progress, threads), progress, threads);
  return largestEigenvalues(toTridiagonal(reduction.band, progress), reduction.band.size(), threads);
}

} // namespace

double singularValuesFlops(std::int64_t rows, std::int64_t cols) {
  const auto m = static_cast<double>(std::max(rows, cols));
  const auto n = static_cast<double>(std::min(rows, cols));
  return m * n * n + 4.0 / 3.0 * n * n * n;
}

std::vector<double> singularValues(const MatrixView& matrix, const Progress& progress, int threads) {
  const ScaledMatrix w(matrix);
  progress.check();
  if (w.zero()) return std::vector<double>(static_cast<std::size_t>(w.shortSide()), 0.0);
  std::vector<double> sigma = squares(w, progress, threads);
  for (double& s : sigma) s = std::ldexp(std::sqrt(std::max(s, 0.0)), w.exponent());
  return sigma;
}

} // namespace rankscope
