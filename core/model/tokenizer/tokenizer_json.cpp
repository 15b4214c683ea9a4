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
constexpr std::int64_t kLargestId = 4'000'000;

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  if (from.empty()) return text;
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// tokenizer.json of Hugging Face's tokenizers: only what byte-pair models of our families use; all else is refused.
class Parser {
 public:
  Parser(const std::filesystem::path& file, Tokenizer::Habits habits)
      : m_source(file.string()), m_json(readJsonFile(file)), m_habits(habits) {}

  std::shared_ptr<const Tokenizer> parse() {
    try {
      m_byteLevel = mentions(m_json.value("pre_tokenizer", json()), "ByteLevel") ||
                    mentions(m_json.value("decoder", json()), "ByteLevel");
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

  /// Whether a step is of a kind, or holds one that is.
  static bool mentions(const json& part, std::string_view kind) {
    if (!part.is_object()) return false;
    if (part.contains("type") && part["type"] == kind) return true;
    for (const char* list : {"pretokenizers", "decoders"})
      if (part.contains(list))
        for (const json& step : part[list])
          if (mentions(step, kind)) return true;
    return false;
  }

  /// Absent and null are the same to those who write these files.
  template <class T>
  static T valueOr(const json& object, const char* key, T otherwise) {
    const auto at = object.find(key);
    return at == object.end() || at->is_null() ? otherwise : at->template get<T>();
  }

  void readModel(const json& model) {
    if (const auto kind = valueOr<std::string>(model, "type", "BPE"); kind != "BPE")
      refuse("the tokenizer model \"" + kind + "\"");
    for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"})
      if (model.contains(affix) && model[affix].is_string() && model[affix] != "") refuse(affix);
    m_result.vocabulary.codePoints = !m_byteLevel;
    m_result.vocabulary.byteFallback = valueOr(model, "byte_fallback", false);
    m_result.vocabulary.wholeWords = valueOr(model, "ignore_merges", false);
    m_result.vocabulary.fuseUnknown = valueOr(model, "fuse_unk", false);
    for (const auto& [token, id] : model.at("vocab").items()) addToken(token, tokenId(id));
    for (const json& merge : model.at("merges")) addMerge(merge);
    if (model.contains("unk_token") && model["unk_token"].is_string()) {
      const auto at = model.at("vocab").find(model["unk_token"].get<std::string>());
      if (at != model.at("vocab").end()) m_result.vocabulary.unknown = tokenId(*at);
    }
  }

  std::string spelled(const std::string& token) const {
    return m_byteLevel ? bytesOfPrintable(token).value_or(token) : token;
  }

  int tokenId(const json& id) const {
    if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() > kLargestId)
      throw Error(ErrorKind::Malformed, fmt::format("{}: the token id {}", m_source, id.dump()));
    return id.get<int>();
  }

  void addToken(const std::string& token, int id) {
    m_result.vocabulary.ids.emplace(spelled(token), id);
    m_result.tokens.emplace_back(id, m_byteLevel ? spelled(token) : pieceBytes(token));
  }

  /// What a piece of LLaMA 2's vocabulary decodes to.
  std::string pieceBytes(const std::string& piece) const {
    unsigned byte = 0;
    if (m_result.vocabulary.byteFallback && piece.size() == 6 && piece.starts_with("<0x") &&
        std::sscanf(piece.c_str(), "<0x%2X>", &byte) == 1)
      return std::string(1, static_cast<char>(byte));
    return replaced(piece, kLowLine, " ");
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
      const int id = tokenId(token.at("id"));
      if (text.empty()) continue;
      m_result.added.push_back({text, id, valueOr(token, "lstrip", false), valueOr(token, "rstrip", false)});
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
        return replaced(std::move(text), from, to);
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
    m_result.splitters.emplace_back(regex, chosen, valueOr(part, "invert", false), m_source);
  }

  /// How many a piece of SentencePiece's begins: spaces become a mark, and one goes in front.
  void readMetaspace(const json& part) {
    const auto mark = valueOr<std::string>(part, "replacement", std::string(kLowLine));
    const auto scheme =
        valueOr<std::string>(part, "prepend_scheme", valueOr(part, "add_prefix_space", true) ? "always" : "never");
    if (scheme != "always" && scheme != "first" && scheme != "never") refuse("the prepend scheme \"" + scheme + "\"");
    m_result.normalizers.emplace_back([mark](std::string text) { return replaced(std::move(text), " ", mark); });
    if (scheme != "never") m_result.prefix = mark;
    m_result.prefixFirstOnly = scheme == "first";
    if (valueOr(part, "split", true))
      m_result.splitters.emplace_back(quotedPattern(mark), Splitter::Behaviour::MergedWithNext, false, m_source);
  }

  void readPreTokenizer(const json& part) {
    if (part.is_null()) return;
    const std::string kind = type(part);
    if (kind == "Sequence") {
      for (const json& step : part.at("pretokenizers")) readPreTokenizer(step);
    } else if (kind == "Split") {
      readSplit(part);
    } else if (kind == "Digits") {
      m_result.splitters.emplace_back(valueOr(part, "individual_digits", false) ? R"(\p{N})" : R"(\p{N}+)",
                                      Splitter::Behaviour::Isolated, false, m_source);
    } else if (kind == "Metaspace") {
      readMetaspace(part);
    } else if (kind == "ByteLevel") {
      if (valueOr(part, "add_prefix_space", true)) m_result.prefix = " ";
      if (valueOr(part, "use_regex", true))
        m_result.splitters.emplace_back(kGpt2Pattern, Splitter::Behaviour::Isolated, false, m_source);
    } else {
      refuse("the pre-tokenizer \"" + kind + "\"");
    }
  }

  void readDecoder(const json& part) {
    if (part.is_null() || m_byteLevel) return;
    const std::string kind = type(part);
    if (kind == "Sequence")
      for (const json& step : part.at("decoders")) readDecoder(step);
    else if (kind == "Strip")
      m_result.stripLeadingSpace = part.value("content", " ") == " " && part.value("start", 0) > 0;
    else if (kind == "Metaspace")
      m_result.stripLeadingSpace =
          valueOr<std::string>(part, "prepend_scheme", "always") != "never" && valueOr(part, "add_prefix_space", true);
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
    m_habits.bos = tokenId(part.at("special_tokens").at(name).at("ids").at(0));
  }

  std::string m_source;
  json m_json;
  Tokenizer::Habits m_habits;
  BpeDescription m_result;
  bool m_byteLevel = false;
};

} // namespace

std::shared_ptr<const Tokenizer> openTokenizerJson(const std::filesystem::path& file, Tokenizer::Habits habits) {
  return Parser(file, habits).parse();
}

} // namespace rankscope
