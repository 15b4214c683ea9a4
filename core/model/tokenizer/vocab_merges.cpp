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

/// added_tokens.json and tokenizer_config.json beside the vocabulary name tokens that are never cut.
void readAdded(const std::filesystem::path& folder, BpeDescription& result) {
  const auto add = [&](const std::string& text, int id) {
    if (text.empty() || id < 0) return;
    for (const auto& token : result.added)
      if (token.text == text) return;
    result.added.push_back({text, id, false, false});
    result.tokens.emplace_back(id, text);
  };
  const nlohmann::json tokens = readJsonFile(folder / "added_tokens.json");
  for (const auto& [text, id] : tokens.items())
    if (id.is_number_integer()) add(text, id.get<int>());
  const nlohmann::json config = readJsonFile(folder / "tokenizer_config.json");
  if (!config.is_object() || !config.contains("added_tokens_decoder")) return;
  for (const auto& [id, token] : config["added_tokens_decoder"].items())
    if (token.is_object()) add(token.value("content", ""), std::atoi(id.c_str()));
}

} // namespace

std::shared_ptr<const Tokenizer> openVocabAndMerges(const std::filesystem::path& vocab,
                                                    const std::filesystem::path& merges, std::string_view family,
                                                    Tokenizer::Habits habits) {
  BpeDescription result;
  const nlohmann::json tokens = readJsonFile(vocab);
  for (const auto& [token, id] : tokens.items()) {
    if (!id.is_number_integer() || id.get<int>() < 0)
      throw Error(ErrorKind::Malformed, fmt::format("{}: the id of \"{}\" is {}", vocab.string(), token, id.dump()));
    const std::string bytes = bytesOfPrintable(token).value_or(token);
    result.vocabulary.ids.emplace(bytes, id.get<int>());
    result.tokens.emplace_back(id.get<int>(), bytes);
    if (token == "<|endoftext|>") {
      result.added.push_back({token, id.get<int>(), false, false});
      habits.separator = id.get<int>();
    }
  }
  readMerges(merges, result);
  readAdded(vocab.parent_path(), result);
  if (family == "qwen2")
    result.normalizers.emplace_back([](std::string text) { return normalize(Normalization::Nfc, text); });
  result.splitters.emplace_back(family == "qwen2" ? kQwen2Pattern : kGpt2Pattern, Splitter::Behaviour::Isolated, false,
                                vocab.string());
  const nlohmann::json config = readJsonFile(vocab.parent_path() / "tokenizer_config.json");
  result.prefixSpace = config.is_object() && config.contains("add_prefix_space") && config["add_prefix_space"] == true;
  return makeBpeTokenizer(std::move(result), habits, merges.string());
}

} // namespace rankscope
