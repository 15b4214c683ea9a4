// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/checkpoint/factored_manifest.h"
#include "tests/support/small_models.h"

namespace rankscope::test {

/// A tensor of whole numbers below `modulus`, as codes are.
SmallTensor codes(std::string name, std::vector<std::uint64_t> shape, DType dtype, int modulus);

/// A GPT-2 of one block without its up projection and its fused q, k, v, ready to hold what a factored export has in
/// their place, and the manifest of that export.
struct FactoredExport {
  static inline const std::string kUp = "transformer.h.0.mlp.c_fc.weight";     ///< in × out: 32×56
  static inline const std::string kQkv = "transformer.h.0.attn.c_attn.weight"; ///< in × out: 32×96

  FactoredExport();
  SmallTensor& tensor(const std::string& name) { return *model.find(name); }
  void erase(const std::string& name);
  /// Writes the model and rankscope.json.
  void write(const std::filesystem::path& folder) const;

  SmallModel model;
  FactoredManifest manifest;
};

} // namespace rankscope::test
