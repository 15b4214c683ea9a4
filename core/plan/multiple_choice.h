// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace rankscope {

/// One way to keep a layer: the bytes that it takes and what it costs the model, in any unit that adds up.
struct Alternative {
  double bytes = 0;
  double cost = 0;
};

/// One alternative for each layer.
struct Selection {
  std::vector<std::size_t> chosen; ///< index of the alternative, per layer
  double bytes = 0;
  double cost = 0;
  double bound = 0;     ///< no selection is better than this: of the linear relaxation
  bool feasible = true; ///< false when even the smallest alternatives do not fit; they are then what is chosen
};

/// The multiple-choice knapsack problem: least Σ cost with Σ bytes ≤ limit. One price per byte for the whole model
/// picks an alternative on the lower convex hull of every layer (Sinha & Zoltners 1979), which is optimal but for the
/// last step; single changes and swaps between two layers, off the hull too, then use up what is left. Every layer has
/// at least one alternative; pinned layers have exactly one.
Selection leastCost(std::span<const std::vector<Alternative>> layers, double bytesLimit);

/// Least Σ bytes with Σ cost ≤ limit. `bound` is of the bytes.
Selection leastBytes(std::span<const std::vector<Alternative>> layers, double costLimit);

/// leastCost() for `points` sizes spread evenly from the smallest possible to that of the least cost: what every
/// further byte can buy. Falling in cost.
std::vector<Selection> costFrontier(std::span<const std::vector<Alternative>> layers, int points);

} // namespace rankscope
