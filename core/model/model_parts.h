// SPDX-License-Identifier: GPL-3.0-or-later
// What a Model is made of besides its linears; for the forward and the backward pass only.
#pragma once

#include <optional>
#include <vector>

#include "core/model/model.h"

namespace rankscope {

struct Norm {
  std::vector<float> weight;
  std::vector<float> bias;
};

struct BoundLinear {
  LayerId layer;
  std::vector<float> bias;
};

struct Block {
  Norm attentionNorm, mlpNorm;
  BoundLinear query, key, value, attentionOutput, up, gate, down;
};

/// What all copies of a model share: everything but the linears.
struct Model::Parts {
  Architecture architecture;
  std::vector<Block> blocks;
  Norm finalNorm;
  LayerId embedding, head;
  std::optional<LayerId> position;
  std::vector<LayerId> blockLayers;
};

/// The norm of every row.
RowMatrixF normaliseRows(const Architecture& architecture, const Norm& norm, const RowMatrixF& x);

}  // namespace rankscope
