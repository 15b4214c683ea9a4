// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string>
#include <vector>

#include "core/checkpoint/families.h"

namespace rankscope {

namespace {

using namespace std::string_view_literals;
using enum Role;

std::vector<std::string_view> components(std::string_view name) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t dot = name.find('.');
    parts.push_back(name.substr(0, dot));
    if (dot == name.npos) return parts;
    name.remove_prefix(dot + 1);
  }
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

struct Word {
  std::string_view word;
  Role role;
};

// Names of a linear that say by themselves what it does, in the families of Hugging Face transformers.
constexpr std::array kWords{
    Word{"q", Query},
    Word{"q_proj", Query},
    Word{"query", Query},
    Word{"wq", Query},
    Word{"q_lin", Query},
    Word{"to_q", Query},
    Word{"q_attn", Query},
    Word{"query_proj", Query},
    Word{"k", Key},
    Word{"k_proj", Key},
    Word{"key", Key},
    Word{"wk", Key},
    Word{"k_lin", Key},
    Word{"to_k", Key},
    Word{"key_proj", Key},
    Word{"v", Value},
    Word{"v_proj", Value},
    Word{"value", Value},
    Word{"wv", Value},
    Word{"v_lin", Value},
    Word{"to_v", Value},
    Word{"value_proj", Value},
    Word{"qkv", FusedQkv},
    Word{"qkv_proj", FusedQkv},
    Word{"query_key_value", FusedQkv},
    Word{"c_attn", FusedQkv},
    Word{"in_proj", FusedQkv},
    Word{"in_proj_weight", FusedQkv},
    Word{"wqkv", FusedQkv},
    Word{"attn_qkv", FusedQkv},
    Word{"o", AttentionOutput},
    Word{"o_proj", AttentionOutput},
    Word{"out_lin", AttentionOutput},
    Word{"to_out", AttentionOutput},
    Word{"gate_proj", MlpGate},
    Word{"w1", MlpGate},
    Word{"wi_0", MlpGate},
    Word{"up_proj", MlpUp},
    Word{"gate_up_proj", MlpUp},
    Word{"c_fc", MlpUp},
    Word{"fc1", MlpUp},
    Word{"fc_in", MlpUp},
    Word{"w3", MlpUp},
    Word{"wi", MlpUp},
    Word{"wi_1", MlpUp},
    Word{"lin1", MlpUp},
    Word{"dense_h_to_4h", MlpUp},
    Word{"down_proj", MlpDown},
    Word{"fc2", MlpDown},
    Word{"fc_out", MlpDown},
    Word{"w2", MlpDown},
    Word{"lin2", MlpDown},
    Word{"dense_4h_to_h", MlpDown},
    Word{"wte", Embedding},
    Word{"embed_tokens", Embedding},
    Word{"tok_embeddings", Embedding},
    Word{"word_embeddings", Embedding},
    Word{"embed_in", Embedding},
    Word{"shared", Embedding},
    Word{"token_type_embeddings", Embedding},
    Word{"wpe", Position},
    Word{"embed_positions", Position},
    Word{"position_embeddings", Position},
    Word{"relative_attention_bias", Position},
    Word{"lm_head", Head},
    Word{"embed_out", Head},
    Word{"score", Head},
    Word{"classifier", Head},
    Word{"qa_outputs", Head},
};

// Names that mean the last linear of whatever holds it.
constexpr std::array kOutputWords{"out_proj"sv, "dense"sv, "c_proj"sv, "proj"sv, "wo"sv, "out"sv, "linear"sv};

bool holds(std::span<const std::string> parts, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(parts, [&](const std::string& part) {
    return std::ranges::any_of(words, [&](std::string_view word) { return part.find(word) != part.npos; });
  });
}

Role guessFromPlace(const std::string& last, std::span<const std::string> parents) {
  if (std::ranges::find(kOutputWords, last) != kOutputWords.end()) {
    if (holds(parents, {"pooler"})) return Pooler;
    if (holds(parents, {"intermediate"})) return MlpUp;
    if (holds(parents, {"attn", "attention"})) return AttentionOutput;
    if (holds(parents, {"mlp", "ffn", "feed_forward", "densereludense", "output"})) return MlpDown;
  }
  if (last.find("pos") != last.npos && last.find("emb") != last.npos) return Position;
  if (last.find("emb") != last.npos) return Embedding;
  if (last == "pooler") return Pooler;
  return Other;
}

} // namespace

Role guessRole(std::string_view name) {
  std::vector<std::string> parts;
  for (const std::string_view part : components(name)) parts.push_back(lower(part));
  if (parts.size() > 1 && parts.back() == "weight") parts.pop_back();
  const std::string last = parts.back();
  const auto word = std::ranges::find(kWords, last, &Word::word);
  if (word != kWords.end()) return word->role;
  parts.pop_back();
  return guessFromPlace(last, parts);
}

std::optional<int> guessBlock(std::string_view name) {
  for (const std::string_view part : components(name)) {
    int block = 0;
    const auto [stop, error] = std::from_chars(part.data(), part.data() + part.size(), block);
    if (error == std::errc() && stop == part.data() + part.size() && block >= 0) return block;
  }
  return std::nullopt;
}

bool isBuffer(std::string_view name) {
  const std::vector<std::string_view> parts = components(name);
  constexpr std::array kBuffers{"masked_bias"sv,    "inv_freq"sv,   "position_ids"sv,
                                "token_type_ids"sv, "cos_cached"sv, "sin_cached"sv,
                                "causal_mask"sv,    "attn_mask"sv,  "num_batches_tracked"sv};
  if (std::ranges::find(kBuffers, parts.back()) != kBuffers.end()) return true;
  // GPT-Neo's, GPT-2's and GPT-NeoX's causal mask is called `bias` of the attention itself.
  return parts.size() > 1 && parts.back() == "bias" &&
         (parts[parts.size() - 2] == "attn" || parts[parts.size() - 2] == "attention");
}

} // namespace rankscope
