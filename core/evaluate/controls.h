// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include <nlohmann/json_fwd.hpp>

#include "core/evaluate/comparison.h"

namespace rankscope {

/// What the metrics say where nothing, or everything, is lost: without these a cosine of 0.9 means nothing.
struct Controls {
  Comparison bf16;                  ///< the original with weights and activations rounded to bf16
  std::optional<Comparison> random; ///< random factors of the compressed ones' shapes and energy; only with factors
  double unrelatedLogitCosine = 0;  ///< outputs of the original for unrelated texts, position by position
  double unrelatedCenteredCosine = 0;
  double unrelatedHiddenCosine = 0;
};

/// Over the first windows, `tokens` of them at most.
Controls measureControls(const Model& original, const Model& compressed, std::span<const Window> windows,
                         std::int64_t tokens, const Progress& progress = {});

/// The model as it would run in bf16: every linear's weights, inputs and outputs rounded.
Model inBf16(const Model& model);
/// Every factored linear replaced by random Gaussian factors of the same shape and ‖A·B‖.
Substitutes randomFactors(const Model& model, std::uint64_t seed);

nlohmann::json toJson(const Controls& controls);

} // namespace rankscope
