// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include "core/base/error.h"
#include "core/evaluate/text.h"
#include "core/model/tokenizer/splitter.h"
#include "core/model/tokenizer/tokenizer.h"
#include "core/model/tokenizer/unicode.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;

namespace {

std::filesystem::path fixtures() {
  return std::filesystem::path(RANKSCOPE_SOURCE_DIR) / "tests/core/model/fixtures/bpe";
}

/// 10,000 lines of mixed Unicode.
std::vector<std::string> mixedLines() {
  const std::string text = readRecords(fixtures() / "lines.txt.gz").front();
  std::vector<std::string> lines;
  std::size_t from = 0;
  for (std::size_t to; (to = text.find('\n', from)) != std::string::npos; from = to + 1)
    lines.push_back(text.substr(from, to - from));
  lines.push_back(text.substr(from));
  return lines;
}

/// As make_tokenizer_fixtures.py has it: FNV-1a over all ids, a line's end counting as −1.
class Digest {
 public:
  void add(const std::vector<int>& ids) {
    for (const int id : ids) mix(static_cast<std::uint32_t>(id));
    mix(0xffffffffu);
  }
  QString hex() const { return QString("%1").arg(m_value, 16, 16, QChar('0')); }

 private:
  void mix(std::uint32_t word) { m_value = (m_value ^ word) * 0x100000001b3ull; }
  quint64 m_value = 0xcbf29ce484222325ull;
};

/// Any sentences.
class Lines final : public sentencepiece::SentenceIterator {
 public:
  explicit Lines(std::vector<std::string> lines) : m_lines(std::move(lines)) {}
  bool done() const override { return m_at == m_lines.size(); }
  void Next() override { ++m_at; }
  const std::string& value() const override { return m_lines[m_at]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  std::vector<std::string> m_lines;
  std::size_t m_at = 0;
};

/// A model trained on a part of the lines, so that the rest has characters that it does not know.
std::string trainedSentencePiece(const std::string& options) {
  std::vector<std::string> lines = mixedLines();
  lines.resize(1'500);
  Lines sentences(std::move(lines));
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(
      "--model_type=bpe --vocab_size=2600 --character_coverage=0.98 --normalization_rule_name=identity "
      "--remove_extra_whitespaces=false --minloglevel=2 " +
          options,
      &sentences, &model);
  if (!status.ok()) throw std::runtime_error(status.ToString());
  return model;
}

/// As Hugging Face's convert_slow_tokenizer.py: every way to cut a piece in two known ones is a merge, in the order of
/// the pieces' scores.
nlohmann::json convertedModel(const sentencepiece::SentencePieceProcessor& library, bool pairs) {
  nlohmann::json vocab = nlohmann::json::object(), merges = nlohmann::json::array();
  std::vector<int> order;
  for (int id = 0; id < library.GetPieceSize(); ++id) {
    vocab[library.IdToPiece(id)] = id;
    if (!library.IsByte(id) && !library.IsControl(id) && !library.IsUnknown(id)) order.push_back(id);
  }
  std::ranges::stable_sort(order, [&](int a, int b) { return library.GetScore(a) > library.GetScore(b); });
  for (const int id : order) {
    const std::string& piece = library.IdToPiece(id);
    for (std::size_t cut = codePointBytes(piece[0]); cut < piece.size(); cut += codePointBytes(piece[cut])) {
      const std::string left = piece.substr(0, cut), right = piece.substr(cut);
      if (!vocab.contains(left) || !vocab.contains(right)) continue;
      merges.push_back(pairs ? nlohmann::json{left, right} : nlohmann::json(left + " " + right));
    }
  }
  return {{"type", "BPE"},         {"dropout", nullptr},
          {"unk_token", "<unk>"},  {"fuse_unk", true},
          {"byte_fallback", true}, {"continuing_subword_prefix", nullptr},
          {"vocab", vocab},        {"end_of_word_suffix", nullptr},
          {"merges", merges}};
}

constexpr const char* kMark = "\u2581";

/// tokenizer.json as LLaMA 2, TinyLlama and Mistral ship it; `style` as in convertedSentencePiece_data().
nlohmann::json convertedTokenizer(const sentencepiece::SentencePieceProcessor& library, const std::string& style) {
  using json = nlohmann::json;
  json file{{"version", "1.0"},      {"truncation", nullptr},    {"padding", nullptr},
            {"normalizer", nullptr}, {"pre_tokenizer", nullptr}, {"model", convertedModel(library, style != "legacy")}};
  for (int id = 0; id < 3; ++id)
    file["added_tokens"].push_back({{"id", id},
                                    {"content", library.IdToPiece(id)},
                                    {"single_word", false},
                                    {"lstrip", false},
                                    {"rstrip", false},
                                    {"normalized", false},
                                    {"special", true}});
  file["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single", {{{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}}, {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}}},
      {"special_tokens", {{"<s>", {{"id", "<s>"}, {"ids", {1}}, {"tokens", {"<s>"}}}}}}};
  const json toSpace{{"type", "Replace"}, {"pattern", {{"String", kMark}}}, {"content", " "}};
  file["decoder"] = {{"type", "Sequence"},
                     {"decoders",
                      {toSpace,
                       {{"type", "ByteFallback"}},
                       {{"type", "Fuse"}},
                       {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}}}};
  if (style == "legacy") {
    file["normalizer"] = {{"type", "Sequence"},
                          {"normalizers",
                           {{{"type", "Prepend"}, {"prepend", kMark}},
                            {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kMark}}}}};
  } else {
    file["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", kMark}};
    if (style == "old Metaspace")
      file["pre_tokenizer"]["add_prefix_space"] = true;
    else
      file["pre_tokenizer"].update({{"prepend_scheme", "first"}, {"split", false}});
  }
  return file;
}

void copyTo(const test::TemporaryFolder& folder, std::initializer_list<const char*> names) {
  for (const char* name : names) std::filesystem::copy(fixtures() / name, folder / name);
}

} // namespace

class TestTokenizer : public QObject {
  Q_OBJECT

 private slots:
  void bytePairsAgreeWithTheReference_data();
  void bytePairsAgreeWithTheReference();
  void gpt2AgreesWithTheReference();
  void sentencePieceIsTheLibrarys();
  void convertedSentencePiece_data();
  void convertedSentencePiece();
  void spacesBesideAddedTokens();
  void specialTokensAreNotSpelledOut();
  void habits();
  void invalidUtf8BecomesReplacements();
  void longRunsDoNotOverflow();
  void lineEndsOfPatterns();
  void damagedFilesAreNamed_data();
  void damagedFilesAreNamed();
};

void TestTokenizer::bytePairsAgreeWithTheReference_data() {
  QTest::addColumn<QString>("key");
  QTest::addColumn<QStringList>("files");
  QTest::newRow("vocab.json and merges.txt") << "gpt2" << QStringList{"vocab.json", "merges.txt"};
  QTest::newRow("tokenizer.json") << "llama3" << QStringList{"tokenizer.json"};
}

void TestTokenizer::bytePairsAgreeWithTheReference() {
  QFETCH(QString, key);
  QFETCH(QStringList, files);
  const test::TemporaryFolder folder;
  for (const QString& name : files) std::filesystem::copy(fixtures() / name.toStdString(), folder / name.toStdString());
  const auto tokenizer = openTokenizer(folder.path(), "gpt2");
  const auto expected = nlohmann::json::parse(test::readFile(fixtures() / "expected.json"))[key.toStdString()];
  const std::vector<std::string> lines = mixedLines();
  QCOMPARE(lines.size(), std::size_t{10'000});
  Digest digest;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::vector<int> ids = tokenizer->encode(lines[i]);
    if (i < 100) QCOMPARE(ids, expected["first"][i].get<std::vector<int>>());
    QCOMPARE(tokenizer->decode(ids), lines[i]);
    digest.add(ids);
  }
  QCOMPARE(digest.hex(), QString::fromStdString(expected["digest"]));
}

void TestTokenizer::gpt2AgreesWithTheReference() {
  const auto path = test::realModel("gpt2-bpe");
  if (path.empty()) QSKIP("needs gpt2-bpe");
  const auto tokenizer = openTokenizer(path, "gpt2");
  QCOMPARE(tokenizer->size(), 50257);
  QCOMPARE(tokenizer->encode("Hello world"), (std::vector<int>{15496, 995}));
  Digest digest;
  for (const std::string& line : mixedLines()) {
    const std::vector<int> ids = tokenizer->encode(line);
    QCOMPARE(tokenizer->decode(ids), line);
    digest.add(ids);
  }
  QCOMPARE(digest.hex(), QString("0f43dab6da52d39d"));
}

void TestTokenizer::sentencePieceIsTheLibrarys() {
  const auto path = test::realModel("stories15M");
  if (path.empty()) QSKIP("needs stories15M");
  const auto tokenizer = openTokenizer(path, "llama");
  sentencepiece::SentencePieceProcessor library;
  QVERIFY(library.Load((path / "tokenizer.model").string()).ok());
  for (const std::string& line : mixedLines()) {
    std::vector<int> ids;
    std::string text;
    QVERIFY(library.Encode(line, &ids).ok());
    QCOMPARE(tokenizer->encode(line), ids);
    QVERIFY(library.Decode(ids, &text).ok());
    QCOMPARE(tokenizer->decode(ids), text);
  }
  QCOMPARE(tokenizer->habits().bos, std::optional<int>(1));
}

void TestTokenizer::convertedSentencePiece_data() {
  QTest::addColumn<QString>("style");
  QTest::newRow("LLaMA 2, TinyLlama") << "legacy";
  QTest::newRow("Mistral 0.3") << "Metaspace";
  QTest::newRow("old Metaspace") << "old Metaspace";
}

void TestTokenizer::convertedSentencePiece() {
  QFETCH(QString, style);
  sentencepiece::SentencePieceProcessor library;
  QVERIFY(library.LoadFromSerializedProto(trainedSentencePiece("--byte_fallback=true")).ok());
  const test::TemporaryFolder folder;
  test::writeFile(folder / "tokenizer.json", convertedTokenizer(library, style.toStdString()).dump());
  const auto tokenizer = openTokenizer(folder.path(), "llama");
  QCOMPARE(tokenizer->size(), library.GetPieceSize());
  QCOMPARE(tokenizer->habits().bos, std::optional<int>(1));
  int compared = 0;
  for (std::string line : mixedLines()) {
    // Metaspace puts nothing in front of a text that begins with a space already.
    std::vector<int> ids;
    std::string text;
    const bool marked = line.starts_with(' ') || line.starts_with(kMark);
    if (style != "legacy" && marked) {
      QVERIFY(library.Encode(line.substr(line.starts_with(' ') ? 1 : 3), &ids).ok());
      if (ids.empty()) continue;
    } else {
      QVERIFY(library.Encode(line, &ids).ok());
    }
    QCOMPARE(tokenizer->encode(line), ids);
    QVERIFY(library.Decode(ids, &text).ok());
    QCOMPARE(tokenizer->decode(ids), text);
    ++compared;
  }
  QVERIFY(compared > 9'900);
}

/// What Hugging Face's tokenizers do at an added token: legacy normalizers prefix every stretch, "first" only the
/// first.
void TestTokenizer::spacesBesideAddedTokens() {
  sentencepiece::SentencePieceProcessor library;
  QVERIFY(library.LoadFromSerializedProto(trainedSentencePiece("--byte_fallback=true")).ok());
  const test::TemporaryFolder folder;
  for (const auto& [style, prefixed] : {std::pair{"legacy", true}, {"Metaspace", false}}) {
    test::writeFile(folder / "tokenizer.json", convertedTokenizer(library, style).dump());
    const auto tokenizer = openTokenizer(folder.path(), "llama");
    std::vector<int> ids = tokenizer->encode("the</s>cat");
    const auto end = std::ranges::find(ids, 2);
    QVERIFY(end != ids.end());
    const std::vector<int> rest(end + 1, ids.end());
    QCOMPARE(rest == tokenizer->encode("cat"), prefixed);
    QCOMPARE(tokenizer->decode(rest), std::string("cat"));
  }
}

void TestTokenizer::specialTokensAreNotSpelledOut() {
  const test::TemporaryFolder folder;
  copyTo(folder, {"vocab.json", "merges.txt"});
  const auto tokenizer = openTokenizer(folder.path(), "gpt2");
  const int end = tokenizer->size() - 1;
  QCOMPARE(tokenizer->habits().separator, std::optional<int>(end));
  const std::vector<int> ids = tokenizer->encode("a<|endoftext|>b");
  QCOMPARE(ids.size(), std::size_t{3});
  QCOMPARE(ids[1], end);
  QCOMPARE(tokenizer->decode(ids), std::string("a<|endoftext|>b"));
  QVERIFY(tokenizer->encode("<|endoftex").size() > 1);
}

void TestTokenizer::habits() {
  const test::TemporaryFolder folder;
  copyTo(folder, {"tokenizer.json"});
  const auto withBos = openTokenizer(folder.path(), "llama");
  QCOMPARE(withBos->habits().bos, std::optional<int>(withBos->size() - 2));
  test::writeFile(folder / "tokenizer_config.json", R"({"add_bos_token": false})");
  QCOMPARE(openTokenizer(folder.path(), "llama")->habits().bos, std::nullopt);
  // A tokenizer without the habit takes it from there; the token is a string or an object.
  const test::TemporaryFolder other;
  copyTo(other, {"vocab.json", "merges.txt"});
  test::writeFile(other / "added_tokens.json", R"({"<s>": 900, "<bad>": -1, "<huge>": 99999999999})");
  for (const char* bos : {R"("<s>")", R"({"content": "<s>", "lstrip": false})"}) {
    test::writeFile(other / "tokenizer_config.json",
                    std::string(R"({"add_bos_token": true, "bos_token": )") + bos +
                        R"(, "added_tokens_decoder": {"900": {"content": "<s>"}, "901": {"content": 7}, "x": {}}})");
    QCOMPARE(openTokenizer(other.path(), "gpt2")->habits().bos, std::optional<int>(900));
  }
}

void TestTokenizer::invalidUtf8BecomesReplacements() {
  QCOMPARE(validUtf8("a\xff\xfe z\xc3"), std::string("a\ufffd\ufffd z\ufffd"));
  QCOMPARE(validUtf8("\xed\xa0\x80"), std::string("\ufffd\ufffd\ufffd"));
  QCOMPARE(validUtf8("\xf0\x9f\x98"), std::string("\ufffd"));
  const test::TemporaryFolder folder;
  copyTo(folder, {"vocab.json", "merges.txt"});
  const auto tokenizer = openTokenizer(folder.path(), "gpt2");
  QCOMPARE(tokenizer->decode(tokenizer->encode("x\xc3(")), std::string("x\ufffd("));
  // A token may be half a character.
  QCOMPARE(tokenizer->decode(std::vector<int>{tokenizer->encode("\u4e2d").front()}), std::string("\ufffd"));
  QVERIFY_EXCEPTION_THROWN(tokenizer->decode(std::vector<int>{-1}), Error);
  QVERIFY_EXCEPTION_THROWN(tokenizer->decode(std::vector<int>{tokenizer->size()}), Error);
}

void TestTokenizer::longRunsDoNotOverflow() {
  const test::TemporaryFolder folder;
  copyTo(folder, {"vocab.json", "merges.txt", "tokenizer.json"});
  for (const auto& tokenizer : {openTokenizer(folder.path(), "gpt2"),
                                openVocabAndMerges(folder / "vocab.json", folder / "merges.txt", "gpt2", {})})
    for (const char* unit : {"a", " ", "\n", "\u4e2d", "7"}) {
      std::string text;
      for (int i = 0; i < 100'000; ++i) text += unit;
      QCOMPARE(tokenizer->decode(tokenizer->encode(text)), text);
    }
}

void TestTokenizer::lineEndsOfPatterns() {
  const auto pieces = [](std::string_view pattern, Splitter::Behaviour behaviour, bool invert, std::string_view text) {
    std::vector<std::string_view> views;
    Splitter(pattern, behaviour, invert, "test").split(text, views);
    return std::vector<std::string>(views.begin(), views.end());
  };
  using B = Splitter::Behaviour;
  QCOMPARE(pieces(" ", B::Isolated, false, "a b "), (std::vector<std::string>{"a", " ", "b", " "}));
  QCOMPARE(pieces(" ", B::Removed, false, "a b "), (std::vector<std::string>{"a", "b"}));
  QCOMPARE(pieces(R"(\p{L}+)", B::Removed, true, "a1b"), (std::vector<std::string>{"a", "b"}));
  QCOMPARE(pieces("-", B::MergedWithPrevious, false, "a-b-c"), (std::vector<std::string>{"a-", "b-", "c"}));
  QCOMPARE(pieces("-", B::MergedWithNext, false, "a-b-c"), (std::vector<std::string>{"a", "-b", "-c"}));
  QCOMPARE(pieces("x*", B::Isolated, false, "axb"), (std::vector<std::string>{"a", "x", "b"}));
  // Unicode's white space has no U+180E; PCRE2's would.
  QCOMPARE(pieces(R"(\s+)", B::Isolated, false, "a\u180e\u3000b"),
           (std::vector<std::string>{"a\u180e", "\u3000", "b"}));
  QCOMPARE(quotedPattern("a.b"), std::string("a\\.b"));
  QVERIFY_EXCEPTION_THROWN(Splitter("(", B::Isolated, false, "test"), Error);
}

void TestTokenizer::damagedFilesAreNamed_data() {
  QTest::addColumn<QString>("file");
  QTest::addColumn<QString>("content");
  QTest::addColumn<QString>("mentioned");
  QTest::newRow("no JSON") << "tokenizer.json"
                           << "{"
                           << "tokenizer.json";
  QTest::newRow("no model") << "tokenizer.json"
                            << "{}"
                            << "tokenizer.json";
  QTest::newRow("unigram") << "tokenizer.json"
                           << R"({"model": {"type": "Unigram", "vocab": []}})"
                           << "Unigram";
  QTest::newRow("normalizer") << "tokenizer.json"
                              << R"({"model": {"vocab": {}, "merges": []}, "normalizer": {"type": "Nmt"}})"
                              << "Nmt";
  QTest::newRow("pre-tokenizer") << "tokenizer.json"
                                 << R"({"model": {"vocab": {}, "merges": []}, "pre_tokenizer": {"type": "Bert"}})"
                                 << "Bert";
  QTest::newRow("merge into nothing") << "tokenizer.json"
                                      << R"({"model": {"vocab": {"a": 0, "b": 1}, "merges": ["a b"]}})"
                                      << "\"ab\"";
  QTest::newRow("SentencePiece") << "tokenizer.model"
                                 << "no model"
                                 << "tokenizer.model";
  QTest::newRow("nothing") << "readme.txt"
                           << ""
                           << "no tokenizer";
}

void TestTokenizer::damagedFilesAreNamed() {
  QFETCH(QString, file);
  QFETCH(QString, content);
  QFETCH(QString, mentioned);
  const test::TemporaryFolder folder;
  test::writeFile(folder / file.toStdString(), content.toStdString());
  try {
    openTokenizer(folder.path(), "llama");
    QFAIL("accepted");
  } catch (const Error& error) {
    QVERIFY2(QString(error.what()).contains(mentioned), error.what());
  }
}

RANKSCOPE_TEST_MAIN(TestTokenizer)
#include "tst_tokenizer.moc"
