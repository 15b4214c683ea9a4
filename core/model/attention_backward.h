// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/attention.h"
#include "core/tensor/convert.h"

namespace rankscope {

/// Queries, keys and values of one sequence, one position a row, heads side by side; or the gradients with respect to them.
struct AttentionInputs {
  RowMatrixF queries;  ///< rows × heads·headDim
  RowMatrixF keys;     ///< rows × kvHeads·headDim
  RowMatrixF values;
};

/// Gradients with respect to the inputs of attend() over a whole sequence from position 0, given those with respect to
/// its result (rows × heads·headDim). With P = softmax(S), O = PV: dS = P ∘ (dP − rowsum(dP ∘ P)).
AttentionInputs attendBackward(const AttentionShape& shape, const AttentionInputs& inputs, const RowMatrixF& gradients);

}  // namespace rankscope
