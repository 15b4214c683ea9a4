// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/architecture.h"

#include <array>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/config_reader.h"

namespace rankscope {

namespace {

struct Family {
  std::string_view name;
  Architecture (*describe)(const ConfigReader&);
};

constexpr std::array<Family, 6> kFamilies{{
    {"gpt-neo", describeGptNeo},
    {"gpt2", describeGpt2},
    {"gpt-neox", describeGptNeoX},
    {"llama", describeLlama},
    {"mistral", describeMistral},
    {"qwen2", describeQwen2},
}};

void checkShape(const ConfigReader& config, const std::string& name, std::int64_t inputs, std::int64_t outputs) {
  const Checkpoint& checkpoint = config.checkpoint();
  const auto id = checkpoint.findLayer(name);
  if (!id) config.refuse(ErrorKind::NotFound, fmt::format("tensor {} is missing", name));
  const LayerInfo& layer = checkpoint.layer(*id);
  const bool outIn = layer.orientation == Orientation::OutIn;
  if ((outIn ? layer.cols : layer.rows) != inputs || (outIn ? layer.rows : layer.cols) != outputs)
    config.refuse(ErrorKind::Malformed,
                  fmt::format("tensor {} is {} × {}, but config.json asks for {} inputs and {} outputs", name,
                              layer.rows, layer.cols, inputs, outputs));
}

void checkVector(const ConfigReader& config, const std::string& name, std::int64_t size) {
  if (name.empty()) return;
  const TensorView* tensor = config.checkpoint().findTensor(name);
  if (!tensor) config.refuse(ErrorKind::NotFound, fmt::format("tensor {} is missing", name));
  if (!isWeight(tensor->dtype) || tensor->elements() != static_cast<std::uint64_t>(size))
    config.refuse(ErrorKind::Malformed, fmt::format("tensor {} has {} elements of {}, but config.json asks for {}",
                                                    name, tensor->elements(), rankscope::name(tensor->dtype), size));
}

void checkLinear(const ConfigReader& config, const LinearNames& names, std::int64_t inputs, std::int64_t outputs) {
  checkShape(config, names.weight, inputs, outputs);
  checkVector(config, names.bias, outputs);
}

/// The widest point of the MLP, as stored.
std::int64_t innerWidth(const ConfigReader& config, const BlockDescription& block) {
  const auto id = config.checkpoint().findLayer(block.up.weight);
  if (!id) config.refuse(ErrorKind::NotFound, fmt::format("tensor {} is missing", block.up.weight));
  const LayerInfo& layer = config.checkpoint().layer(*id);
  return layer.orientation == Orientation::OutIn ? layer.rows : layer.cols;
}

void checkBlock(const ConfigReader& config, const Architecture& a, const BlockDescription& block, std::int64_t inner) {
  for (const LinearNames* norm : {&block.attentionNorm, &block.mlpNorm}) {
    checkVector(config, norm->weight, a.hidden);
    checkVector(config, norm->bias, a.hidden);
  }
  if (a.packing == QkvPacking::Separate) {
    checkLinear(config, block.query, a.hidden, a.queryWidth());
    checkLinear(config, block.key, a.hidden, a.kvWidth());
    checkLinear(config, block.value, a.hidden, a.kvWidth());
  } else {
    checkLinear(config, block.query, a.hidden, a.queryWidth() + 2 * a.kvWidth());
  }
  checkLinear(config, block.attentionOutput, a.queryWidth(), a.hidden);
  checkLinear(config, block.up, a.hidden, inner);
  if (!block.gate.weight.empty()) checkLinear(config, block.gate, a.hidden, inner);
  checkLinear(config, block.down, inner, a.hidden);
}

/// Everything that the tensors must agree with, so that the forward pass need not look.
void check(const ConfigReader& config, const Architecture& a, std::optional<std::int64_t> inner) {
  if (a.heads % a.kvHeads != 0)
    config.refuse(ErrorKind::Malformed,
                  fmt::format("config.json: {} heads cannot share {} key-value heads", a.heads, a.kvHeads));
  checkShape(config, a.embedding, a.hidden, a.vocabulary);
  if (!a.position.empty()) checkShape(config, a.position, a.hidden, a.context);
  checkShape(config, a.head, a.hidden, a.vocabulary);
  checkVector(config, a.finalNorm.weight, a.hidden);
  checkVector(config, a.finalNorm.bias, a.hidden);
  for (const BlockDescription& block : a.blocks)
    checkBlock(config, a, block, inner ? *inner : innerWidth(config, block));
}

} // namespace

Architecture describeArchitecture(const Checkpoint& checkpoint) {
  const ConfigReader config(checkpoint);
  for (const Family& family : kFamilies)
    if (family.name == checkpoint.architecture()) {
      Architecture result = family.describe(config);
      result.family = family.name;
      config.readTokens(result);
      std::optional<std::int64_t> inner;
      for (const char* key : {"intermediate_size", "n_inner"})
        if (config.has(key)) inner = config.count(key);
      check(config, result, inner);
      return result;
    }
  config.refuse(ErrorKind::Unsupported,
                checkpoint.architecture() == "unknown"
                    ? "its architecture is not known"
                    : fmt::format("models of the family {} are not run", checkpoint.architecture()));
}

std::string whyNotRunnable(const Checkpoint& checkpoint) {
  try {
    describeArchitecture(checkpoint);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

} // namespace rankscope
