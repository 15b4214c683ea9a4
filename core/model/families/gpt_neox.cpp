// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/config_reader.h"

namespace rankscope {

/// Hugging Face's modeling_gpt_neox.py (Pythia too): query_key_value is packed as (head, 3, headDim), a part of each
/// head is rotary, and attention and MLP usually read the same residual.
Architecture describeGptNeoX(const ConfigReader& config) {
  Architecture a;
  a.hidden = config.count("hidden_size");
  a.heads = a.kvHeads = config.count("num_attention_heads");
  if (a.hidden % a.heads != 0)
    config.refuseKey("num_attention_heads", fmt::format("{} heads do not divide {} dimensions", a.heads, a.hidden));
  a.headDim = a.hidden / a.heads;
  a.vocabulary = config.count("vocab_size");
  a.context = config.count("max_position_embeddings", 2048);
  a.normEpsilon = static_cast<float>(config.positive("layer_norm_eps", 1e-5));
  a.activation = config.activation("hidden_act", "gelu");
  a.parallelResidual = config.flag("use_parallel_residual", true);
  a.packing = QkvPacking::PerHead;
  const double share = config.rotaryShare({"rotary_pct", "partial_rotary_factor"}, 0.25);
  a.rope = config.rope(static_cast<std::int64_t>(static_cast<double>(a.headDim) * share), a.context,
                       config.has("rotary_emb_base") ? "rotary_emb_base" : "rope_theta");
  const std::string prefix = config.prefixOf({"gpt_neox.", ""}, "embed_in.weight");
  a.embedding = prefix + "embed_in.weight";
  a.head = headName(config, "embed_out.weight", a.embedding, false);
  a.finalNorm = config.linear(prefix + "final_layer_norm", true);
  const bool bias = config.flag("attention_bias", true);
  const std::int64_t layers = config.blocks("num_hidden_layers");
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string stem = fmt::format("{}layers.{}.", prefix, i);
    BlockDescription block;
    block.attentionNorm = config.linear(stem + "input_layernorm", true);
    block.mlpNorm = config.linear(stem + "post_attention_layernorm", true);
    block.query = config.linear(stem + "attention.query_key_value", bias);
    block.attentionOutput = config.linear(stem + "attention.dense", bias);
    block.up = config.linear(stem + "mlp.dense_h_to_4h", true);
    block.down = config.linear(stem + "mlp.dense_4h_to_h", true);
    block.scoreScale = 1.0f / std::sqrt(static_cast<float>(a.headDim));
    a.blocks.push_back(std::move(block));
  }
  return a;
}

} // namespace rankscope
