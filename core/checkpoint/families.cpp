// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/families.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace rankscope {

namespace {

using namespace std::string_view_literals;
using enum Role;
using enum Orientation;

constexpr std::array kGptNeoBlock{
    KnownWeight{"attn.attention.q_proj.weight", Query},
    KnownWeight{"attn.attention.k_proj.weight", Key},
    KnownWeight{"attn.attention.v_proj.weight", Value},
    KnownWeight{"attn.attention.out_proj.weight", AttentionOutput},
    KnownWeight{"mlp.c_fc.weight", MlpUp},
    KnownWeight{"mlp.c_proj.weight", MlpDown},
};
constexpr std::array kGptOuter{
    KnownWeight{"wte.weight", Embedding},
    KnownWeight{"wpe.weight", Position},
    KnownWeight{"score.weight", Head},
    KnownWeight{"lm_head.weight", Head},
};
// Conv1D of the original GPT-2 stores in × out.
constexpr std::array kGpt2Block{
    KnownWeight{"attn.c_attn.weight", FusedQkv, InOut},
    KnownWeight{"attn.c_proj.weight", AttentionOutput, InOut},
    KnownWeight{"mlp.c_fc.weight", MlpUp, InOut},
    KnownWeight{"mlp.c_proj.weight", MlpDown, InOut},
};
constexpr std::array kNeoXBlock{
    KnownWeight{"attention.query_key_value.weight", FusedQkv},
    KnownWeight{"attention.dense.weight", AttentionOutput},
    KnownWeight{"mlp.dense_h_to_4h.weight", MlpUp},
    KnownWeight{"mlp.dense_4h_to_h.weight", MlpDown},
};
constexpr std::array kNeoXOuter{
    KnownWeight{"embed_in.weight", Embedding},
    KnownWeight{"score.weight", Head},
    KnownWeight{"embed_out.weight", Head},
};
constexpr std::array kLlamaBlock{
    KnownWeight{"self_attn.q_proj.weight", Query}, KnownWeight{"self_attn.k_proj.weight", Key},
    KnownWeight{"self_attn.v_proj.weight", Value}, KnownWeight{"self_attn.o_proj.weight", AttentionOutput},
    KnownWeight{"mlp.gate_proj.weight", MlpGate},  KnownWeight{"mlp.up_proj.weight", MlpUp},
    KnownWeight{"mlp.down_proj.weight", MlpDown},
};
constexpr std::array kLlamaOuter{
    KnownWeight{"embed_tokens.weight", Embedding},
    KnownWeight{"score.weight", Head},
    KnownWeight{"lm_head.weight", Head},
};
constexpr std::array kBertBlock{
    KnownWeight{"attention.self.query.weight", Query}, KnownWeight{"attention.self.key.weight", Key},
    KnownWeight{"attention.self.value.weight", Value}, KnownWeight{"attention.output.dense.weight", AttentionOutput},
    KnownWeight{"intermediate.dense.weight", MlpUp},   KnownWeight{"output.dense.weight", MlpDown},
};
constexpr std::array kBertOuter{
    KnownWeight{"embeddings.word_embeddings.weight", Embedding},
    KnownWeight{"embeddings.position_embeddings.weight", Position},
    KnownWeight{"embeddings.token_type_embeddings.weight", Embedding},
    KnownWeight{"pooler.dense.weight", Pooler},
    KnownWeight{"cls.predictions.transform.dense.weight", Other},
    KnownWeight{"cls.predictions.decoder.weight", Head},
    KnownWeight{"cls.seq_relationship.weight", Head},
    KnownWeight{"lm_head.dense.weight", Other},
    KnownWeight{"lm_head.decoder.weight", Head},
    KnownWeight{"classifier.dense.weight", Other},
    KnownWeight{"classifier.out_proj.weight", Head},
    KnownWeight{"classifier.weight", Head},
    KnownWeight{"qa_outputs.weight", Head},
};
constexpr std::array kOptBlock{
    KnownWeight{"self_attn.q_proj.weight", Query},
    KnownWeight{"self_attn.k_proj.weight", Key},
    KnownWeight{"self_attn.v_proj.weight", Value},
    KnownWeight{"self_attn.out_proj.weight", AttentionOutput},
    KnownWeight{"fc1.weight", MlpUp},
    KnownWeight{"fc2.weight", MlpDown},
};
constexpr std::array kOptOuter{
    KnownWeight{"embed_tokens.weight", Embedding},
    KnownWeight{"embed_positions.weight", Position},
    KnownWeight{"project_in.weight", Other},
    KnownWeight{"project_out.weight", Other},
    KnownWeight{"score.weight", Head},
    KnownWeight{"lm_head.weight", Head},
};

constexpr std::array kTransformer{"transformer."sv};
constexpr std::array kGptNeoX{"gpt_neox."sv};
constexpr std::array kModel{"model."sv};
constexpr std::array kBert{"bert."sv};
constexpr std::array kRoberta{"roberta."sv};
constexpr std::array kModelDecoder{"model.decoder."sv, "decoder."sv};

constexpr std::array kGptNeoTypes{"gpt_neo"sv};
constexpr std::array kGpt2Types{"gpt2"sv};
constexpr std::array kGptNeoXTypes{"gpt_neox"sv};
constexpr std::array kLlamaTypes{"llama"sv};
constexpr std::array kMistralTypes{"mistral"sv};
constexpr std::array kQwen2Types{"qwen2"sv};
constexpr std::array kBertTypes{"bert"sv};
constexpr std::array kRobertaTypes{"roberta"sv, "xlm-roberta"sv, "camembert"sv};
constexpr std::array kOptTypes{"opt"sv};

// Where names alone decide, the first entry whose signature is present wins.
constexpr std::array kFamilies{
    Family{"gpt-neo", kGptNeoTypes, "GPTNeo", kTransformer, "h.", kGptNeoBlock, kGptOuter,
           "attn.attention.q_proj.weight", "wte.weight", "lm_head.weight", true},
    Family{"gpt2", kGpt2Types, "GPT2", kTransformer, "h.", kGpt2Block, kGptOuter, "attn.c_attn.weight", "wte.weight",
           "lm_head.weight", true},
    Family{"gpt-neox", kGptNeoXTypes, "GPTNeoX", kGptNeoX, "layers.", kNeoXBlock, kNeoXOuter,
           "attention.query_key_value.weight", "embed_in.weight", "embed_out.weight", false},
    Family{"opt", kOptTypes, "OPT", kModelDecoder, "layers.", kOptBlock, kOptOuter, "self_attn.out_proj.weight",
           "embed_tokens.weight", "lm_head.weight", true},
    Family{"qwen2", kQwen2Types, "Qwen2", kModel, "layers.", kLlamaBlock, kLlamaOuter, "self_attn.q_proj.bias",
           "embed_tokens.weight", "lm_head.weight", false},
    Family{"llama", kLlamaTypes, "Llama", kModel, "layers.", kLlamaBlock, kLlamaOuter, "self_attn.o_proj.weight",
           "embed_tokens.weight", "lm_head.weight", false},
    Family{"mistral", kMistralTypes, "Mistral", kModel, "layers.", kLlamaBlock, kLlamaOuter, "self_attn.o_proj.weight",
           "embed_tokens.weight", "lm_head.weight", false},
    Family{"bert", kBertTypes, "Bert", kBert, "encoder.layer.", kBertBlock, kBertOuter, "attention.self.query.weight",
           "embeddings.word_embeddings.weight", "cls.predictions.decoder.weight", true},
    Family{"roberta", kRobertaTypes, "Roberta", kRoberta, "encoder.layer.", kBertBlock, kBertOuter,
           "attention.self.query.weight", "embeddings.word_embeddings.weight", "lm_head.decoder.weight", true},
};

/// Takes `prefix` and a number and a dot off the front.
std::optional<int> takeBlock(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  int block = 0;
  const char* begin = name.data() + prefix.size();
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(begin, end, block);
  if (error != std::errc() || stop == end || *stop != '.' || block < 0) return std::nullopt;
  name.remove_prefix(static_cast<std::size_t>(stop - name.data()) + 1);
  return block;
}

const KnownWeight* lookUp(std::span<const KnownWeight> weights, std::string_view name) {
  const auto found = std::ranges::find(weights, name, &KnownWeight::name);
  return found == weights.end() ? nullptr : &*found;
}

/// `name` without and with the family's prefixes taken off, for the first form that `find` accepts.
template <class Find>
auto findUnprefixed(const Family& family, std::string_view name, Find find) {
  auto found = find(name);
  for (const std::string_view prefix : family.prefixes)
    if (!found && name.starts_with(prefix)) found = find(name.substr(prefix.size()));
  return found;
}

} // namespace

std::span<const Family> families() {
  return kFamilies;
}

std::optional<BlockName> splitBlock(const Family& family, std::string_view name) {
  return findUnprefixed(family, name, [&](std::string_view rest) -> std::optional<BlockName> {
    const std::optional<int> block = takeBlock(rest, family.blockPrefix);
    return block ? std::optional(BlockName{*block, rest}) : std::nullopt;
  });
}

std::optional<Placement> place(const Family& family, std::string_view name) {
  if (const auto split = splitBlock(family, name)) {
    const KnownWeight* weight = lookUp(family.blockWeights, split->rest);
    return weight ? std::optional(Placement{weight, split->block}) : std::nullopt;
  }
  return findUnprefixed(family, name, [&](std::string_view rest) -> std::optional<Placement> {
    const KnownWeight* weight = lookUp(family.outerWeights, rest);
    return weight ? std::optional(Placement{weight, std::nullopt}) : std::nullopt;
  });
}

} // namespace rankscope
