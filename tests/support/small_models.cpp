// SPDX-License-Identifier: GPL-3.0-or-later
#include "small_models.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/tensor/convert.h"
#include "temporary.h"

namespace rankscope::test {

namespace {

using Json = nlohmann::ordered_json;
using Shape = std::vector<std::uint64_t>;

std::uint64_t hashOf(std::string_view name, std::uint64_t seed) {
  std::uint64_t hash = 1469598103934665603u ^ seed;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

std::vector<std::byte> encode(const SmallTensor& tensor) {
  std::vector<std::byte> bytes(tensorBytes(tensor.spec));
  if (isWeight(tensor.spec.dtype)) {
    store(std::span<const double>(tensor.values), tensor.spec.dtype, bytes.data());
    return bytes;
  }
  const std::size_t size = byteSize(tensor.spec.dtype);
  for (std::size_t i = 0; i < tensor.values.size(); ++i) {
    const auto whole = static_cast<std::int64_t>(tensor.values[i]);
    std::memcpy(bytes.data() + i * size, &whole, size);
  }
  return bytes;
}

/// Collects the tensors of one model under a common prefix.
struct Builder {
  const SmallShape& shape;
  SmallModel model;
  std::string prefix = {};

  std::uint64_t hidden() const { return static_cast<std::uint64_t>(shape.hidden); }
  std::uint64_t inner() const { return static_cast<std::uint64_t>(shape.intermediate); }
  std::uint64_t vocabulary() const { return static_cast<std::uint64_t>(shape.vocabulary); }
  std::uint64_t positions() const { return static_cast<std::uint64_t>(shape.positions); }

  void add(const std::string& name, Shape extents, double scale = 0.2) {
    model.tensors.push_back(randomTensor(prefix + name, std::move(extents), scale, shape.dtype, shape.seed));
  }
  void linear(const std::string& name, std::uint64_t out, std::uint64_t in, bool bias = true) {
    add(name + ".weight", {out, in});
    if (bias) add(name + ".bias", {out}, 0.05);
  }
  void conv1d(const std::string& name, std::uint64_t in, std::uint64_t out) {
    add(name + ".weight", {in, out});
    add(name + ".bias", {out}, 0.05);
  }
  void norm(const std::string& name, bool bias = true) {
    add(name + ".weight", {hidden()}, 0.1);
    for (double& value : model.tensors.back().values) value += 1;
    if (bias) add(name + ".bias", {hidden()}, 0.05);
  }
  void mask(const std::string& name) {
    const auto n = positions();
    SmallTensor tensor{{prefix + name, DType::Bool, {1, 1, n, n}}, std::vector<double>(n * n)};
    for (std::uint64_t i = 0; i < n; ++i)
      for (std::uint64_t j = 0; j <= i; ++j) tensor.values[i * n + j] = 1;
    model.tensors.push_back(std::move(tensor));
  }
  /// The output head, outside the prefix.
  void head(const std::string& name) {
    if (shape.tied) return;
    const std::string kept = std::exchange(prefix, "");
    linear(name, vocabulary(), hidden(), false);
    prefix = kept;
  }
};

void addGpt(Builder& b, bool conv1d) {
  b.add("wte.weight", {b.vocabulary(), b.hidden()});
  b.add("wpe.weight", {b.positions(), b.hidden()}, 0.05);
  const auto linear = [&](const std::string& name, std::uint64_t out, std::uint64_t in, bool bias = true) {
    if (conv1d)
      b.conv1d(name, in, out);
    else
      b.linear(name, out, in, bias);
  };
  for (int i = 0; i < b.shape.blocks; ++i) {
    const std::string block = fmt::format("h.{}.", i);
    const std::string attention = block + (conv1d ? "attn." : "attn.attention.");
    b.norm(block + "ln_1");
    b.mask(attention + "bias");
    b.add(attention + "masked_bias", {}, 1);
    if (conv1d) {
      linear(attention + "c_attn", 3 * b.hidden(), b.hidden());
      linear(attention + "c_proj", b.hidden(), b.hidden());
    } else {
      for (const char* name : {"q_proj", "k_proj", "v_proj"}) linear(attention + name, b.hidden(), b.hidden(), false);
      linear(attention + "out_proj", b.hidden(), b.hidden());
    }
    b.norm(block + "ln_2");
    linear(block + "mlp.c_fc", b.inner(), b.hidden());
    linear(block + "mlp.c_proj", b.hidden(), b.inner());
  }
  b.norm("ln_f");
  b.head("lm_head");
}

Json gptNeo(Builder& b) {
  b.prefix = b.shape.prefixed ? "transformer." : "";
  addGpt(b, false);
  Json layers = Json::array();
  for (int i = 0; i < b.shape.blocks; ++i) layers.push_back(i % 2 == 0 ? "global" : "local");
  return {{"architectures", {"GPTNeoForCausalLM"}},
          {"model_type", "gpt_neo"},
          {"activation_function", "gelu_new"},
          {"attention_layers", layers},
          {"attention_types", {{{"global", "local"}, (b.shape.blocks + 1) / 2}}},
          {"hidden_size", b.shape.hidden},
          {"intermediate_size", b.shape.intermediate},
          {"layer_norm_epsilon", 1e-5},
          {"max_position_embeddings", b.shape.positions},
          {"num_heads", b.shape.heads},
          {"num_layers", b.shape.blocks},
          {"vocab_size", b.shape.vocabulary},
          {"window_size", 8}};
}

Json gpt2(Builder& b) {
  b.prefix = b.shape.prefixed ? "transformer." : "";
  addGpt(b, true);
  return {{"architectures", {"GPT2LMHeadModel"}},
          {"model_type", "gpt2"},
          {"activation_function", "gelu_new"},
          {"n_embd", b.shape.hidden},
          {"n_inner", b.shape.intermediate},
          {"n_head", b.shape.heads},
          {"n_layer", b.shape.blocks},
          {"n_positions", b.shape.positions},
          {"n_ctx", b.shape.positions},
          {"layer_norm_epsilon", 1e-5},
          {"vocab_size", b.shape.vocabulary}};
}

Json gptNeoX(Builder& b) {
  b.prefix = b.shape.prefixed ? "gpt_neox." : "";
  b.add("embed_in.weight", {b.vocabulary(), b.hidden()});
  for (int i = 0; i < b.shape.blocks; ++i) {
    const std::string block = fmt::format("layers.{}.", i);
    b.norm(block + "input_layernorm");
    b.norm(block + "post_attention_layernorm");
    b.mask(block + "attention.bias");
    b.add(block + "attention.masked_bias", {}, 1);
    b.add(block + "attention.rotary_emb.inv_freq", {1}, 1);
    b.linear(block + "attention.query_key_value", 3 * b.hidden(), b.hidden());
    b.linear(block + "attention.dense", b.hidden(), b.hidden());
    b.linear(block + "mlp.dense_h_to_4h", b.inner(), b.hidden());
    b.linear(block + "mlp.dense_4h_to_h", b.hidden(), b.inner());
  }
  b.norm("final_layer_norm");
  b.head("embed_out");
  return {{"architectures", {"GPTNeoXForCausalLM"}},
          {"model_type", "gpt_neox"},
          {"hidden_act", "gelu"},
          {"hidden_size", b.shape.hidden},
          {"intermediate_size", b.shape.intermediate},
          {"layer_norm_eps", 1e-5},
          {"max_position_embeddings", b.shape.positions},
          {"num_attention_heads", b.shape.heads},
          {"num_hidden_layers", b.shape.blocks},
          {"rotary_pct", 0.25},
          {"rotary_emb_base", 10000},
          {"use_parallel_residual", true},
          {"vocab_size", b.shape.vocabulary},
          {"tie_word_embeddings", b.shape.tied}};
}

Json llama(Builder& b, const char* className, const char* type, bool qkvBias) {
  b.prefix = b.shape.prefixed ? "model." : "";
  const auto keys = static_cast<std::uint64_t>(b.shape.hidden / b.shape.heads * b.shape.keyHeads);
  b.add("embed_tokens.weight", {b.vocabulary(), b.hidden()});
  for (int i = 0; i < b.shape.blocks; ++i) {
    const std::string block = fmt::format("layers.{}.", i);
    b.norm(block + "input_layernorm", false);
    b.linear(block + "self_attn.q_proj", b.hidden(), b.hidden(), qkvBias);
    b.linear(block + "self_attn.k_proj", keys, b.hidden(), qkvBias);
    b.linear(block + "self_attn.v_proj", keys, b.hidden(), qkvBias);
    b.linear(block + "self_attn.o_proj", b.hidden(), b.hidden(), false);
    b.norm(block + "post_attention_layernorm", false);
    b.linear(block + "mlp.gate_proj", b.inner(), b.hidden(), false);
    b.linear(block + "mlp.up_proj", b.inner(), b.hidden(), false);
    b.linear(block + "mlp.down_proj", b.hidden(), b.inner(), false);
  }
  b.norm("norm", false);
  b.head("lm_head");
  return {{"architectures", {fmt::format("{}ForCausalLM", className)}},
          {"model_type", type},
          {"hidden_act", "silu"},
          {"hidden_size", b.shape.hidden},
          {"intermediate_size", b.shape.intermediate},
          {"max_position_embeddings", b.shape.positions},
          {"num_attention_heads", b.shape.heads},
          {"num_key_value_heads", b.shape.keyHeads},
          {"num_hidden_layers", b.shape.blocks},
          {"rms_norm_eps", 1e-5},
          {"rope_theta", 10000.0},
          {"vocab_size", b.shape.vocabulary},
          {"tie_word_embeddings", b.shape.tied}};
}

Json bert(Builder& b) {
  b.prefix = b.shape.prefixed ? "bert." : "";
  b.add("embeddings.word_embeddings.weight", {b.vocabulary(), b.hidden()});
  b.add("embeddings.position_embeddings.weight", {b.positions(), b.hidden()}, 0.05);
  b.add("embeddings.token_type_embeddings.weight", {2, b.hidden()}, 0.05);
  b.norm("embeddings.LayerNorm");
  for (int i = 0; i < b.shape.blocks; ++i) {
    const std::string block = fmt::format("encoder.layer.{}.", i);
    for (const char* name : {"query", "key", "value"})
      b.linear(block + "attention.self." + name, b.hidden(), b.hidden());
    b.linear(block + "attention.output.dense", b.hidden(), b.hidden());
    b.norm(block + "attention.output.LayerNorm");
    b.linear(block + "intermediate.dense", b.inner(), b.hidden());
    b.linear(block + "output.dense", b.hidden(), b.inner());
    b.norm(block + "output.LayerNorm");
  }
  b.linear("pooler.dense", b.hidden(), b.hidden());
  b.head("cls.predictions.decoder");
  return {{"architectures", {"BertModel"}},
          {"model_type", "bert"},
          {"hidden_act", "gelu"},
          {"hidden_size", b.shape.hidden},
          {"intermediate_size", b.shape.intermediate},
          {"layer_norm_eps", 1e-12},
          {"max_position_embeddings", b.shape.positions},
          {"num_attention_heads", b.shape.heads},
          {"num_hidden_layers", b.shape.blocks},
          {"type_vocab_size", 2},
          {"vocab_size", b.shape.vocabulary},
          {"tie_word_embeddings", b.shape.tied}};
}

Json opt(Builder& b) {
  b.prefix = b.shape.prefixed ? "model.decoder." : "";
  b.add("embed_tokens.weight", {b.vocabulary(), b.hidden()});
  b.add("embed_positions.weight", {b.positions() + 2, b.hidden()}, 0.05);
  for (int i = 0; i < b.shape.blocks; ++i) {
    const std::string block = fmt::format("layers.{}.", i);
    for (const char* name : {"k_proj", "v_proj", "q_proj", "out_proj"})
      b.linear(block + "self_attn." + name, b.hidden(), b.hidden());
    b.norm(block + "self_attn_layer_norm");
    b.linear(block + "fc1", b.inner(), b.hidden());
    b.linear(block + "fc2", b.hidden(), b.inner());
    b.norm(block + "final_layer_norm");
  }
  b.norm("final_layer_norm");
  b.head("lm_head");
  return {{"architectures", {"OPTForCausalLM"}},   {"model_type", "opt"},
          {"activation_function", "relu"},         {"hidden_size", b.shape.hidden},
          {"ffn_dim", b.shape.intermediate},       {"max_position_embeddings", b.shape.positions},
          {"num_attention_heads", b.shape.heads},  {"num_hidden_layers", b.shape.blocks},
          {"do_layer_norm_before", true},          {"vocab_size", b.shape.vocabulary},
          {"word_embed_proj_dim", b.shape.hidden}, {"tie_word_embeddings", b.shape.tied}};
}

Json build(Builder& b, SmallFamily family) {
  switch (family) {
  case SmallFamily::GptNeo:
    return gptNeo(b);
  case SmallFamily::Gpt2:
    return gpt2(b);
  case SmallFamily::GptNeoX:
    return gptNeoX(b);
  case SmallFamily::Llama:
    return llama(b, "Llama", "llama", false);
  case SmallFamily::Mistral:
    return llama(b, "Mistral", "mistral", false);
  case SmallFamily::Qwen2:
    return llama(b, "Qwen2", "qwen2", true);
  case SmallFamily::Bert:
    return bert(b);
  case SmallFamily::Opt:
    return opt(b);
  }
  return {};
}

} // namespace

SmallTensor randomTensor(std::string name, std::vector<std::uint64_t> shape, double scale, DType dtype,
                         std::uint64_t seed) {
  const std::uint64_t count = std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies());
  std::mt19937_64 random(hashOf(name, seed));
  std::normal_distribution<double> normal(0, scale);
  SmallTensor tensor{{std::move(name), dtype, std::move(shape)}, std::vector<double>(count)};
  for (double& value : tensor.values) value = normal(random);
  return tensor;
}

SmallTensor* SmallModel::find(std::string_view name) {
  const auto found = std::ranges::find_if(tensors, [&](const SmallTensor& tensor) { return tensor.spec.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

SmallModel smallModel(SmallFamily family, const SmallShape& shape) {
  Builder builder{.shape = shape, .model = {}};
  Json config = build(builder, family);
  config["tie_word_embeddings"] = shape.tied;
  builder.model.configJson = config.dump(1);
  return std::move(builder.model);
}

void writeTensors(const std::filesystem::path& file, std::span<const SmallTensor> tensors, const Metadata& metadata) {
  std::vector<TensorSpec> specs;
  for (const SmallTensor& tensor : tensors) specs.push_back(tensor.spec);
  std::filesystem::remove(file);
  SafetensorsWriter writer(file, specs, metadata);
  for (const SmallTensor& tensor : tensors) writer.write(tensor.spec.name, encode(tensor));
  writer.finish();
}

void writeModel(const std::filesystem::path& folder, const SmallModel& model) {
  std::filesystem::create_directories(folder);
  writeTensors(folder / "model.safetensors", model.tensors);
  if (!model.configJson.empty()) writeFile(folder / "config.json", model.configJson);
}

void writeShardedModel(const std::filesystem::path& folder, const SmallModel& model, int shards) {
  std::filesystem::create_directories(folder);
  Json weightMap = Json::object();
  const auto count = static_cast<std::size_t>(shards);
  const std::size_t share = (model.tensors.size() + count - 1) / count;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t begin = std::min(i * share, model.tensors.size());
    const auto part = std::span(model.tensors).subspan(begin, std::min(share, model.tensors.size() - begin));
    const std::string name = fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards);
    writeTensors(folder / name, part);
    for (const SmallTensor& tensor : part) weightMap[tensor.spec.name] = name;
  }
  const Json index{{"metadata", {{"total_size", 0}}}, {"weight_map", weightMap}};
  writeFile(folder / "model.safetensors.index.json", index.dump(2));
  if (!model.configJson.empty()) writeFile(folder / "config.json", model.configJson);
}

std::filesystem::path writeSmallModel(const std::filesystem::path& folder, SmallFamily family,
                                      const SmallShape& shape) {
  writeModel(folder, smallModel(family, shape));
  return folder;
}

} // namespace rankscope::test
