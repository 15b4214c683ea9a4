// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "core/calibrate/weighted_factors.h"
#include "core/model/model.h"

namespace rankscope {

struct RefineOptions {
  int steps = 100;
  std::int64_t batchTokens = 1024;
  double learningRate = 0.01;  ///< largest step of a number, as a share of its factor's root-mean-square size
  std::uint64_t seed = 1;      ///< of the order of the sequences
};

/// Adjusts all factors together so that the model with them predicts what the original predicts: gradient descent (Adam:
/// Kingma & Ba 2015; linear warm-up and decay) on KL(original ‖ compressed) over the sequences, what distillation is
/// (Hinton et al. 2015). Ranks and everything else stay. `sink`, when given, hears the KL in nats a token of each
/// step's batch before the step. Throws Cancelled between steps and blocks.
std::map<LayerId, FactorValues> refine(const Model& original, std::map<LayerId, FactorValues> factors,
                                       std::span<const std::vector<int>> sequences, const RefineOptions& options,
                                       const Progress& progress = {}, const std::function<void(int, double)>& sink = {});

}  // namespace rankscope
