// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/catalogue.h"

#include <algorithm>
#include <tuple>

#include <nlohmann/json.hpp>

#include "core/checkpoint/json_file.h"

namespace rankscope {

namespace {

/// Where a layer comes in model order; compared member by member.
struct Order {
  int stage = 0;        // before the blocks, in them, after them
  bool decoder = false; // encoder-decoder models: the encoder comes first
  int block = 0;
  bool guessed = false;
  std::size_t rank = 0; // within its table, or its role
  std::string_view name;
  auto operator<=>(const Order&) const = default;
};

struct Classified {
  LayerInfo layer;
  Order order;
};

int stageOf(const LayerInfo& layer) {
  if (layer.block) return 1;
  return layer.role == Role::Embedding || layer.role == Role::Position ? 0 : 2;
}

Classified classifyOne(const Family* family, const CandidateMatrix& matrix) {
  LayerInfo layer;
  layer.name = matrix.name;
  layer.rows = matrix.rows;
  layer.cols = matrix.cols;
  layer.dtype = matrix.dtype;
  layer.bytes = matrix.bytes;
  layer.factoredRank = matrix.factoredRank;
  layer.base = matrix.base;
  layer.biasShift = matrix.biasShift;
  layer.method = matrix.method;
  Order order;
  const std::optional<Placement> placement = family ? place(*family, matrix.name) : std::nullopt;
  if (placement) {
    layer.role = placement->weight->role;
    layer.orientation = placement->weight->orientation;
    layer.block = placement->block;
    const auto table = layer.block ? family->blockWeights : family->outerWeights;
    order.rank = static_cast<std::size_t>(placement->weight - table.data());
  } else {
    layer.role = guessRole(matrix.name);
    layer.roleGuessed = true;
    layer.block = guessBlock(matrix.name);
    order.rank = static_cast<std::size_t>(layer.role);
  }
  layer.orientation = matrix.orientation.value_or(layer.orientation);
  order.stage = stageOf(layer);
  order.decoder = !placement && matrix.name.find("decoder") != std::string::npos;
  order.block = layer.block.value_or(0);
  order.guessed = layer.roleGuessed;
  order.name = matrix.name;
  return {std::move(layer), order};
}

bool hasSignature(const Family& family, std::string_view name) {
  const auto split = splitBlock(family, name);
  return split && split->rest == family.signature;
}

/// "LlamaForCausalLM" and "LlamaModel" are of class Llama, "Llama4ForCausalLM" is not.
bool isClassOf(const Family& family, std::string_view architecture) {
  if (!architecture.starts_with(family.className)) return false;
  architecture.remove_prefix(family.className.size());
  return architecture.starts_with("For") || architecture.starts_with("Model") || architecture.starts_with("LMHead") ||
         architecture.starts_with("DoubleHeads");
}

} // namespace

ModelConfig parseModelConfig(std::string_view configJson, const std::filesystem::path& path) {
  ModelConfig config;
  if (configJson.empty()) return config;
  const nlohmann::json json = parseJsonObject(configJson, path);
  if (const auto type = json.find("model_type"); type != json.end() && type->is_string()) config.modelType = *type;
  if (const auto tie = json.find("tie_word_embeddings"); tie != json.end() && tie->is_boolean())
    config.tieWordEmbeddings = *tie;
  if (const auto names = json.find("architectures"); names != json.end() && names->is_array())
    for (const auto& name : *names)
      if (name.is_string()) config.architectures.push_back(name);
  return config;
}

const Family* recogniseFamily(const ModelConfig& config, std::span<const std::string_view> tensorNames) {
  if (!config.modelType.empty()) {
    for (const Family& family : families())
      if (std::ranges::find(family.modelTypes, config.modelType) != family.modelTypes.end()) return &family;
    return nullptr;
  }
  for (const std::string& architecture : config.architectures)
    for (const Family& family : families())
      if (isClassOf(family, architecture)) return &family;
  if (!config.architectures.empty()) return nullptr;
  for (const Family& family : families())
    if (std::ranges::any_of(tensorNames, [&](std::string_view name) { return hasSignature(family, name); }))
      return &family;
  return nullptr;
}

std::vector<LayerInfo> classify(const Family* family, std::span<const CandidateMatrix> matrices) {
  std::vector<Classified> classified;
  for (const CandidateMatrix& matrix : matrices)
    if (!isBuffer(matrix.name)) classified.push_back(classifyOne(family, matrix));
  std::ranges::sort(classified, {}, &Classified::order);
  std::vector<LayerInfo> layers;
  for (Classified& item : classified) {
    item.layer.id = LayerId{layers.size()};
    layers.push_back(std::move(item.layer));
  }
  return layers;
}

} // namespace rankscope
