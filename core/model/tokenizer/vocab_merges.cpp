// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/tokenizer/bpe_tokenizer.h"
#include "core/model/tokenizer/json_file.h"
#include "core/model/tokenizer/unicode.h"

namespace rankscope {

namespace {

void readMerges(const std::filesystem::path& path, BpeDescription& result) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(ErrorKind::Unreadable, fmt::format("cannot read {}", path.string()));
  std::string line;
  bool first = true;
  while (std::getline(in, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const bool comment = std::exchange(first, false) && line.starts_with("#version");
    if (line.empty() || comment) continue;
    const auto gap = line.find(' ');
    const auto left = gap == std::string::npos ? std::nullopt : bytesOfPrintable(line.substr(0, gap));
    const auto right = gap == std::string::npos ? std::nullopt : bytesOfPrintable(line.substr(gap + 1));
    if (!left || !right)
      throw Error(ErrorKind::Malformed, fmt::format("{}: the line \"{}\" is no merge", path.string(), line));
    result.vocabulary.merges.emplace_back(*left, *right);
  }
}

std::optional<int> tokenId(const nlohmann::json& id) {
  constexpr std::int64_t kLargestId = 4'000'000;
  if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() > kLargestId) return std::nullopt;
  return id.get<int>();
}

/// added_tokens.json and tokenizer_config.json beside the vocabulary name tokens that are never cut.
void readAdded(const std::filesystem::path& folder, BpeDescription& result) {
  const auto add = [&](BpeDescription::AddedToken token) {
    if (token.text.empty()) return;
    for (const auto& other : result.added)
      if (other.text == token.text) return;
    result.tokens.emplace_back(token.id, token.text);
    result.added.push_back(std::move(token));
  };
  const nlohmann::json tokens = readJsonFile(folder / "added_tokens.json");
  for (const auto& [text, id] : tokens.items())
    if (const auto number = tokenId(id)) add({text, *number});
  const nlohmann::json config = readJsonFile(folder / "tokenizer_config.json");
  if (!config.is_object() || !config.contains("added_tokens_decoder")) return;
  for (const auto& [key, token] : config["added_tokens_decoder"].items()) {
    const auto number = tokenId(nlohmann::json::parse(key, nullptr, false));
    if (!number || !token.is_object() || !token.contains("content") || !token["content"].is_string()) continue;
    const auto flag = [&](const char* name) { return token.contains(name) && token[name] == true; };
    add({token["content"].get<std::string>(), *number, flag("lstrip"), flag("rstrip")});
  }
}

} // namespace

std::shared_ptr<const Tokenizer> openVocabAndMerges(const std::filesystem::path& vocab,
                                                    const std::filesystem::path& merges, std::string_view family,
                                                    Tokenizer::Habits habits) {
  BpeDescription result;
  const nlohmann::json tokens = readJsonFile(vocab);
  for (const auto& [token, id] : tokens.items()) {
    const auto number = tokenId(id);
    if (!number)
      throw Error(ErrorKind::Malformed, fmt::format("{}: the id of \"{}\" is {}", vocab.string(), token, id.dump()));
    const std::string bytes = bytesOfPrintable(token).value_or(token);
    result.vocabulary.ids.emplace(bytes, *number);
    result.tokens.emplace_back(*number, bytes);
    if (token == "<|endoftext|>") result.added.push_back({token, *number});
  }
  readMerges(merges, result);
  readAdded(vocab.parent_path(), result);
  for (const auto& token : result.added)
    if (token.text == "<|endoftext|>") habits.separator = token.id;
  if (family == "qwen2")
    result.normalizers.emplace_back([](std::string text) { return normalize(Normalization::Nfc, text); });
  result.splitters.emplace_back(family == "qwen2" ? kQwen2Pattern : kGpt2Pattern, Splitter::Behaviour::Isolated, false,
                                vocab.string());
  const nlohmann::json config = readJsonFile(vocab.parent_path() / "tokenizer_config.json");
  if (config.is_object() && config.contains("add_prefix_space") && config["add_prefix_space"] == true)
    result.prefix = " ";
  return makeBpeTokenizer(std::move(result), habits, merges.string());
}

} // namespace rankscope
