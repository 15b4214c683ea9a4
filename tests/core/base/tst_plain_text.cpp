// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/plain_text.h"
#include "tests/support/test_main.h"

using namespace rankscope;

class TestPlainText final : public QObject {
  Q_OBJECT

 private slots:
  void countsWhatIsNoUtf8_data();
  void countsWhatIsNoUtf8();
  void tellsTextFromOtherBytes();
};

void TestPlainText::countsWhatIsNoUtf8_data() {
  QTest::addColumn<QByteArray>("text");
  QTest::addColumn<int>("outside");
  QTest::newRow("nothing") << QByteArray() << 0;
  QTest::newRow("ASCII") << QByteArray("and so on") << 0;
  QTest::newRow("two to four bytes") << QByteArray("ç σ 中 🙂") << 0;
  QTest::newRow("Latin-1") << QByteArray("caf\xe9 au lait") << 1;
  QTest::newRow("lone continuation") << QByteArray("a\x80\x80z") << 2;
  QTest::newRow("overlong") << QByteArray("\xc0\xaf") << 2;
  QTest::newRow("above Unicode") << QByteArray("\xf5\x80\x80\x80") << 4;
  QTest::newRow("cut off at the end") << QByteArray("ok \xf0\x9f\x99") << 0;
  QTest::newRow("cut off in the middle") << QByteArray("\xf0\x9f\x99 ok") << 3;
}

void TestPlainText::countsWhatIsNoUtf8() {
  QFETCH(QByteArray, text);
  QTEST(static_cast<int>(bytesOutsideUtf8({text.data(), static_cast<std::size_t>(text.size())})), "outside");
}

void TestPlainText::tellsTextFromOtherBytes() {
  QVERIFY(looksLikeText("Era uma vez…\r\n\tum modelo.\n"));
  QVERIFY(!looksLikeText(std::string_view("a\0b", 3)));
  QVERIFY(!looksLikeText("\x1b[0m"));
  QVERIFY(!looksLikeText("\xff\xff\xff\xff"));
}

RANKSCOPE_TEST_MAIN(TestPlainText)
#include "tst_plain_text.moc"
