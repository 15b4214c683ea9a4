// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/first_size.h"

#include "tests/support/test_main.h"

using rankscope::ui::firstSize;

class TestFirstSize final : public QObject {
  Q_OBJECT

 private slots:
  void fits_data() {
    QTest::addColumn<QSize>("available");
    QTest::addColumn<QSize>("expected");
    QTest::newRow("plenty") << QSize(2560, 1400) << QSize(1280, 800);
    QTest::newRow("just") << QSize(1288, 844) << QSize(1280, 800);
    QTest::newRow("as large as the wish") << QSize(1280, 800) << QSize(1272, 756);
    QTest::newRow("a panel at the bottom") << QSize(1366, 728) << QSize(1280, 684);
    QTest::newRow("narrow") << QSize(800, 1200) << QSize(792, 800);
    QTest::newRow("none") << QSize(0, 0) << QSize(1, 1);
  }
  void fits() {
    QFETCH(QSize, available);
    QFETCH(QSize, expected);
    QCOMPARE(firstSize({1280, 800}, available, {4, 40, 4, 4}), expected);
  }
};

RANKSCOPE_TEST_MAIN(TestFirstSize)
#include "tst_first_size.moc"
