// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/base/progress.h"
#include "core/tensor/dtype.h"

namespace rankscope {

/// The size of a GPT-Neo-shaped model that is generated, not trained.
struct SyntheticShape {
  int blocks = 4;
  int hidden = 256;
  int heads = 8;
  int intermediate = 1024;
  int vocabulary = 2000;
  int positions = 256;
  DType dtype = DType::F32; ///< F32, F16 or BF16
};

/// GPT-Neo 1.3B: 1,315,575,808 parameters, 5.3 GB in F32. For benchmarks.
inline constexpr SyntheticShape kGptNeo13B{24, 2048, 16, 8192, 50257, 2048, DType::F32};

/// Writes model.safetensors and config.json (Hugging Face names) into `folder`, which is made when missing. Weights are
/// noise whose rows and columns differ in size, plus a part of falling singular values in random directions: spectra
/// that fall as those of trained models do, faster for queries and keys than for the MLP. The same seed gives the same
/// model. The metadata says "rankscope_synthetic", by which it opens as synthetic. Memory: one stripe of a matrix.
/// Throws Error as SafetensorsWriter does; never replaces a model.safetensors.
void writeSyntheticCheckpoint(const std::filesystem::path& folder, const SyntheticShape& shape = {},
                              std::uint64_t seed = 1, const Progress& progress = {});

} // namespace rankscope
