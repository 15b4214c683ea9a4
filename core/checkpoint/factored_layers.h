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

/// A layer of the manifest with its factors found among the tensors and checked against it.
struct FactoredLayer {
  ManifestLayer entry;
  FactorPair factors;
};

/// True for the names that factors and their scales have.
bool isFactorTensor(std::string_view name);

/// Finds every layer of the manifest among `tensors` (sorted by name). Throws Error (Malformed) naming layer or tensor:
/// factors or scales that are missing, of another dtype or shape than the manifest says, or that the manifest does not
/// list; a layer that is there both dense and factored.
std::vector<FactoredLayer> joinFactors(const FactoredManifest& manifest, std::span<const TensorView> tensors,
                                       const std::filesystem::path& manifestPath);

} // namespace rankscope
