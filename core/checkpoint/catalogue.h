// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/families.h"
#include "core/checkpoint/layer.h"

namespace rankscope {

/// What classification needs to know of a matrix.
struct CandidateMatrix {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  DType dtype = DType::F32;
  std::uint64_t bytes = 0;
  std::optional<std::int64_t> factoredRank;
  std::optional<StorageFormat> base = {};
  bool biasShift = false;
  std::string method = {};
  std::optional<Orientation> orientation; ///< when a manifest records it
};

/// The parts of config.json that classification reads.
struct ModelConfig {
  std::string modelType; ///< "" when there is no config.json or it does not say
  std::vector<std::string> architectures;
  std::optional<bool> tieWordEmbeddings;
};
ModelConfig parseModelConfig(std::string_view configJson, const std::filesystem::path& path);

/// The family by config.json, else by the names of the tensors; null when it is none of ours.
const Family* recogniseFamily(const ModelConfig& config, std::span<const std::string_view> tensorNames);

/// Roles, blocks and orientations of all matrices, in model order: embeddings, blocks as the forward pass meets them,
/// then what follows. Ids are set; buffers are left out. Tied heads are not handled here.
std::vector<LayerInfo> classify(const Family* family, std::span<const CandidateMatrix> matrices);

} // namespace rankscope
