// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/factored_manifest.h"

namespace rankscope {

/// A layer of the manifest with its parts found among the tensors and checked against it.
struct FactoredLayer {
  ManifestLayer entry;
  StoredLayer stored;
};

/// True for the names that the tensors of a compressed layer have.
bool isFactorTensor(std::string_view name);
/// True for those that no other program gives.
bool marksFactoredExport(std::string_view name);

/// Whether a tensor is the linear's bias, by name and size.
bool isBiasOf(const LayerInfo& layer, const TensorView& tensor);
/// What the linear's bias is called; "" for a layer that is not called a weight.
std::string biasNameOf(const LayerInfo& layer);
/// The linear's bias in the checkpoint; null where it has none.
const TensorView* biasOf(const Checkpoint& checkpoint, const LayerInfo& layer);

/// Finds every layer of the manifest among `tensors` (sorted by name). Throws Error (Malformed) naming layer or tensor:
/// tensors that are missing, of another dtype or shape than the manifest says, or that the manifest does not list; a
/// layer that is there both plain and compressed.
std::vector<FactoredLayer> joinFactors(const FactoredManifest& manifest, std::span<const TensorView> tensors,
                                       const std::filesystem::path& manifestPath);

} // namespace rankscope
