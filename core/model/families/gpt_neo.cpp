// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/config_reader.h"

namespace rankscope {

namespace {

/// attention_types as pairs [[kind, …], repeats], or attention_layers spelled out; both must agree.
std::vector<std::string> attentionKinds(const ConfigReader& config, std::size_t layers) {
  std::vector<std::string> expanded, listed;
  const auto& types = config.raw("attention_types");
  if (config.has("attention_types")) {
    if (!types.is_array()) config.refuseKey("attention_types", "not a list");
    for (const auto& part : types) {
      if (!part.is_array() || part.size() != 2 || !part[0].is_array() || !part[1].is_number_integer())
        config.refuseKey("attention_types", "not a list of [[kinds], repeats]");
      const auto repeats = std::min(part[1].get<std::int64_t>(), static_cast<std::int64_t>(layers) + 1);
      for (std::int64_t i = 0; i < repeats && expanded.size() <= layers; ++i)
        for (const auto& kind : part[0]) expanded.push_back(kind.is_string() ? kind.get<std::string>() : kind.dump());
    }
  }
  if (config.has("attention_layers")) {
    if (!config.raw("attention_layers").is_array()) config.refuseKey("attention_layers", "not a list");
    for (const auto& kind : config.raw("attention_layers"))
      listed.push_back(kind.is_string() ? kind.get<std::string>() : kind.dump());
    if (!expanded.empty() && expanded != listed) config.refuseKey("attention_layers", "it contradicts attention_types");
    expanded = listed;
  }
  if (!config.has("attention_types") && !config.has("attention_layers"))
    for (std::size_t i = 0; i < layers; ++i) expanded.emplace_back(i % 2 == 0 ? "global" : "local");
  if (expanded.size() != layers)
    config.refuseKey(listed.empty() ? "attention_types" : "attention_layers",
                     fmt::format("it does not describe {} layers", layers));
  return expanded;
}

BlockDescription block(const ConfigReader& config, const std::string& stem) {
  BlockDescription result;
  const std::string attention = stem + "attn.attention.";
  result.attentionNorm = config.linear(stem + "ln_1", true);
  result.mlpNorm = config.linear(stem + "ln_2", true);
  result.query = config.linear(attention + "q_proj", false);
  result.key = config.linear(attention + "k_proj", false);
  result.value = config.linear(attention + "v_proj", false);
  result.attentionOutput = config.linear(attention + "out_proj", true);
  result.up = config.linear(stem + "mlp.c_fc", true);
  result.down = config.linear(stem + "mlp.c_proj", true);
  return result;
}

} // namespace

/// Hugging Face's modeling_gpt_neo.py: scores are not scaled; local layers see `window_size` keys, the query's
/// included.
Architecture describeGptNeo(const ConfigReader& config) {
  Architecture a;
  a.hidden = config.count("hidden_size");
  a.heads = a.kvHeads = config.count("num_heads", 16);
  if (a.hidden % a.heads != 0)
    config.refuseKey("num_heads", fmt::format("{} heads do not divide {} dimensions", a.heads, a.hidden));
  a.headDim = a.hidden / a.heads;
  a.vocabulary = config.count("vocab_size");
  a.context = config.count("max_position_embeddings", 2048);
  a.normEpsilon = static_cast<float>(config.positive("layer_norm_epsilon", 1e-5));
  a.activation = config.activation("activation_function", "gelu_new");
  const std::string prefix = config.prefixOf({"transformer.", ""}, "wte.weight");
  a.embedding = prefix + "wte.weight";
  a.position = prefix + "wpe.weight";
  a.head = headName(config, "lm_head.weight", a.embedding, true);
  a.finalNorm = config.linear(prefix + "ln_f", true);
  const auto layers = static_cast<std::size_t>(config.blocks("num_layers"));
  const std::vector<std::string> kinds = attentionKinds(config, layers);
  for (std::size_t i = 0; i < layers; ++i) {
    a.blocks.push_back(block(config, fmt::format("{}h.{}.", prefix, i)));
    if (kinds[i] == "local")
      a.blocks.back().window = config.count("window_size", 256);
    else if (kinds[i] != "global")
      config.refuseKey("attention_types", fmt::format("attention \"{}\" is not known", kinds[i]));
  }
  return a;
}

} // namespace rankscope
