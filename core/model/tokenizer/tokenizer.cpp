// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tokenizer/tokenizer.h"

#include <fstream>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/tokenizer/json_file.h"

namespace rankscope {

using nlohmann::json;

json readJsonFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return nullptr;
  json value = json::parse(in, nullptr, false);
  if (!value.is_object()) throw Error(ErrorKind::Malformed, fmt::format("{} is no JSON object", path.string()));
  return value;
}

namespace {

/// tokenizer_config.json may switch the habit of a BOS off or on.
std::optional<bool> configuredBos(const std::filesystem::path& folder) {
  const json config = readJsonFile(folder / "tokenizer_config.json");
  if (!config.is_object() || !config.contains("add_bos_token") || !config["add_bos_token"].is_boolean())
    return std::nullopt;
  return config["add_bos_token"].get<bool>();
}

/// The same tokenizer with other habits.
class WithHabits final : public Tokenizer {
 public:
  WithHabits(std::shared_ptr<const Tokenizer> inner, Habits habits) : Tokenizer(habits), m_inner(std::move(inner)) {}
  std::vector<int> encode(std::string_view text) const override { return m_inner->encode(text); }
  std::string decode(std::span<const int> ids) const override { return m_inner->decode(ids); }
  int size() const override { return m_inner->size(); }

 private:
  std::shared_ptr<const Tokenizer> m_inner;
};

std::shared_ptr<const Tokenizer> openAny(const std::filesystem::path& folder, std::string_view family) {
  const bool spelled = std::filesystem::exists(folder / "vocab.json") && std::filesystem::exists(folder / "merges.txt");
  if (std::filesystem::exists(folder / "tokenizer.model")) {
    // LLaMA 3's original release has a file of that name in another format beside its tokenizer.json.
    try {
      return openSentencePiece(folder / "tokenizer.model", {});
    } catch (const Error&) {
      if (!std::filesystem::exists(folder / "tokenizer.json")) throw;
    }
  }
  if (std::filesystem::exists(folder / "tokenizer.json")) return openTokenizerJson(folder / "tokenizer.json", {});
  if (spelled) return openVocabAndMerges(folder / "vocab.json", folder / "merges.txt", family, {});
  throw Error(ErrorKind::NotFound,
              fmt::format("{} has no tokenizer (tokenizer.model, tokenizer.json, or vocab.json with merges.txt)",
                          folder.string()));
}

} // namespace

std::shared_ptr<const Tokenizer> openTokenizer(const std::filesystem::path& folder, std::string_view family) {
  std::shared_ptr<const Tokenizer> tokenizer = openAny(folder, family);
  const std::optional<bool> wanted = configuredBos(folder);
  if (!wanted || *wanted == tokenizer->habits().bos.has_value()) return tokenizer;
  Tokenizer::Habits habits = tokenizer->habits();
  if (!*wanted)
    habits.bos.reset();
  else
    habits.bos = habits.separator;
  return std::make_shared<WithHabits>(tokenizer, habits);
}

} // namespace rankscope
