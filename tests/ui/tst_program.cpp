// SPDX-License-Identifier: GPL-3.0-or-later
// The command line of the window's program.
#include <QProcess>

#include "tests/support/test_main.h"

class TestProgram final : public QObject {
  Q_OBJECT

 private slots:
  void wrongUsage_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("said");
    QTest::newRow("panel") << QStringList{"--panel", "Xyz"}
                           << "no panel \"Xyz\"; --panel wants one of Layers, Spectrum, Cosine, Map, TradeOff, Plan,";
    QTest::newRow("panel's case") << QStringList{"--panel", "map"} << "no panel \"map\"";
    QTest::newRow("no panel") << QStringList{"--panel", ""} << "no panel \"\"";
    QTest::newRow("theme") << QStringList{"--theme", "pink"} << "--theme wants";
  }
  void wrongUsage() {
    QFETCH(QStringList, arguments);
    QFETCH(QString, said);
    QProcess program;
    program.start(QStringLiteral(RANKSCOPE_BIN_DIR "/rankscope"), arguments);
    QVERIFY(program.waitForFinished());
    QCOMPARE(program.exitCode(), 2);
    const QByteArray error = program.readAllStandardError();
    QVERIFY2(error.contains("rankscope: ") && error.contains(said.toUtf8()), error.constData());
  }
};

RANKSCOPE_TEST_MAIN(TestProgram)
#include "tst_program.moc"
