// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <vector>

#include "core/model/model.h"

namespace rankscope {

/// The linear whose inputs stand for those of each linear of the blocks: the query of its block for key and value, up
/// for gate, else itself.
std::map<LayerId, LayerId> inputOwners(const Model& model);

/// The linears of a block that read the same inputs, group by group in the order in which the forward pass meets them.
std::vector<std::vector<LayerId>> stagesOf(const Model& model, int block);

} // namespace rankscope
