// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/base/progress.h"
#include "core/calibrate/metric.h"
#include "core/tensor/stored_matrix.h"

namespace rankscope {

struct RoundingOptions {
  Metric metric = Metric::Predictions; ///< Outputs where the moments have no gradients or there are over 4096 outputs
  double damping = 0.01;               ///< share of C's mean diagonal that is added to it, against overfitting the text
  int sweeps = 3;                      ///< at most so many rounds of improvement; fewer once they gain less than 0.5 %
};

/// A linear's matrix in integers whose scales are shared along its inputs, chosen so that the error in the metric is
/// small, not each element's. First columns one after another, the error of those done carried over to those to come
/// (the rounding of GPTQ, Frantar et al. 2022, here from C's Cholesky factor, last column first) with scales that are
/// searched for; then sweeps of coordinate descent: each scale and each code becomes the best one given all others, so
/// the error only falls. Not thread-safe; one thread.
class WeightedRounding final {
 public:
  /// `stored` is the matrix as it lies in the checkpoint; so are all that are given and returned. The format is an
  /// integer one with scales PerRow for out×in and PerColumn for in×out.
  WeightedRounding(const RowMatrixD& stored, Orientation orientation, const Moments& moments,
                   const StorageFormat& format, const RoundingOptions& options = {});

  /// Goes on from what an earlier rounding of the same matrix in the same format gave.
  WeightedRounding(const RowMatrixD& stored, Orientation orientation, const Moments& moments, const StoredMatrix& start,
                   const RoundingOptions& options = {});

  /// Sweeps until they no longer help.
  void improve(const Progress& progress = {});
  /// Goes on from the present codes and scales towards another matrix: what is left beside a correction.
  void retarget(const RowMatrixD& stored);

  double error() const;      ///< in the metric, damping included: what improve() lowers
  RowMatrixD values() const; ///< as rounded
  StoredMatrix result() const;

 private:
  /// Everything but codes and scales, which are zero.
  struct Blank {};
  WeightedRounding(Blank, const RowMatrixD& stored, Orientation orientation, const Moments& moments,
                   const StorageFormat& format, const RoundingOptions& options);

  using Codes = Eigen::Matrix<std::int8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  struct Columns {
    Eigen::Index first, count;
  };

  Columns block(Eigen::Index index) const;
  float& scale(Eigen::Index row, Eigen::Index column);
  double written(double scale) const;
  int coded(double value, double scale) const;
  void chooseScales(Columns columns, const RowMatrixD& wanted, const Eigen::VectorXd& weights);
  void roundInOrder(const Eigen::MatrixXd& root);
  RowMatrixD slopes(Columns columns) const;
  void refitScales(Columns columns);
  void recode(Columns columns);

  Orientation m_orientation;
  StorageFormat m_format;
  RoundingOptions m_options;
  Eigen::MatrixXd m_inputs;    ///< C, damped
  Eigen::MatrixXd m_gradients; ///< G, damped; empty for Outputs
  RowMatrixD m_target;         ///< out × in, as all below
  Codes m_codes;
  RowMatrixF m_scales; ///< out × groups
  RowMatrixD m_rest;   ///< D = target − rounded
  RowMatrixD m_spread; ///< D C
};

} // namespace rankscope
