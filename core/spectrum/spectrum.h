// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

namespace rankscope {

/// The singular values of one rows × cols matrix and what follows from them alone. Immutable.
///
/// For the exact truncation W_r: cosine(W, W_r) = √(Σ_{i≤r} σ_i² / Σ σ_i²) and ‖W − W_r‖/‖W‖ = √(1 − cosine²), both in
/// the Frobenius norm (Eckart & Young 1936). A zero matrix has cosine 1 and relative error 0 at every rank.
class Spectrum final {
 public:
  /// `sigma`: min(rows, cols) values, finite, not negative, descending.
  Spectrum(std::int64_t rows, std::int64_t cols, std::vector<double> sigma);

  std::int64_t rows() const { return m_rows; }
  std::int64_t cols() const { return m_cols; }
  std::int64_t fullRank() const { return static_cast<std::int64_t>(m_sigma.size()); }
  const std::vector<double>& sigma() const { return m_sigma; }

  /// Share of ‖W‖² that the first `rank` values hold, in [0, 1]. Ranks beyond the full one count as full.
  double energyAt(std::int64_t rank) const;
  double cosineAt(std::int64_t rank) const;
  double relativeErrorAt(std::int64_t rank) const;

  /// Smallest rank ≥ 1 that reaches it; for 1 the rank beyond which every value is exactly zero, mostly the full one.
  std::int64_t rankForCosine(double cosine) const;
  std::int64_t rankForEnergy(double energy) const;

  double frobeniusNorm() const;
  double stableRank() const; ///< ‖W‖_F² / σ₁² (0 for a zero matrix)

  /// exp of the entropy of p: Roy & Vetterli 2007 take p ∝ σ; p ∝ σ² weighs by energy.
  enum class Weight { Sigma, SigmaSquared };
  double effectiveRank(Weight weight) const;

 private:
  std::int64_t m_rows;
  std::int64_t m_cols;
  std::vector<double> m_sigma;
  double m_largest = 0; ///< σ₁: energies below are in units of σ₁², so 1e±30 neither over- nor underflows
  std::vector<double> m_tailEnergy; ///< Σ_{i>r} (σ_i/σ₁)², r = 0 … fullRank, summed from the small end
};

/// Rank at which two factors hold as many numbers as the matrix: rows·cols / (rows + cols), not rounded. At or above it
/// factors save nothing.
double breakEvenRank(std::int64_t rows, std::int64_t cols);

} // namespace rankscope
