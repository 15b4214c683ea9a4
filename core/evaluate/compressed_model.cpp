// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/compressed_model.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/evaluate/comparison.h"

namespace rankscope {

Substitutes
compressedLinears(const Checkpoint& checkpoint, const ResolvedPlan& plan, const SpectrumLookup& spectra,
                  const Progress& progress,
                  const std::function<std::optional<CompressedLayer>(LayerId, const LayerChoice&)>& finished,
                  const Factoriser& factoriser) {
  Substitutes result;
  std::string failure;
  CompressionHooks hooks;
  hooks.finished = finished;
  hooks.factoriser = factoriser;
  hooks.sink = [&](CompressedLayer&& layer) {
    if (!layer.error.empty() && failure.empty()) failure = layer.error;
    if (LinearPtr linear = linearOf(checkpoint, layer)) result[layer.layer] = std::move(linear);
  };
  compress(checkpoint, plan, spectra, hooks, progress);
  if (!failure.empty()) throw Error(ErrorKind::BadValues, failure);
  return result;
}

Substitutes substitutesBetween(const Model& original, const Model& compressed) {
  checkComparable(original, compressed);
  Substitutes result;
  for (const LayerId layer : original.blockLayers()) {
    const auto other = compressed.checkpoint().findLayer(original.checkpoint().layer(layer).name);
    if (!other || !compressed.linears().contains(*other)) continue;
    const LinearPtr& linear = compressed.linear(*other);
    const bool same = !linear->rank() && linear->bytes() == original.linear(layer)->bytes() &&
                      original.checkpoint().contentHash(layer) == compressed.checkpoint().contentHash(*other);
    if (!same) result[layer] = linear;
  }
  return result;
}

} // namespace rankscope
