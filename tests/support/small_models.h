// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/safetensors_writer.h"

namespace rankscope::test {

/// A tensor with its values; stored in spec.dtype, rounded. For dtypes that are no weights the values become whole
/// numbers.
struct SmallTensor {
  TensorSpec spec;
  std::vector<double> values;
};

/// Normally distributed values with standard deviation `scale` that depend on the name and seed only.
SmallTensor randomTensor(std::string name, std::vector<std::uint64_t> shape, double scale = 0.2,
                         DType dtype = DType::F32, std::uint64_t seed = 1);

/// A model small enough to write in a blink, named and configured as Hugging Face does it.
struct SmallModel {
  std::vector<SmallTensor> tensors;
  std::string configJson; ///< "" for none

  SmallTensor* find(std::string_view name);
};

enum class SmallFamily { GptNeo, Gpt2, GptNeoX, Llama, Mistral, Qwen2, Bert, Opt };

/// Every side differs from the others wherever a family lets it.
struct SmallShape {
  int blocks = 2;
  int hidden = 32;
  int heads = 4;
  int keyHeads = 2; ///< LLaMA, Mistral, Qwen2
  int intermediate = 56;
  int vocabulary = 61;
  int positions = 40;
  DType dtype = DType::F32;
  bool prefixed = true; ///< with `transformer.`, `model.`, …
  bool tied = true;     ///< no lm_head; else one of its own
  std::uint64_t seed = 1;
};

/// All tensors of a complete model of the family, biases, norms and causal masks included, and its config.json.
SmallModel smallModel(SmallFamily family, const SmallShape& shape = {});

/// Writes tensors into one safetensors file (an existing one is replaced).
void writeTensors(const std::filesystem::path& file, std::span<const SmallTensor> tensors,
                  const Metadata& metadata = {{"format", "pt"}});

/// Writes model.safetensors and config.json into `folder`, which is made when missing.
void writeModel(const std::filesystem::path& folder, const SmallModel& model);

/// The same in `shards` files with model.safetensors.index.json.
void writeShardedModel(const std::filesystem::path& folder, const SmallModel& model, int shards);

/// smallModel() written into `folder`; returns the folder.
std::filesystem::path writeSmallModel(const std::filesystem::path& folder, SmallFamily family,
                                      const SmallShape& shape = {});

} // namespace rankscope::test
