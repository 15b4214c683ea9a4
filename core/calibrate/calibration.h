// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "core/model/model.h"

namespace rankscope {

/// What a text shows of one linear y = xMᵀ (M is out × in, whatever the orientation it is stored in). Matrices are
/// symmetric and positive semi-definite; linears that read the same inputs (q, k, v; gate and up) share theirs.
struct Moments {
  std::shared_ptr<const Eigen::MatrixXd> inputs;    ///< C = E[x xᵀ], in × in
  std::shared_ptr<const Eigen::VectorXd> inputMean; ///< μ = E[x]
  Eigen::MatrixXd gradients; ///< G = E[g gᵀ], out × out, g the gradient of −log p(ŷ) at y; empty when not asked for
};

struct Calibration {
  std::int64_t tokens = 0;
  std::int64_t widest = 0;           ///< inputs of the widest linear
  std::map<LayerId, Moments> layers; ///< empty ones where `elsewhere` gives them
  std::function<Moments(LayerId)> elsewhere;

  /// The moments of one of the layers. Any thread.
  Moments at(LayerId layer) const;

  /// Whether there are at least as many tokens as the widest linear has inputs: else C has not full rank for it.
  bool coversWidth() const;
};

struct CalibrationOptions {
  bool gradients = true;  ///< needs the backward pass, three times the work
  std::uint64_t seed = 1; ///< of the tokens ŷ drawn from the model's own predictions
  std::int64_t batchTokens = 2048;
  int firstBlock = 0; ///< only the linears of blocks firstBlock … lastBlock − 1 are met
  int lastBlock = 1 << 30;
};

/// Runs the sequences through the model and accumulates the moments of every linear of its blocks: products in F32,
/// sums in double, means rounded to F32. The gradients are those of the log-likelihood of tokens sampled from the model
/// itself, which makes E over them the true Fisher information (Kronecker-factored: Martens & Grosse 2015): moving the
/// weights by Δ changes the model's predictions by KL ≈ ½ tr(G Δ C Δᵀ) nats a token. Throws Cancelled between batches
/// and blocks.
Calibration calibrate(const Model& model, std::span<const std::vector<int>> sequences,
                      const CalibrationOptions& options = {}, const Progress& progress = {});

} // namespace rankscope
