// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>
#include <sentencepiece_processor.h>

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
