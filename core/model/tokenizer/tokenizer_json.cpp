// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/tokenizer/bpe_tokenizer.h"
#include "core/model/tokenizer/json_file.h"
#include "core/model/tokenizer/unicode.h"

namespace rankscope {

using nlohmann::json;

namespace {

constexpr std::string_view kLowLine = "\u2581";

/// tokenizer.json of Hugging Face's tokenizers: only what byte-pair models of our families use; all else is refused.
class Parser {
 public:
  Parser(const std::filesystem::path& file, Tokenizer::Habits habits)
      : m_source(file.string()), m_json(readJsonFile(file)), m_habits(habits) {}

  std::shared_ptr<const Tokenizer> parse() {
    try {
      readModel(m_json.at("model"));
      readAdded(m_json.value("added_tokens", json::array()));
      readNormalizer(m_json.value("normalizer", json()));
      readPreTokenizer(m_json.value("pre_tokenizer", json()));
      readDecoder(m_json.value("decoder", json()));
      readPostProcessor(m_json.value("post_processor", json()));
    } catch (const json::exception& problem) {
      throw Error(ErrorKind::Malformed, fmt::format("{}: {}", m_source, problem.what()));
    }
    return makeBpeTokenizer(std::move(m_result), m_habits, m_source);
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::Unsupported, fmt::format("{}: {} is not supported", m_source, what));
  }

  static std::string type(const json& part) { return part.at("type").get<std::string>(); }

  void readModel(const json& model) {
    if (model.value("type", "BPE") != "BPE") refuse("the tokenizer model \"" + model.value("type", "") + "\"");
    for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"})
      if (model.contains(affix) && model[affix].is_string() && model[affix] != "") refuse(affix);
    m_byteFallback = model.value("byte_fallback", false);
    m_result.vocabulary.byteFallback = m_byteFallback;
    m_result.vocabulary.wholeWords = model.value("ignore_merges", false);
    for (const auto& [token, id] : model.at("vocab").items()) addToken(token, id.get<int>());
    for (const json& merge : model.at("merges")) addMerge(merge);
    if (model.contains("unk_token") && model["unk_token"].is_string()) {
      const auto at = model.at("vocab").find(model["unk_token"].get<std::string>());
      if (at != model.at("vocab").end()) m_result.vocabulary.unknown = at->get<int>();
    }
  }

  std::string spelled(const std::string& token) const {
    return m_byteFallback ? token : bytesOfPrintable(token).value_or(token);
  }

  void addToken(const std::string& token, int id) {
    if (id < 0 || id > 100'000'000) throw Error(ErrorKind::Malformed, fmt::format("{}: token id {}", m_source, id));
    m_result.vocabulary.ids.emplace(spelled(token), id);
    m_result.tokens.emplace_back(id, m_byteFallback ? pieceBytes(token) : spelled(token));
  }

  /// What a piece of LLaMA 2's vocabulary decodes to.
  static std::string pieceBytes(const std::string& piece) {
    unsigned byte = 0;
    if (piece.size() == 6 && piece.starts_with("<0x") && std::sscanf(piece.c_str(), "<0x%2X>", &byte) == 1)
      return std::string(1, static_cast<char>(byte));
    std::string bytes = piece;
    for (auto at = bytes.find(kLowLine); at != std::string::npos; at = bytes.find(kLowLine, at))
      bytes.replace(at, kLowLine.size(), " ");
    return bytes;
  }

  void addMerge(const json& merge) {
    std::string left, right;
    if (merge.is_array()) {
      left = merge.at(0).get<std::string>();
      right = merge.at(1).get<std::string>();
    } else {
      const auto text = merge.get<std::string>();
      const auto gap = text.find(' ');
      if (gap == std::string::npos)
        throw Error(ErrorKind::Malformed, fmt::format("{}: the merge \"{}\"", m_source, text));
      left = text.substr(0, gap);
      right = text.substr(gap + 1);
    }
    m_result.vocabulary.merges.emplace_back(spelled(left), spelled(right));
  }

  void readAdded(const json& added) {
    for (const json& token : added) {
      const auto text = token.at("content").get<std::string>();
      const int id = token.at("id").get<int>();
      if (text.empty() || id < 0) continue;
      m_result.added.push_back({text, id, token.value("lstrip", false), token.value("rstrip", false)});
      m_result.tokens.emplace_back(id, text);
      if (text == "<|endoftext|>") m_habits.separator = id;
    }
  }

  void readNormalizer(const json& part) {
    if (part.is_null()) return;
    const std::string kind = type(part);
    auto& steps = m_result.normalizers;
    if (kind == "Sequence") {
      for (const json& step : part.at("normalizers")) readNormalizer(step);
    } else if (kind == "NFC" || kind == "NFD" || kind == "NFKC" || kind == "NFKD") {
      const Normalization form = kind == "NFC"    ? Normalization::Nfc
                                 : kind == "NFD"  ? Normalization::Nfd
                                 : kind == "NFKC" ? Normalization::Nfkc
                                                  : Normalization::Nfkd;
      steps.emplace_back([form](std::string text) { return normalize(form, text); });
    } else if (kind == "Lowercase") {
      steps.emplace_back([](std::string text) { return lowercase(text); });
    } else if (kind == "Prepend") {
      steps.emplace_back([prefix = part.at("prepend").get<std::string>()](std::string text) { return prefix + text; });
    } else if (kind == "Replace" && part.at("pattern").contains("String")) {
      steps.emplace_back([from = part.at("pattern").at("String").get<std::string>(),
                          to = part.at("content").get<std::string>()](std::string text) {
        if (from.empty()) return text;
        for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
          text.replace(at, from.size(), to);
        return text;
      });
    } else {
      refuse("the normalizer \"" + kind + "\"");
    }
  }

  void readSplit(const json& part) {
    const json& pattern = part.at("pattern");
    const std::string regex = pattern.contains("Regex") ? pattern["Regex"].get<std::string>()
                                                        : quotedPattern(pattern.at("String").get<std::string>());
    const auto behaviour = part.at("behavior").get<std::string>();
    using B = Splitter::Behaviour;
    const B chosen = behaviour == "Isolated"             ? B::Isolated
                     : behaviour == "Removed"            ? B::Removed
                     : behaviour == "MergedWithPrevious" ? B::MergedWithPrevious
                     : behaviour == "MergedWithNext"
                         ? B::MergedWithNext
                         : (refuse("the split behaviour \"" + behaviour + "\""), B::Isolated);
    m_result.splitters.emplace_back(regex, chosen, part.value("invert", false), m_source);
  }

  void readPreTokenizer(const json& part) {
    if (part.is_null()) return;
    const std::string kind = type(part);
    if (kind == "Sequence") {
      for (const json& step : part.at("pretokenizers")) readPreTokenizer(step);
    } else if (kind == "Split") {
      readSplit(part);
    } else if (kind == "Digits") {
      m_result.splitters.emplace_back(part.value("individual_digits", false) ? R"(\p{N})" : R"(\p{N}+)",
                                      Splitter::Behaviour::Isolated, false, m_source);
    } else if (kind == "ByteLevel") {
      m_result.prefixSpace = part.value("add_prefix_space", true);
      if (part.value("use_regex", true))
        m_result.splitters.emplace_back(kGpt2Pattern, Splitter::Behaviour::Isolated, false, m_source);
    } else {
      refuse("the pre-tokenizer \"" + kind + "\"");
    }
  }

  void readDecoder(const json& part) {
    if (part.is_null() || !m_byteFallback) return;
    const std::string kind = type(part);
    if (kind == "Sequence")
      for (const json& step : part.at("decoders")) readDecoder(step);
    else if (kind == "Strip")
      m_result.stripLeadingSpace = part.value("content", " ") == " " && part.value("start", 0) > 0;
    else if (kind != "Replace" && kind != "ByteFallback" && kind != "Fuse")
      refuse("the decoder \"" + kind + "\"");
  }

  /// A template that begins with a special token is the habit of a BOS.
  void readPostProcessor(const json& part) {
    if (part.is_null()) return;
    const std::string kind = type(part);
    if (kind == "Sequence")
      for (const json& step : part.at("processors")) readPostProcessor(step);
    if (kind != "TemplateProcessing") return;
    const json& first = part.at("single").at(0);
    if (!first.contains("SpecialToken")) return;
    const auto name = first["SpecialToken"].at("id").get<std::string>();
    m_habits.bos = part.at("special_tokens").at(name).at("ids").at(0).get<int>();
  }

  std::string m_source;
  json m_json;
  Tokenizer::Habits m_habits;
  BpeDescription m_result;
  bool m_byteFallback = false;
};

} // namespace

std::shared_ptr<const Tokenizer> openTokenizerJson(const std::filesystem::path& file, Tokenizer::Habits habits) {
  return Parser(file, habits).parse();
}

} // namespace rankscope
