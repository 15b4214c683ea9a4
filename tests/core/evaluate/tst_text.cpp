// SPDX-License-Identifier: GPL-3.0-or-later
#include <zlib.h>

#include "core/base/error.h"
#include "core/evaluate/generate.h"
#include "core/evaluate/text.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;

namespace {

/// One token a byte; 300 is the BOS, 301 the separator.
class ByteTokenizer final : public Tokenizer {
 public:
  using Tokenizer::Habits;
  explicit ByteTokenizer(Habits habits) : Tokenizer(habits) {}
  std::vector<int> encode(std::string_view text) const override { return {text.begin(), text.end()}; }
  std::string decode(std::span<const int> ids) const override { return {ids.begin(), ids.end()}; }
  int size() const override { return 302; }
};

using Strings = std::vector<std::string>;

} // namespace

class TestText : public QObject {
  Q_OBJECT

 private slots:
  void recordsAreCutAtSeparatorLines();
  void gzipIsRead();
  void damagedGzipIsNamed();
  void whatIsNoTextIsRefused_data();
  void whatIsNoTextIsRefused();
  void strayBytesAreAccepted();
  void windowsBeginWithBos();
  void windowsCarryTheModelsSeparator();
  void limitsCountEveryToken();
  void repetitionIsMeasured();
  void samplingFollowsTemperatureAndTopP();
};

void TestText::recordsAreCutAtSeparatorLines() {
  QCOMPARE(splitRecords("one\ntwo\n<|endoftext|>\nthree\n\n<|endoftext|>\r\n<|endoftext|>\nfour <|endoftext|>\n"),
           (Strings{"one\ntwo", "three", "four <|endoftext|>"}));
  QCOMPARE(splitRecords("no break"), Strings{"no break"});
  QCOMPARE(splitRecords(""), Strings{});
  QCOMPARE(splitRecords("a\n<|endoftext|>"), Strings{"a"});
}

void TestText::gzipIsRead() {
  const test::TemporaryFolder folder;
  const auto path = folder / "text.gz";
  const gzFile file = gzopen(path.c_str(), "wb");
  gzputs(file, "a\n<|endoftext|>\nb\n");
  gzclose(file);
  QCOMPARE(readRecords(path), (Strings{"a", "b"}));
  test::writeFile(folder / "plain.txt", "a\n<|endoftext|>\nb\n");
  QCOMPARE(readRecords(folder / "plain.txt"), (Strings{"a", "b"}));
}

void TestText::damagedGzipIsNamed() {
  const test::TemporaryFolder folder;
  const auto path = folder / "text.gz";
  const gzFile file = gzopen(path.c_str(), "wb");
  for (int i = 0; i < 5000; ++i) gzprintf(file, "%d and then\n", i * i);
  gzclose(file);
  const std::string whole = test::readFile(path);
  test::writeFile(path, whole.substr(0, whole.size() / 2));
  try {
    readRecords(path);
    QFAIL("accepted");
  } catch (const Error& error) {
    QVERIFY(QString(error.what()).contains("text.gz"));
  }
  QVERIFY_EXCEPTION_THROWN(readRecords(folder / "absent.txt"), Error);
  QVERIFY_EXCEPTION_THROWN(readRecords(folder.path()), Error);
}

void TestText::whatIsNoTextIsRefused_data() {
  QTest::addColumn<QByteArray>("content");
  QTest::addColumn<QString>("why");
  QByteArray noise;
  for (unsigned i = 1; i < 5000; ++i) noise += static_cast<char>(1 + (i * 2654435761U >> 13) % 255);
  QTest::newRow("a model") << QByteArray("\x10\0\0\0\0\0\0\0{\"a\":{}}        ", 26) << "zero bytes";
  QTest::newRow("noise without zeros") << noise << "belong to no character";
  QTest::newRow("UTF-16") << QByteArray("\xff\xfeO\0n\0c\0e\0", 10) << "UTF-16";
  QTest::newRow("Cyrillic in KOI8") << QByteArray("\xf7 \xce\xc1\xde\xc1\xcc\xc5") << "belong to no character";
}

void TestText::whatIsNoTextIsRefused() {
  QFETCH(QByteArray, content);
  QFETCH(QString, why);
  const test::TemporaryFolder folder;
  test::writeFile(folder / "text.bin", content.toStdString());
  try {
    readRecords(folder / "text.bin");
    QFAIL("accepted");
  } catch (const Error& error) {
    QCOMPARE(error.kind(), ErrorKind::Unsupported);
    QVERIFY2(QString(error.what()).contains(why) && QString(error.what()).contains("text.bin"), error.what());
  }
}

void TestText::strayBytesAreAccepted() {
  const test::TemporaryFolder folder;
  const std::string text = "caf\xe9 " + std::string(2000, 'a') + std::string(1, '\0') + "🙂";
  test::writeFile(folder / "text.txt", text);
  QCOMPARE(readRecords(folder / "text.txt"), Strings{text});
}

void TestText::windowsBeginWithBos() {
  const ByteTokenizer tokenizer({300, {}});
  const std::vector<Window> windows = windowsOf({"abc", "de"}, tokenizer, 4, 0);
  QCOMPARE(windows.size(), std::size_t{2});
  QCOMPARE(windows[0].tokens, (std::vector<int>{300, 'a', 'b', 'c'}));
  QCOMPARE(windows[1].tokens, (std::vector<int>{300, 'd', 'e'}));
  QCOMPARE(windows[1].records, (std::vector<int>{1, 1, 1}));
}

void TestText::windowsCarryTheModelsSeparator() {
  const ByteTokenizer tokenizer({{}, 301});
  const std::vector<Window> windows = windowsOf({"abc", "de"}, tokenizer, 4, 0);
  QCOMPARE(windows[0].tokens, (std::vector<int>{'a', 'b', 'c', 301}));
  QCOMPARE(windows[0].records, (std::vector<int>{0, 0, 0, 0}));
  QCOMPARE(windows[1].tokens, (std::vector<int>{'d', 'e'}));
  // A window of one token predicts nothing.
  QCOMPARE(windowsOf({"abcde"}, tokenizer, 4, 0).size(), std::size_t{1});
}

void TestText::limitsCountEveryToken() {
  const ByteTokenizer tokenizer({300, {}});
  std::size_t tokens = 0;
  for (const Window& window : windowsOf({std::string(100, 'x')}, tokenizer, 8, 21)) tokens += window.tokens.size();
  QCOMPARE(tokens, std::size_t{21});
}

void TestText::repetitionIsMeasured() {
  const std::vector<int> varied{1, 2, 3, 4, 5, 6}, looping{1, 2, 3, 1, 2, 3, 1, 2, 3};
  QCOMPARE(repetitionOf(varied).distinct1, 1.0);
  QCOMPARE(repetitionOf(varied).repeated4grams, 0.0);
  QCOMPARE(repetitionOf(varied).longestRepeat, 0);
  QCOMPARE(repetitionOf(looping).distinct1, 3.0 / 9);
  QCOMPARE(repetitionOf(looping).distinct2, 3.0 / 8);
  QCOMPARE(repetitionOf(looping).distinct3, 3.0 / 7);
  QCOMPARE(repetitionOf(looping).repeated4grams, 0.5);
  QCOMPARE(repetitionOf(looping).longestRepeat, 6);
  QCOMPARE(repetitionOf({}).distinct3, 1.0);
}

void TestText::samplingFollowsTemperatureAndTopP() {
  const std::vector<float> logits{0, 2, 1, -1};
  QCOMPARE(sampleToken(logits, {.temperature = 0}, 0.99), 1);
  // At temperature 1 the probabilities are .088, .644, .237, .032.
  QCOMPARE(sampleToken(logits, {.temperature = 1}, 0.64), 1);
  QCOMPARE(sampleToken(logits, {.temperature = 1}, 0.65), 2);
  QCOMPARE(sampleToken(logits, {.temperature = 1}, 0.999), 3);
  QCOMPARE(sampleToken(logits, {.temperature = 1, .topP = 0.7}, 0.999), 2);
  QCOMPARE(sampleToken(logits, {.temperature = 1, .topP = 0.6}, 0.999), 1);
  QCOMPARE(sampleToken(logits, {.temperature = 0.1}, 0.999), 1);
}

RANKSCOPE_TEST_MAIN(TestText)
#include "tst_text.moc"
