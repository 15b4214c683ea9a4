// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/generate.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <random>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/evaluate/numbers.h"

namespace rankscope {

namespace {

double distinctShare(std::span<const int> tokens, std::size_t n) {
  if (tokens.size() < n) return 1;
  std::set<std::vector<int>> seen;
  const std::size_t all = tokens.size() - n + 1;
  for (std::size_t i = 0; i < all; ++i)
    seen.emplace(tokens.begin() + static_cast<std::ptrdiff_t>(i), tokens.begin() + static_cast<std::ptrdiff_t>(i + n));
  return static_cast<double>(seen.size()) / static_cast<double>(all);
}

/// Longest common suffix of every two positions, row by row.
int longestRepeat(std::span<const int> tokens) {
  std::vector<int> previous(tokens.size() + 1, 0), current(tokens.size() + 1, 0);
  int longest = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    for (std::size_t j = i + 1; j < tokens.size(); ++j) {
      current[j + 1] = tokens[i] == tokens[j] ? previous[j] + 1 : 0;
      longest = std::max(longest, current[j + 1]);
    }
    std::swap(previous, current);
  }
  return longest;
}

std::vector<int> promptTokens(const Model& model, const Tokenizer& tokenizer, std::string_view prompt) {
  std::vector<int> tokens;
  if (tokenizer.habits().bos) tokens.push_back(*tokenizer.habits().bos);
  const std::vector<int> own = tokenizer.encode(prompt);
  tokens.insert(tokens.end(), own.begin(), own.end());
  // Without a prompt a text begins as one does after a separator.
  if (tokens.empty()) {
    const auto start = tokenizer.habits().separator ? tokenizer.habits().separator : model.architecture().bosToken;
    if (!start) throw Error(ErrorKind::BadRequest, "this model cannot begin a text without a prompt");
    tokens.push_back(*start);
  }
  if (static_cast<std::int64_t>(tokens.size()) >= model.context())
    throw Error(ErrorKind::BadRequest, fmt::format("the prompt's {} tokens leave no room in the model's context of {}",
                                                   tokens.size(), model.context()));
  return tokens;
}

/// What the tokens add to the prompt's text: a tokenizer may spell a token otherwise where a text begins. Models have
/// room for tokens that their tokenizer does not know; those are no text.
std::string continuation(const Tokenizer& tokenizer, std::span<const int> prompt, std::span<const int> tokens) {
  std::vector<int> all;
  const auto known = [&](int token) { return token < tokenizer.size(); };
  std::ranges::copy_if(prompt, std::back_inserter(all), known);
  const std::string before = tokenizer.decode(all);
  const auto own = all.size();
  std::ranges::copy_if(tokens, std::back_inserter(all), known);
  const std::string text = tokenizer.decode(all);
  return text.starts_with(before) ? text.substr(before.size()) : tokenizer.decode(std::span(all).subspan(own));
}

bool endsText(const Model& model, const Tokenizer& tokenizer, int token) {
  const auto& eos = model.architecture().eosTokens;
  return std::find(eos.begin(), eos.end(), token) != eos.end() || token == tokenizer.habits().separator ||
         token == tokenizer.habits().bos;
}

} // namespace

Repetition repetitionOf(std::span<const int> tokens) {
  return {distinctShare(tokens, 1), distinctShare(tokens, 2), distinctShare(tokens, 3), 1 - distinctShare(tokens, 4),
          longestRepeat(tokens)};
}

int sampleToken(std::span<const float> logits, const GenerateOptions& options, double uniform) {
  const auto best = std::max_element(logits.begin(), logits.end());
  if (options.temperature <= 0) return static_cast<int>(best - logits.begin());
  std::vector<double> weights(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i)
    weights[i] = std::exp((static_cast<double>(logits[i]) - static_cast<double>(*best)) / options.temperature);
  std::vector<int> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return weights[static_cast<std::size_t>(a)] > weights[static_cast<std::size_t>(b)];
  });
  const double limit = options.topP * std::accumulate(weights.begin(), weights.end(), 0.0);
  double kept = 0;
  std::size_t count = 0;
  while (count < order.size() && (count == 0 || kept < limit))
    kept += weights[static_cast<std::size_t>(order[count++])];
  double left = uniform * kept;
  for (std::size_t i = 0; i < count; ++i) {
    left -= weights[static_cast<std::size_t>(order[i])];
    if (left < 0) return order[i];
  }
  return order[count - 1];
}

Generated generate(const Model& model, const Tokenizer& tokenizer, std::string_view prompt,
                   const GenerateOptions& options, const Progress& progress,
                   const std::function<void(std::string_view)>& sink) {
  Generated result;
  KvCache cache = model.newCache();
  const std::vector<int> start = promptTokens(model, tokenizer, prompt);
  std::vector<int> next = start;
  std::mt19937_64 random(options.seed);
  for (int i = 0; i < options.tokens && cache.length() + static_cast<std::int64_t>(next.size()) <= model.context();
       ++i) {
    progress.report(static_cast<double>(i) / options.tokens);
    const RowMatrixF hidden = model.forward(next, cache, progress);
    const RowMatrixF logits = model.logits(hidden.bottomRows(1));
    const double uniform = static_cast<double>(random() >> 11) * 0x1p-53;
    const int token = sampleToken({logits.data(), static_cast<std::size_t>(logits.size())}, options, uniform);
    if ((result.ended = endsText(model, tokenizer, token))) break;
    result.tokens.push_back(token);
    next = {token};
    if (sink) sink(continuation(tokenizer, start, result.tokens));
  }
  result.text = continuation(tokenizer, start, result.tokens);
  result.repetition = repetitionOf(result.tokens);
  return result;
}

GeneratedPair generatePair(const Model& original, const Model& compressed, const Tokenizer& tokenizer,
                           std::string_view prompt, const GenerateOptions& options, const Progress& progress,
                           const std::function<void(const GeneratedPair&)>& partial) {
  GeneratedPair pair{std::string(prompt), options, {}, {}, {}, 0};
  const auto growing = [&](Generated& which) -> std::function<void(std::string_view)> {
    if (!partial) return {};
    return [&](std::string_view text) {
      which.text = text;
      partial(pair);
    };
  };
  pair.original = generate(original, tokenizer, prompt, options, progress.slice(0, 0.5), growing(pair.original));
  pair.compressed = generate(compressed, tokenizer, prompt, options, progress.slice(0.5, 1), growing(pair.compressed));
  const auto& a = pair.original.tokens;
  const auto& b = pair.compressed.tokens;
  const auto [at, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (at != a.end() || other != b.end() || pair.original.ended != pair.compressed.ended)
    pair.firstDifference = static_cast<int>(at - a.begin());
  const std::vector<int> start = promptTokens(original, tokenizer, prompt);
  const std::string& text = pair.original.text;
  const auto parting = std::ranges::mismatch(text, pair.compressed.text).in1 - text.begin();
  pair.sameBytes =
      std::min(static_cast<std::size_t>(parting),
               continuation(tokenizer, start, std::span(a).first(static_cast<std::size_t>(at - a.begin()))).size());
  while (pair.sameBytes > 0 && pair.sameBytes < text.size() && (text[pair.sameBytes] & 0xc0) == 0x80) --pair.sameBytes;
  return pair;
}

nlohmann::json toJson(const Generated& g) {
  return {{"text", g.text},
          {"tokens", g.tokens},
          {"ended", g.ended},
          {"distinct_1", number(g.repetition.distinct1)},
          {"distinct_2", number(g.repetition.distinct2)},
          {"distinct_3", number(g.repetition.distinct3)},
          {"repeated_4grams", number(g.repetition.repeated4grams)},
          {"longest_repeat", g.repetition.longestRepeat}};
}

nlohmann::json toJson(const GeneratedPair& pair) {
  nlohmann::json json{
      {"prompt", pair.prompt},       {"temperature", pair.options.temperature}, {"top_p", pair.options.topP},
      {"seed", pair.options.seed},   {"original", toJson(pair.original)},       {"compressed", toJson(pair.compressed)},
      {"same_bytes", pair.sameBytes}};
  json["first_difference"] = pair.firstDifference ? nlohmann::json(*pair.firstDifference) : nlohmann::json();
  return json;
}

} // namespace rankscope
