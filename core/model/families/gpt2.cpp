// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/config_reader.h"

namespace rankscope {

/// Hugging Face's modeling_gpt2.py; its linears are Conv1D (in × out), which the catalogue of layers says.
Architecture describeGpt2(const ConfigReader& config) {
  if (config.flag("add_cross_attention", false))
    config.refuseKey("add_cross_attention", "cross-attention is not supported");
  Architecture a;
  a.hidden = config.count("n_embd");
  a.heads = a.kvHeads = config.count("n_head");
  if (a.hidden % a.heads != 0)
    config.refuseKey("n_head", fmt::format("{} heads do not divide {} dimensions", a.heads, a.hidden));
  a.headDim = a.hidden / a.heads;
  a.vocabulary = config.count("vocab_size");
  a.context = config.count("n_positions", config.count("n_ctx", 1024));
  a.normEpsilon = static_cast<float>(config.positive("layer_norm_epsilon", 1e-5));
  a.activation = config.activation("activation_function", "gelu_new");
  a.packing = QkvPacking::Concatenated;
  const std::string prefix = config.prefixOf({"transformer.", ""}, "wte.weight");
  a.embedding = prefix + "wte.weight";
  a.position = prefix + "wpe.weight";
  a.head = headName(config, "lm_head.weight", a.embedding, true);
  a.finalNorm = config.linear(prefix + "ln_f", true);
  const std::int64_t layers = config.blocks("n_layer");
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string stem = fmt::format("{}h.{}.", prefix, i);
    BlockDescription block;
    block.attentionNorm = config.linear(stem + "ln_1", true);
    block.mlpNorm = config.linear(stem + "ln_2", true);
    // attn.bias is a mask that old checkpoints carry along, c_attn.bias the bias.
    block.query = config.linear(stem + "attn.c_attn", true);
    block.attentionOutput = config.linear(stem + "attn.c_proj", true);
    block.up = config.linear(stem + "mlp.c_fc", true);
    block.down = config.linear(stem + "mlp.c_proj", true);
    if (config.flag("scale_attn_weights", true)) block.scoreScale /= std::sqrt(static_cast<float>(a.headDim));
    if (config.flag("scale_attn_by_inverse_layer_idx", false)) block.scoreScale /= static_cast<float>(i + 1);
    a.blocks.push_back(std::move(block));
  }
  return a;
}

} // namespace rankscope
