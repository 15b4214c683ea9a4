// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/single_svd.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "core/linalg/band_eigenvectors.h"
#include "core/linalg/gram.h"
#include "core/linalg/lapack.h"
#include "core/linalg/symmetric_band.h"

namespace rankscope {

namespace {

constexpr int kGuard = 8;      // columns beyond the rank: they widen the gap to what the space leaves out
constexpr int kProbes = 16;    // random combinations by which the residual is measured
constexpr int kSmallest = 256; // sides below which there is nothing to gain

/// An orthonormal basis of the space that `v` spans, and W times it, turned so that the latter's columns are
/// orthogonal.
struct Ritz {
  Eigen::MatrixXd v;      ///< n × s, orthonormal
  Eigen::MatrixXd y;      ///< m × s, W·v
  Eigen::VectorXd values; ///< s squared norms of y's columns, descending
};

/// Nothing when v is too far from orthonormal.
std::optional<Ritz> ritz(const ScaledMatrix& w, const Eigen::MatrixXd& v, const Progress& progress, int threads) {
  const Eigen::MatrixXd y = timesColumns(w, v, progress, threads);
  Eigen::MatrixXd turn = product('T', y, y, progress, threads);
  Eigen::MatrixXd overlaps = product('T', v, v, progress, threads);
  const auto size = static_cast<int>(v.cols());
  Eigen::VectorXd values(size);
  const int kind = 1; // turnᵀ·(yᵀ·y)·turn diagonal, turnᵀ·(vᵀ·v)·turn = I
  const int workSize = 1 + 6 * size + 2 * size * size;
  const int integers = 3 + 5 * size;
  std::vector<double> work(static_cast<std::size_t>(workSize));
  std::vector<int> integerWork(static_cast<std::size_t>(integers));
  int info = 0;
  dsygvd_(&kind, "V", "L", &size, turn.data(), &size, overlaps.data(), &size, values.data(), work.data(), &workSize,
          integerWork.data(), &integers, &info);
  if (info != 0) return std::nullopt;
  turn = turn.rowwise().reverse().eval(); // LAPACK's order is ascending
  return Ritz{product('N', v, turn, progress, threads), product('N', y, turn, progress, threads), values.reverse()};
}

/// An estimate of ‖WᵀW·v − v·diag(values)‖_F² from its product with Gaussian vectors, each of which has this
/// expectation; off by more than a factor of ten once in a million.
double squaredResidual(const ScaledMatrix& w, const Ritz& space, const Progress& progress, int threads) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  const Eigen::MatrixXd probes =
      Eigen::MatrixXd::NullaryExpr(space.v.cols(), kProbes, [&](Eigen::Index, Eigen::Index) { return normal(random); });
  const Eigen::MatrixXd image =
      transposedTimesColumns(w, product('N', space.y, probes, progress, threads), progress, threads);
  const Eigen::MatrixXd scaled = space.values.asDiagonal() * probes;
  return (image - product('N', space.v, scaled, progress, threads)).squaredNorm() / kProbes;
}

/// Whether the first `rank` columns miss no more than 1e-6 of the energy that any space of this size must miss.
///
/// Between two of the eigenvalues λ about the rank there is a level x; as many Ritz values θ as eigenvalues lie above
/// it, so that (Weyl) W has no more than x + ‖R‖ outside the space, R being the residual. What the space leaves of an
/// eigenvalue λᵢ > x is then at most ‖Rqᵢ‖² / (λᵢ − x) (from the Schur complement of the block outside).
bool leadsClosely(const ScaledMatrix& w, const Ritz& space, int rank, std::span<const double> eigenvalues,
                  const Progress& progress, int threads) {
  const auto size = static_cast<int>(space.v.cols());
  const auto lambda = [&](int i) { return eigenvalues[static_cast<std::size_t>(i)]; };
  int above = rank;
  for (int k = rank; k <= size; ++k)
    if (lambda(k - 1) - lambda(k) > lambda(above - 1) - lambda(above)) above = k;
  const double level = (lambda(above - 1) + lambda(above)) / 2;
  double inexact = 0; // of the eigenvalues
  for (int i = 0; i < size; ++i) inexact = std::max(inexact, std::abs(space.values[i] - lambda(i)));
  const double residual = 10 * squaredResidual(w, space, progress, threads);
  if (!(level - lambda(above) > 4 * inexact + std::sqrt(residual))) return false;
  const double total = w.squaredNorm();
  const double rest = total - space.values.head(rank).sum();
  return rest > 1e-10 * total && residual / (space.values[rank - 1] - level) <= 1e-6 * rest;
}

} // namespace

std::optional<TallSvd> truncatedInSingle(const ScaledMatrix& w, int rank, std::span<const double> knownEigenvalues,
                                         const Progress& progress, int threads) {
  const int size = rank + kGuard;
  if (w.shortSide() < kSmallest || size > w.shortSide() / 3) return std::nullopt;
  BandReduction<float> reduction = toBand(gram<float>(w, progress, threads), progress, threads);
  std::vector<double> ofBand;
  if (knownEigenvalues.empty()) {
    ofBand = largestEigenvalues(reduction.band, size + 1, progress, threads);
    knownEigenvalues = ofBand;
  }
  Eigen::MatrixXf single =
      bandEigenvectors(reduction.band, knownEigenvalues.first(static_cast<std::size_t>(size)), progress, threads)
          .cast<float>();
  applyQ(reduction, single, progress, threads);
  reduction = {SymmetricBand(0), {}, {}};
  std::optional<Ritz> space = ritz(w, single.cast<double>(), progress, threads);
  if (!space || !leadsClosely(w, *space, rank, knownEigenvalues, progress, threads)) return std::nullopt;
  return normalisedColumns(space->y.leftCols(rank), space->v.leftCols(rank), progress, threads);
}

} // namespace rankscope
