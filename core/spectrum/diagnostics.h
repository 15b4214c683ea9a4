// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/spectrum/spectrum.h"
#include "core/tensor/tensor_view.h"

namespace rankscope {

// Below, for a rows × cols matrix: p and q are its smaller and larger side, β = p/q, and μ_β the median of the
// Marchenko–Pastur law, the limit distribution of σ²/(s²q) for independent entries of variance s² (Marchenko & Pastur
// 1967): density √((λ₊−x)(x−λ₋)) / (2πβx) on [λ₋, λ₊], λ± = (1±√β)².

/// A power law fitted to the tail λ ≥ xmin of the eigenvalues λ = σ², density ∝ λ^−α. Clauset, Shalizi & Newman 2009:
/// α = 1 + k / Σ ln(λ_i/xmin) over the k values of the tail (maximum likelihood), and of the candidate xmin the one
/// with the smallest Kolmogorov–Smirnov distance.
struct PowerLaw {
  double alpha = 0;
  double xmin = 0;       ///< in units of λ
  double distance = 0;   ///< Kolmogorov–Smirnov, between the tail and the fit
  std::int64_t tail = 0; ///< k
};

inline constexpr std::array<double, 4> kDiagnosticCosines{0.85, 0.9, 0.95, 0.99};

/// What a spectrum says beyond its values. The noise model supposes independent entries; trained weights need not obey.
struct Diagnostics {
  double stableRank = 0;          ///< ‖W‖_F²/σ₁²
  double effectiveRank = 0;       ///< exp of the entropy of p ∝ σ (Roy & Vetterli 2007)
  double effectiveRankEnergy = 0; ///< the same of p ∝ σ²
  double noiseScale = 0; ///< s = median σ / √(q·μ_β), by the Marchenko–Pastur model (Gavish & Donoho 2014, §III.E)
  double noiseEdge = 0;              ///< s·(√rows + √cols): σ of pure noise end here
  std::int64_t aboveEdge = 0;        ///< values above that edge
  double gavishDonohoThreshold = 0;  ///< ω(β)·median σ, see gavishDonohoCoefficient()
  std::int64_t gavishDonohoRank = 0; ///< values above it: a denoising rank, not a compression target
  std::optional<PowerLaw> powerLaw;  ///< none where fewer than 10 values are positive or all are equal
  std::array<std::int64_t, kDiagnosticCosines.size()>
      ranksForCosines{};    ///< smallest ranks that reach kDiagnosticCosines
  double breakEvenRank = 0; ///< rows·cols/(rows+cols)
};

Diagnostics diagnose(const Spectrum& spectrum);

/// What the entries themselves say about outliers.
struct EntryStatistics {
  double largest = 0;  ///< max |w|
  double kurtosis = 0; ///< E(w−w̄)⁴ / (E(w−w̄)²)²: 3 for a Gaussian; 0 for a constant matrix
};

/// One figure by the name that run files, JSON and reports use.
struct NamedDiagnostic {
  std::string_view key;
  double value = 0;
};

/// Every name there is, in the order of a table.
inline constexpr std::array<std::string_view, 19> kDiagnosticKeys{"stable_rank",
                                                                  "effective_rank",
                                                                  "effective_rank_energy",
                                                                  "noise_scale",
                                                                  "noise_edge",
                                                                  "values_above_edge",
                                                                  "gavish_donoho_threshold",
                                                                  "gavish_donoho_rank",
                                                                  "power_law_alpha",
                                                                  "power_law_xmin",
                                                                  "power_law_distance",
                                                                  "power_law_tail",
                                                                  "rank_for_cosine_0.85",
                                                                  "rank_for_cosine_0.90",
                                                                  "rank_for_cosine_0.95",
                                                                  "rank_for_cosine_0.99",
                                                                  "break_even_rank",
                                                                  "largest_entry",
                                                                  "kurtosis"};

/// Those of them that are known, in that order.
std::vector<NamedDiagnostic> namedDiagnostics(const Diagnostics& diagnostics,
                                              const std::optional<EntryStatistics>& entries);

/// μ_β for the shape.
double marchenkoPasturMedian(std::int64_t rows, std::int64_t cols);

/// ω(β) = λ*(β)/√μ_β with λ*(β) = √(2(β+1) + 8β/((β+1) + √(β²+14β+1))): times the median σ it is the optimal hard
/// threshold for unknown noise (Gavish & Donoho 2014, eq. 11 and §III.E); 2.858 for a square matrix.
double gavishDonohoCoefficient(std::int64_t rows, std::int64_t cols);

/// The noise floor: cosine(W, W_r) that a large Gaussian matrix of this shape keeps at rank r, for r = 0 … p. With
/// x = 1+β+2√β·cos θ the law puts (2/π)∫₀^θ sin²t/x(t) dt of the values and (θ − sin θ cos θ)/π of the energy above x.
std::vector<double> noiseFloorCosines(std::int64_t rows, std::int64_t cols);

EntryStatistics entryStatistics(const MatrixView& matrix);

} // namespace rankscope
