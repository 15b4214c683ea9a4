// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/svd.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include "core/linalg/band_eigenvectors.h"
#include "core/linalg/gram.h"
#include "core/linalg/lapack.h"
#include "core/linalg/single_svd.h"
#include "core/linalg/symmetric_band.h"
#include "core/linalg/tall_svd.h"

namespace rankscope {

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

double traceOf(SymmetricBand& band) {
  double trace = 0;
  for (int i = band.size(); i-- > 0;) trace += band(i, i);
  return trace;
}

/// Whether the columns z span the leading eigenspace so well that the energy they miss is below 1e-6 of the energy that
/// any space of this size must miss. A column with residual ρ misses at most ρ (Weyl); the band stands for W only to
/// rounding; and quotients far from the known eigenvalues would mean that one was skipped.
bool leadsClosely(SymmetricBand& band, const Eigen::MatrixXd& z, std::span<const double> eigenvalues) {
  const BandResiduals residuals = bandResiduals(band, z);
  const double largest = eigenvalues.front();
  for (Eigen::Index i = 0; i < z.cols(); ++i)
    if (!(std::abs(residuals.quotients[i] - eigenvalues[static_cast<std::size_t>(i)]) <= 1e-6 * largest)) return false;
  const double rest = traceOf(band) - residuals.quotients.sum();
  const double rounding = 10 * kEpsilon * largest;
  return residuals.norms.sum() + rounding * static_cast<double>(z.cols()) <= 1e-6 * rest;
}

struct SmallSvd {
  Eigen::MatrixXd u;
  std::vector<double> sigma;
  Eigen::MatrixXd vt;
};

/// LAPACK's bidiagonalisation and divide and conquer. Overwrites a.
SmallSvd dgesdd(Eigen::MatrixXd&& a) {
  const auto m = static_cast<int>(a.rows());
  const auto n = static_cast<int>(a.cols());
  const int p = std::min(m, n);
  SmallSvd result{Eigen::MatrixXd(m, p), std::vector<double>(static_cast<std::size_t>(p)), Eigen::MatrixXd(p, n)};
  std::vector<int> iwork(static_cast<std::size_t>(8 * p));
  std::vector<double> work(1);
  int lwork = -1;
  int info = 0;
  for (int call = 0; call < 2; ++call) { // the first only asks for the size of the work space
    dgesdd_("S", &m, &n, a.data(), &m, result.sigma.data(), result.u.data(), &m, result.vt.data(), &p, work.data(),
            &lwork, iwork.data(), &info);
    if (call == 0) {
      lwork = static_cast<int>(work[0]);
      work.resize(static_cast<std::size_t>(lwork));
    }
  }
  return result;
}

/// Leading eigenvectors of the Gram matrix in double, found through its band. Nothing when a test says that the
/// tail is too small beside σ₁², or the vectors too poor, for that to be optimal.
std::optional<TallSvd> throughGram(const ScaledMatrix& w, int rank, std::vector<double> eigenvalues,
                                   const Progress& progress, int threads) {
  BandReduction<double> reduction = toBand(gram<double>(w, progress, threads), progress, threads);
  const bool known = !eigenvalues.empty();
  if (!known) eigenvalues = largestEigenvalues(reduction.band, rank, progress, threads);
  auto leading = std::span<const double>(eigenvalues).first(static_cast<std::size_t>(rank));
  Eigen::MatrixXd v = bandEigenvectors(reduction.band, leading, progress, threads);
  if (!leadsClosely(reduction.band, v, leading)) {
    if (!known) return std::nullopt;
    eigenvalues = largestEigenvalues(reduction.band, rank, progress, threads); // those known are of single precision
    leading = std::span<const double>(eigenvalues).first(static_cast<std::size_t>(rank));
    v = bandEigenvectors(reduction.band, leading, progress, threads);
    if (!leadsClosely(reduction.band, v, leading)) return std::nullopt;
  }
  applyQ(reduction, v, progress, threads);
  Eigen::MatrixXd y = timesColumns(w, v, progress, threads);
  return normalisedColumns(std::move(y), std::move(v), progress, threads);
}

Eigen::MatrixXd wholeTall(const ScaledMatrix& w) {
  Eigen::MatrixXd piece;
  Eigen::MatrixXd whole(w.longSide(), w.shortSide());
  constexpr int kDepth = 256;
  for (int first = 0; first < w.longSide(); first += kDepth) {
    const int count = std::min(kDepth, w.longSide() - first);
    w.readLong(first, count, piece);
    whole.middleRows(first, count) = piece.topLeftCorner(w.shortSide(), count).transpose();
  }
  return whole;
}

/// The leading directions of a residual that its Gram matrix can tell apart, at most `count`: those within 1e-3 of its
/// largest singular value.
Eigen::MatrixXd leadingDirections(const Eigen::MatrixXd& residual, int count, const Progress& progress, int threads) {
  Eigen::MatrixXd squared = product('T', residual, residual, progress, threads);
  BandReduction<double> reduction = toBand(std::move(squared), progress, threads);
  const std::vector<double> eigenvalues = largestEigenvalues(reduction.band, count, progress, threads);
  const auto clear = std::find_if(eigenvalues.begin(), eigenvalues.end(),
                                  [&](double value) { return !(value > 1e-6 * eigenvalues.front()); });
  const auto size = std::clamp<std::ptrdiff_t>(clear - eigenvalues.begin(), 1, count);
  Eigen::MatrixXd v =
      bandEigenvectors(reduction.band, std::span(eigenvalues).first(static_cast<std::size_t>(size)), progress, threads);
  applyQ(reduction, v, progress, threads);
  return v;
}

/// Graded and ill-conditioned matrices: the leading directions are found some at a time, each time from what the ones
/// before leave, so that no Gram matrix spans more than three digits; then a step of subspace iteration with W itself
/// and a small SVD make them right to rounding.
TallSvd throughResiduals(const ScaledMatrix& w, int rank, const Progress& progress, int threads) {
  const Eigen::MatrixXd whole = wholeTall(w);
  Eigen::MatrixXd basis(whole.cols(), rank);
  {
    Eigen::MatrixXd residual = whole;
    const double norm = whole.norm();
    int found = 0;
    while (found < rank) {
      progress.check();
      if (residual.norm() <= 1e-15 * norm) { // only rounding is left: any directions do
        basis.rightCols(rank - found).setRandom();
        break;
      }
      const Eigen::MatrixXd fresh = leadingDirections(residual, rank - found, progress, threads);
      basis.middleCols(found, fresh.cols()) = fresh;
      found += static_cast<int>(fresh.cols());
      Eigen::MatrixXd soFar = basis.leftCols(found);
      orthonormalise(soFar, progress, threads);
      basis.leftCols(found) = soFar;
      if (found == rank) break;
      const Eigen::MatrixXd image = product('N', residual, soFar, progress, threads);
      residual.noalias() -= product('N', image, soFar.transpose(), progress, threads);
    }
  }
  orthonormalise(basis, progress, threads);
  Eigen::MatrixXd left = product('N', whole, basis, progress, threads);
  orthonormalise(left, progress, threads);
  const Eigen::MatrixXd image = product('T', whole, left, progress, threads); // n × r
  Eigen::MatrixXd right = image;
  orthonormalise(right, progress, threads);
  SmallSvd small = dgesdd(product('T', right, image, progress, threads)); // W ≈ left·(right·small)ᵀ
  progress.check();
  return {product('N', left, small.vt.transpose(), progress, threads), std::move(small.sigma),
          product('N', right, small.u, progress, threads)};
}

} // namespace

TruncatedSvd truncatedSvd(const MatrixView& matrix, std::int64_t rank, const std::vector<double>& knownSigma,
                          const Progress& progress, int threads) {
  assert(rank >= 1 && rank <= matrix.smallSide());
  useSingleThreadedBlas();
  const ScaledMatrix w(matrix);
  progress.check();
  const auto r = static_cast<int>(rank);
  TallSvd svd;
  if (w.zero()) {
    svd = {Eigen::MatrixXd::Identity(w.longSide(), r), std::vector<double>(static_cast<std::size_t>(r), 0.0),
           Eigen::MatrixXd::Identity(w.shortSide(), r)};
  } else {
    std::vector<double> eigenvalues;
    for (const double s : knownSigma) eigenvalues.push_back(std::pow(std::ldexp(s, -w.exponent()), 2));
    auto found = truncatedInSingle(w, r, eigenvalues, progress, threads);
    if (!found) found = throughGram(w, r, std::move(eigenvalues), progress, threads);
    svd = found ? std::move(*found) : throughResiduals(w, r, progress, threads);
    for (double& s : svd.sigma) s = std::ldexp(s, w.exponent());
  }
  if (!w.rowsAreLong()) std::swap(svd.longVectors, svd.shortVectors);
  return {.u = std::move(svd.longVectors), .sigma = std::move(svd.sigma), .v = std::move(svd.shortVectors)};
}

} // namespace rankscope
