// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "core/compress/compress.h"
#include "core/model/model.h"

namespace rankscope {

struct RefineOptions {
  int steps = 100;
  std::int64_t batchTokens = 1024;
  double learningRate = 0.01; ///< largest step of a number, as a share of its factor's root-mean-square size
  std::uint64_t seed = 1;     ///< of the order of the sequences
  double heldOut = 0.125;     ///< share of the sequences that are only looked at, at most 8, where there are 4 or more
  int stepsPerCheck = 25;     ///< between looks at those
  double seconds = 0;         ///< no step begins after these; 0: no limit
  Substitutes fixed = {};     ///< of layers that are compressed, too, and stay as they are
};

/// What refine() tells of one step.
struct RefineStep {
  int step = 0;
  double divergence = 0;         ///< KL in nats a token of the step's batch, before the step
  std::optional<double> heldOut; ///< KL on the held-out sequences, where they were looked at before the step
};

/// Adjusts all parts together (factors, scales of quantised bases, bias shifts) so that the model with them predicts
/// what the original predicts: gradient descent (Adam, linear warm-up and decay) on KL(original ‖ compressed) over the
/// sequences, what distillation is (Hinton et al. 2015). Ranks, codes and everything else stay. Returns the parts with
/// the least KL on the held-out sequences, which may be those given. Throws Cancelled between steps and blocks.
std::map<LayerId, LayerParts> refine(const Model& original, std::map<LayerId, LayerParts> parts,
                                     std::span<const std::vector<int>> sequences, const RefineOptions& options = {},
                                     const Progress& progress = {},
                                     const std::function<void(const RefineStep&)>& sink = {});

} // namespace rankscope
