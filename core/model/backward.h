// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include "core/model/model.h"

namespace rankscope {

/// What a backward pass is asked with and tells.
struct BackwardHooks {
  /// Turns the logits of tokens firstToken, firstToken + 1, … (rows × vocabulary) into the gradient of a loss with
  /// respect to them, in place.
  std::function<void(RowMatrixF& logits, std::int64_t firstToken)> logits;
  /// For every linear of the blocks, from the last block to the first: its inputs (tokens × in) and the gradient of
  /// the loss with respect to its outputs (tokens × out). From these follow the gradients of its weights (gᵀx for
  /// out×in) and its Fisher factors E[xxᵀ], E[ggᵀ].
  std::function<void(LayerId layer, Eigen::Ref<const RowMatrixF> inputs, Eigen::Ref<const RowMatrixF> gradients)> linear;
};

/// Reverse-mode differentiation through the model: one forward pass that keeps the residual stream before each block,
/// then each block again, backwards. Memory is one block's activations. Throws Cancelled between blocks.
void backpropagate(const Model& model, const Batch& batch, const BackwardHooks& hooks, const Progress& progress = {});

}  // namespace rankscope
