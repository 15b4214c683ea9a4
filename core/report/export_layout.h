// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/report.

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/safetensors_writer.h"
#include "core/plan/resolve.h"
#include "core/report/export_model.h"

namespace rankscope {

/// A tensor of the export and where its bytes come from: a tensor of the checkpoint, as it is, or a layer's parts.
struct ExportTensor {
  TensorSpec spec;
  const TensorView* copyOf = nullptr;
  std::optional<LayerId> layer; ///< set for the tensors of a layer
};

using Shard = std::vector<ExportTensor>;

/// What a layer takes in the export under a choice. A compressed layer that stays is kept as it is in a factored export
/// and multiplied out in a dense one. A bias shift is a tensor of its own in a factored export and added to the linear's
/// bias in a dense one: throws Error(BadRequest) where there is no bias to take it.
std::vector<ExportTensor> tensorsOfLayer(const Checkpoint& checkpoint, LayerId layer, const LayerChoice& choice,
                                         ExportKind kind);

/// All tensors of the export, filled one after the other into files of at most 5 GB (more only for a single tensor
/// that is larger): what Hugging Face tools do.
std::vector<Shard> exportShards(const Checkpoint& checkpoint, std::span<const LayerChoice> choices, ExportKind kind);

std::vector<TensorSpec> specsOf(const Shard& shard);

/// "model.safetensors", or "model-00002-of-00005.safetensors".
std::string shardName(std::size_t index, std::size_t count);

Metadata exportMetadata(const Checkpoint& checkpoint);

/// The files beside the weights that make the folder a model: configuration, tokenizer, licence.
std::vector<std::filesystem::path> companionFiles(const Checkpoint& checkpoint);

} // namespace rankscope
