// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace rankscope {

/// The files that make up a model, found beside the path that was given before any link is resolved.
struct ModelFiles {
  std::filesystem::path given;  ///< absolute
  std::filesystem::path folder; ///< where config.json and tokenizer files lie
  std::vector<std::filesystem::path> weights;
  std::filesystem::path index;                  ///< of a sharded model, else empty
  std::map<std::string, std::string> weightMap; ///< tensor -> shard's file name, as the index says
};

/// `path` is a safetensors file, an index of shards, or a folder: of a model, or of a Hugging Face cache
/// (`models--owner--name`, whose main snapshot is taken). A shard that an index beside it lists stands for the whole
/// model. Throws Error saying what is missing, or what is there instead.
ModelFiles locateModel(const std::filesystem::path& path);

} // namespace rankscope
