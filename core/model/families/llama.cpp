// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/config_reader.h"

namespace rankscope {

namespace {

/// Which linears have a bias: LLaMA's settings, or Qwen2's fixed habit.
struct Biases {
  bool qkv = false;
  bool output = false;
  bool mlp = false;
};

/// What LLaMA, Mistral and Qwen2 share (modeling_llama.py, modeling_mistral.py, modeling_qwen2.py).
Architecture describe(const ConfigReader& config, const Biases& biases, std::int64_t defaultKvHeads,
                      std::int64_t defaultContext) {
  Architecture a;
  a.hidden = config.count("hidden_size");
  a.heads = config.count("num_attention_heads");
  a.kvHeads = config.count("num_key_value_heads", defaultKvHeads > 0 ? defaultKvHeads : a.heads);
  if (!config.has("head_dim") && a.hidden % a.heads != 0)
    config.refuseKey("num_attention_heads",
                     fmt::format("{} heads do not divide {} dimensions, and there is no head_dim", a.heads, a.hidden));
  a.headDim = config.count("head_dim", a.hidden / a.heads);
  a.vocabulary = config.count("vocab_size");
  a.context = config.count("max_position_embeddings", defaultContext);
  a.rmsNorm = true;
  a.normEpsilon = static_cast<float>(config.positive("rms_norm_eps", 1e-6));
  a.activation = config.activation("hidden_act", "silu");
  if (config.rotaryShare({"partial_rotary_factor"}, 1) != 1)
    config.refuseKey("partial_rotary_factor", "this family rotates whole heads");
  a.rope = config.rope(a.headDim, a.context, "rope_theta");
  const std::string prefix = config.prefixOf({"model.", ""}, "embed_tokens.weight");
  a.embedding = prefix + "embed_tokens.weight";
  a.head = headName(config, "lm_head.weight", a.embedding, false);
  a.finalNorm = config.linear(prefix + "norm", false);
  const std::int64_t layers = config.blocks("num_hidden_layers");
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string stem = fmt::format("{}layers.{}.", prefix, i);
    BlockDescription block;
    block.attentionNorm = config.linear(stem + "input_layernorm", false);
    block.mlpNorm = config.linear(stem + "post_attention_layernorm", false);
    block.query = config.linear(stem + "self_attn.q_proj", biases.qkv);
    block.key = config.linear(stem + "self_attn.k_proj", biases.qkv);
    block.value = config.linear(stem + "self_attn.v_proj", biases.qkv);
    block.attentionOutput = config.linear(stem + "self_attn.o_proj", biases.output);
    block.gate = config.linear(stem + "mlp.gate_proj", biases.mlp);
    block.up = config.linear(stem + "mlp.up_proj", biases.mlp);
    block.down = config.linear(stem + "mlp.down_proj", biases.mlp);
    block.scoreScale = 1.0f / std::sqrt(static_cast<float>(a.headDim));
    a.blocks.push_back(std::move(block));
  }
  return a;
}

/// layer_types of newer configs names each layer's attention; it must agree with the windows of older keys.
void checkLayerTypes(const ConfigReader& config, Architecture& a, std::int64_t window) {
  if (!config.has("layer_types")) return;
  const auto& types = config.raw("layer_types");
  if (!types.is_array() || types.size() != a.blocks.size())
    config.refuseKey("layer_types", fmt::format("it does not describe {} layers", a.blocks.size()));
  for (std::size_t i = 0; i < a.blocks.size(); ++i) {
    const bool sliding = types[i] == "sliding_attention";
    if (!sliding && types[i] != "full_attention")
      config.refuseKey("layer_types", fmt::format("attention {} is not known", types[i].dump()));
    if (sliding && window == 0)
      config.refuseKey("layer_types", "a sliding layer, but there is no sliding_window in use");
    a.blocks[i].window = sliding ? window : 0;
  }
}

} // namespace

Architecture describeLlama(const ConfigReader& config) {
  const bool attention = config.flag("attention_bias", false);
  Architecture a = describe(config, {attention, attention, config.flag("mlp_bias", false)}, 0, 2048);
  if (config.has("sliding_window")) config.refuseKey("sliding_window", "LLaMA has none");
  checkLayerTypes(config, a, 0);
  return a;
}

Architecture describeMistral(const ConfigReader& config) {
  if (config.flag("attention_bias", false)) config.refuseKey("attention_bias", "Mistral has none");
  Architecture a = describe(config, {}, 8, 131072);
  // Absent means 4096, null none.
  const bool none = config.raw("sliding_window").is_null() && config.hasKey("sliding_window");
  const std::int64_t window = none ? 0 : config.count("sliding_window", 4096);
  for (BlockDescription& block : a.blocks) block.window = window;
  checkLayerTypes(config, a, window);
  return a;
}

Architecture describeQwen2(const ConfigReader& config) {
  Architecture a = describe(config, {true, false, false}, 32, 32768);
  const bool none = config.raw("sliding_window").is_null() && config.hasKey("sliding_window");
  const std::int64_t window =
      config.flag("use_sliding_window", false) && !none ? config.count("sliding_window", 4096) : 0;
  const bool zero = config.raw("max_window_layers") == 0;
  const std::int64_t full = zero ? 0 : config.count("max_window_layers", 28);
  for (std::size_t i = 0; i < a.blocks.size(); ++i)
    a.blocks[i].window = static_cast<std::int64_t>(i) >= full ? window : 0;
  checkLayerTypes(config, a, window);
  return a;
}

} // namespace rankscope
