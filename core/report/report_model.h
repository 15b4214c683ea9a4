// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/report.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/spectrum/spectrum.h"
#include "core/store/run_file.h"

namespace rankscope {

/// One layer of a report. The record belongs to the run.
struct ReportLayer {
  enum class State { Untouched, Dense, Factored, Quantised, Failed }; // Quantised: with a correction or without

  const LayerRecord* record = nullptr;
  State state = State::Untouched;
  std::optional<Spectrum> spectrum;
  std::optional<double> cosine; ///< measured; 1 for a layer kept dense
  std::optional<double> relativeError;
  std::optional<double> predictedCosine;
  std::optional<Verdict> verdict; ///< of compressed layers
  std::uint64_t bytesBefore = 0;
  std::uint64_t bytesAfter = 0;
  std::string error;

  bool isCompressed() const { return state == State::Factored || state == State::Quantised; }
  /// Of factors that stand for the matrix alone.
  std::optional<double> diagnostic(std::string_view key) const; ///< one of kDiagnosticKeys
  std::optional<std::int64_t> rank() const;
  /// "384", "int4", "int4 + 8"; nullopt for a layer that is not compressed.
  std::optional<std::string> kind() const;
  std::int64_t smallSide() const { return std::min(record->rows, record->cols); }
};

/// What one uniform share of the rank would cost to reach a mean cosine, by the spectra: exact truncation, before any
/// rounding of factors.
struct RankDemand {
  double target = 0; ///< mean cosine over the layers
  double share = 0;  ///< of min(rows, cols), the same for every layer
  double meanRank = 0;
  double numbersKept = 0;  ///< numbers in the factors / numbers in the matrices
  int pastBreakEven = 0;   ///< layers whose factors would be no smaller than the matrix
  double randomCosine = 0; ///< mean cosine that random matrices of these shapes keep at the same ranks
};

struct Averages {
  double cosine = 0;
  double relativeError = 0;
  std::optional<double> predictedCosine;
};

/// A run as a report shows it.
struct ReportModel {
  const RunContents* run = nullptr;
  std::vector<ReportLayer> layers;
  int factored = 0;
  int quantised = 0;
  int dense = 0;
  int failed = 0;
  int analysed = 0;
  std::optional<Averages> averages; ///< over the compressed layers
  int compressed() const { return factored + quantised; }
  std::array<int, kVerdicts.size()> verdicts{};
  std::uint64_t bytesBefore = 0; ///< of the compressed layers
  std::uint64_t bytesAfter = 0;
  std::uint64_t modelAfter = 0; ///< of the whole model

  /// Layers that the next figures are about: the factored ones, else attention and MLP, else all with a spectrum.
  std::vector<const ReportLayer*> scope;
  double meanBreakEvenShare = 0;     ///< of min(rows, cols)
  std::optional<double> meanShare;   ///< of the full rank, that was chosen
  std::optional<double> meanNow;     ///< predicted mean cosine at the ranks chosen
  std::optional<double> meanDoubled; ///< and at twice those ranks
  std::vector<RankDemand> demands;   ///< for mean cosines 0.85, 0.9, 0.95
};

ReportModel modelOf(const RunContents& run, const VerdictThresholds& thresholds);

} // namespace rankscope
