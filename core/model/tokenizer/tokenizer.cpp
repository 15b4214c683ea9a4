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

/// What tokenizer_config.json says about a BOS: whether there is to be one, and how it is spelled.
struct ConfiguredBos {
  std::optional<bool> wanted;
  std::string spelling;
};

ConfiguredBos configuredBos(const std::filesystem::path& folder) {
  ConfiguredBos bos;
  const json config = readJsonFile(folder / "tokenizer_config.json");
  if (!config.is_object()) return bos;
  if (const auto at = config.find("add_bos_token"); at != config.end() && at->is_boolean())
    bos.wanted = at->get<bool>();
  if (const auto at = config.find("bos_token"); at != config.end()) {
    const json& token = at->is_object() ? at->value("content", json()) : *at;
    if (token.is_string()) bos.spelling = token.get<std::string>();
  }
  return bos;
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
  const ConfiguredBos configured = configuredBos(folder);
  if (!configured.wanted || *configured.wanted == tokenizer->habits().bos.has_value()) return tokenizer;
  Tokenizer::Habits habits = tokenizer->habits();
  if (!*configured.wanted) {
    habits.bos.reset();
  } else {
    const std::vector<int> ids = tokenizer->encode(configured.spelling);
    habits.bos = ids.size() == 1 ? std::optional(ids.front()) : habits.separator;
  }
  return std::make_shared<WithHabits>(tokenizer, habits);
}

} // namespace rankscope
