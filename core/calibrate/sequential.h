// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "core/calibrate/calibration.h"
#include "core/checkpoint/layer.h"
#include "core/model/model.h"
#include "core/tensor/convert.h"

namespace rankscope {

/// One layer as a sequential fit meets it, everything before it compressed already.
struct SequentialTarget {
  LayerId layer;
  /// M̃ (stored as the layer is), what a compressed M should come near to: the best answer of an unrestricted matrix on
  /// the compressed model's inputs x̃ to what the original gives, M̃ = E[y x̃ᵀ] E[x̃ x̃ᵀ]⁻¹, drawn towards M by the damping.
  RowMatrixD matrix;
  /// Inputs and their mean are those of x̃; gradients are the original's, where there are any.
  Moments moments;
  /// The mean that its outputs should have, bias apart: see biasShiftOf().
  Eigen::VectorXd wantedMean;
  int threads = 1; ///< cores that the fit may use
};

struct SequentialOptions {
  double damping = 0.01; ///< λ as a share of E[x̃ x̃ᵀ]'s mean diagonal
  /// Linears that write to the residual stream also make up for what the compressed stream already lacks there.
  bool correctResidual = true;
  std::int64_t batchTokens = 2048;
  /// What a block of the original shows of the whole text is kept in so many bytes, or else found again for each stage.
  std::uint64_t keptBytes = std::uint64_t{1} << 30;
  /// Layers whose bias will make up for the mean: their targets are regressions about the means. None when empty.
  std::function<bool(LayerId)> shiftsBias = {};
  Substitutes others = {}; ///< what stands for layers that are compressed already, wherever they are
};

/// Puts a fitted linear in the place of one layer; null keeps it dense. Layers of one stage are fitted at once, from
/// several threads.
using SequentialFit = std::function<LinearPtr(const SequentialTarget&)>;

/// Goes through the blocks in order, stage by stage (q, k, v; output; gate, up; down): runs the text through the
/// original and the model compressed so far, solves for the targets of those of `layers` in the stage and lets `fit`
/// replace them. `gradients` gives G of a layer or an empty matrix. Memory: two residual streams of the whole text, the
/// original's block as far as `keptBytes` allows, one batch's activations, one stage's moments. Throws Cancelled
/// between batches.
Substitutes fitInOrder(const Model& original, std::span<const std::vector<int>> sequences,
                       const std::vector<LayerId>& layers, const std::function<Eigen::MatrixXd(LayerId)>& gradients,
                       const SequentialFit& fit, const SequentialOptions& options = {}, const Progress& progress = {});

} // namespace rankscope
