// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <Eigen/Core>

#include "core/calibrate/calibration.h"
#include "core/checkpoint/layer.h"
#include "core/tensor/convert.h"

namespace rankscope {

/// Which error is made smallest when something else takes the place of a linear's matrix M (out × in), D the
/// difference.
enum class Metric {
  Outputs,     ///< tr(D C Dᵀ) = E‖Dx‖²: activations weigh the inputs
  Predictions, ///< tr(G D C Dᵀ) = 2 · KL in nats a token, about: Fisher weighs the outputs, too
};

/// The stored matrix as out × in, and back: the same function both ways.
RowMatrixD turned(const RowMatrixD& matrix, Orientation orientation);

/// Lower triangular L with LLᵀ = matrix + damping · mean(diagonal) · I; ten times the damping as long as rounding makes
/// that indefinite. The identity for a matrix without a trace.
Eigen::MatrixXd dampedRoot(const Eigen::MatrixXd& matrix, double damping);

/// G with 1e-4 of its mean diagonal added, as directions that never mattered in the text could matter in another.
/// Weighs the outputs of Metric::Predictions everywhere.
Eigen::MatrixXd dampedGradients(const Moments& moments);

/// The moments about the mean, C − μμᵀ: what matters of the inputs where the bias makes up for their mean.
Moments centred(const Moments& moments);

/// tr(G D C Dᵀ), G = I for Outputs. `difference` is stored as its layer is.
double weightedError(const RowMatrixD& difference, Orientation orientation, const Moments& moments, Metric metric);

/// KL in nats a token that putting M − D in the place of M is predicted to cost, by itself and while it is small:
/// ½ tr(G D C Dᵀ). The price of any candidate, from the difference that it really leaves.
double predictedDivergence(const RowMatrixD& difference, Orientation orientation, const Moments& moments);

/// The same for every rank r = 0 … n of the best correction of that difference: ½Σ_{i>r}σ_i², from the singular values
/// of its WeightedMatrix in Metric::Predictions. With D = M − base, entry 0 is the base alone, entry r base + rank r;
/// with D = M, entry r is rank r alone.
std::vector<double> divergenceByRank(const std::vector<double>& sigma);

/// ‖(M − M̂)L‖_F / ‖ML‖_F with C = LLᵀ: the relative error of the linear's outputs on the calibration text.
double relativeOutputError(const RowMatrixD& stored, const RowMatrixD& approximation, Orientation orientation,
                           const Moments& moments);

} // namespace rankscope
