// SPDX-License-Identifier: GPL-3.0-or-later
// Help, wrong usage and failures of rankscope-cli: what a script relies on.
#include "tests/cli/command_line.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::test;

class TestUsage final : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() { m_model = text(writeSmallModel(m_folder / "model", SmallFamily::GptNeo)); }
  void helpHasAnExample_data();
  void helpHasAnExample();
  void helpNamesRanges_data();
  void helpNamesRanges();
  void version();
  void linksNoQt();
  void wrongUsage_data();
  void wrongUsage();
  void failures_data();
  void failures();
  void fullOutput();

 private:
  QStringList filled(QStringList arguments) const {
    return arguments.replaceInStrings(QStringLiteral("MODEL"), m_model)
        .replaceInStrings(QStringLiteral("TMP"), text(m_folder.path()));
  }

  TemporaryFolder m_folder;
  QString m_model;
};

void TestUsage::helpHasAnExample_data() {
  QTest::addColumn<QString>("command");
  for (const char* command : {"info", "spectrum", "plan", "compress", "report"}) QTest::newRow(command) << command;
}

void TestUsage::helpHasAnExample() {
  QFETCH(QString, command);
  const Outcome outcome = cli({command, "--help"});
  COMPARE_STATUS(outcome, 0);
  QVERIFY(outcome.out.contains("Example"));
  QVERIFY(outcome.out.contains("rankscope-cli " + command.toUtf8()));
  for (const char* option : {"--json", "--verbose", "--quiet"}) QVERIFY2(outcome.out.contains(option), option);
  QVERIFY(cli({"--help"}).out.contains(command.toUtf8()));
}

void TestUsage::helpNamesRanges_data() {
  QTest::addColumn<QString>("command");
  QTest::addColumn<QString>("option");
  const auto row = [](const char* command, const char* option) {
    QTest::addRow("%s %s", command, option) << QString(command) << QString(option);
  };
  for (const char* command : {"plan", "compress", "evaluate", "generate", "study"}) {
    row(command, "--rank R (from 1)");
    row(command, "--fraction F (above 0, at most 1)");
    row(command, "--cosine C (above 0, at most 1)");
    row(command, "--keep F (above 0, at most 1)");
    row(command, "--min_dim_for_compression N (from 0)");
    row(command, "--least-rank R (1 to 1000000)");
    row(command, "--largest-rank R (1 to 1000000)");
    row(command, "--calibration-tokens N (64 to 1000000000)");
    row(command, "--refine STEPS (0 to 1000000)");
  }
  row("evaluate", "--tokens N (2 to 1000000000)");
  row("study", "--tokens N (2 to 100000000)");
  row("study", "--draws N (1 to 100)");
  row("study", "--seed N (from 0)");
  row("generate", "--tokens N (1 to 1000000)");
  row("generate", "--temperature T (0 to 100)");
  row("generate", "--top-p P (0 to 1)");
  row("generate", "--seed N (from 0)");
  row("advise", "--largest-kl NATS (above 0)");
  row("advise", "--least-rank R (1 to 1000000)");
  row("advise", "--largest-rank R (1 to 1000000)");
  row("advise", "--calibration-tokens N (64 to 1000000000)");
  row("advise", "--tokens N (16 to 1000000000)");
  row("advise", "--checks N (0 to 1000)");
}

void TestUsage::helpNamesRanges() {
  QFETCH(QString, command);
  QFETCH(QString, option);
  const Outcome outcome = cli({command, "--help"});
  QVERIFY2(outcome.out.contains(option.toUtf8()), outcome.out.constData());
}

void TestUsage::version() {
  const Outcome outcome = cli({"--version"});
  COMPARE_STATUS(outcome, 0);
  QCOMPARE(outcome.out, QByteArray("rankscope-cli " RANKSCOPE_VERSION "\n"));
}

void TestUsage::linksNoQt() {
  QProcess ldd;
  ldd.start("ldd", {rankscopeCli()});
  QVERIFY(ldd.waitForFinished());
  const QByteArray libraries = ldd.readAllStandardOutput();
  QVERIFY(libraries.contains("libc.so"));
  QVERIFY2(!libraries.contains("libQt"), libraries.constData());
}

void TestUsage::wrongUsage_data() {
  QTest::addColumn<QStringList>("arguments");
  QTest::addColumn<QString>("named");
  const auto row = [](const char* arguments, const char* named) {
    QTest::newRow(arguments) << QString(arguments).split(' ', Qt::SkipEmptyParts) << QString(named);
  };
  row("", "a command is needed: info, spectrum, plan,");
  row("frobnicate", "unknown command \"frobnicate\"; there are info, spectrum, plan,");
  row("compres MODEL TMP/out", "unknown command \"compres\"; did you mean compress?");
  row("sudty MODEL", "unknown command \"sudty\"; did you mean study?");
  row("-q foo", "unknown command \"foo\"");
  row("info", "MODEL");
  row("info MODEL MODEL", "not expected");
  row("info MODEL --frobnicate", "--frobnicate");
  row("info MODEL -q -v", "--quiet");
  row("plan MODEL --preset best", "--preset");
  row("plan MODEL --preset hybrid --rank 4", "--rank");
  row("plan MODEL --preset uniform --cosine 0.9", "--cosine");
  row("plan MODEL --preset selective --keep 0.5", "--keep");
  row("plan MODEL --keep 0.5 --bytes 100000", "--keep");
  row("plan MODEL --rank 4 --cosine 0.9", "--rank");
  row("plan MODEL --keep 0", "--keep");
  row("plan MODEL --keep 1.5", "--keep");
  row("plan MODEL --keep nan", "--keep");
  row("plan MODEL --cosine 0", "--cosine");
  row("plan MODEL --cosine 1.01", "--cosine");
  row("plan MODEL --rank 0", "--rank");
  row("plan MODEL --rank -3", "--rank");
  row("plan MODEL --rank 4.5", "--rank");
  row("plan MODEL --rank", "--rank");
  row("plan MODEL --rank 99999999999999999999", "--rank");
  row("plan MODEL --bytes many", "--bytes");
  row("plan MODEL --min-dim -1", "--min-dim");
  row("plan MODEL --rank 4 --fraction 0.1", "--rank");
  row("plan MODEL --fraction 2", "--fraction");
  row("plan MODEL --preset hybrid --fraction 0.1", "--fraction");
  row("plan MODEL --base int5", "--base");
  row("plan MODEL --pin *q*", "--pin");
  row("plan MODEL --rank 4 --multiple 8", "--multiple");
  row("plan MODEL --keep 0.5 --multiple 3", "--multiple");
  row("plan MODEL --least-rank 4", "--least-rank");
  row("plan MODEL --largest-rank 4", "--largest-rank");
  row("plan MODEL --keep 0.5 --least-rank 9 --multiple 8 --largest-rank 15", "--largest-rank");
  row("plan MODEL --rank 4 --refine 5", "--refine");
  row("compress MODEL TMP/out --method plain --refine 5", "--refine");
  row("plan MODEL --method best", "--method");
  row("plan MODEL --base int4 --preset hybrid", "--base");
  row("plan MODEL --base-group 32", "--base-group");
  row("plan MODEL --base int4 --base-group 16", "--base-group");
  row("compress MODEL TMP/out --plan TMP/plan.json --base int4", "--plan");
  row("compress MODEL", "OUT");
  row("compress --output_dir TMP/out", "MODEL");
  row("compress MODEL --input_dir MODEL --output_dir TMP/out", "--input_dir");
  row("compress MODEL TMP/out --quant-bits 5", "--quant-bits");
  row("compress MODEL TMP/out --quant-bits 8 --factor-dtype int8", "--quant-bits");
  row("compress MODEL TMP/out --factor-dtype f8", "--factor-dtype");
  row("compress MODEL TMP/out --plan TMP/plan.json --rank 4", "--plan");
  row("compress MODEL TMP/out --plan TMP/plan.json --min-dim 4", "--plan");
  row("spectrum MODEL --outputs --run TMP/run.h5", "--outputs");
  row("spectrum MODEL --calibration TMP/text.txt", "--outputs");
  row("report TMP/run.h5", "--output");
  row("report TMP/run.h5 -o TMP/report.txt", "--output");
}

void TestUsage::wrongUsage() {
  QFETCH(QStringList, arguments);
  QFETCH(QString, named);
  const Outcome outcome = cli(filled(arguments));
  COMPARE_STATUS(outcome, 2);
  QVERIFY2(outcome.isOneLine(), outcome.err.constData());
  QVERIFY2(outcome.err.contains(named.toUtf8()), outcome.err.constData());
  QVERIFY(outcome.out.isEmpty());
}

void TestUsage::failures_data() {
  QTest::addColumn<QStringList>("arguments");
  QTest::addColumn<QString>("named");
  const auto row = [](const char* arguments, const char* named) {
    QTest::newRow(arguments) << QString(arguments).split(' ', Qt::SkipEmptyParts) << QString(named);
  };
  row("info TMP/nowhere", "nowhere");
  row("info TMP/noise.safetensors", "noise.safetensors");
  row("info TMP/model.gguf", "model.gguf");
  row("spectrum MODEL --layers nothing*", "nothing*");
  row("plan MODEL --bytes 10", "10");
  row("plan MODEL --keep 0.5 --pin nothing*", "--pin nothing*");
  row("plan MODEL -o TMP/nowhere/plan.json", "plan.json");
  row("compress MODEL TMP/out --plan TMP/nowhere.json", "nowhere.json");
  row("compress MODEL TMP/out --plan TMP/bad.json", "bad.json");
  row("compress MODEL TMP/out --layers nothing*", "nothing*");
  row("compress MODEL MODEL --rank 2", "model");
  row("compress MODEL TMP/full --rank 2", "full");
  row("report TMP/nowhere.h5 -o TMP/report.html", "nowhere.h5");
  row("report TMP/bad.json -o TMP/report.html", "bad.json");
}

void TestUsage::failures() {
  QFETCH(QStringList, arguments);
  QFETCH(QString, named);
  writeFile(m_folder / "noise.safetensors", "nothing but noise, more than eight bytes of it");
  writeFile(m_folder / "model.gguf", "GGUF and so on");
  writeFile(m_folder / "bad.json", R"({"format": "rankscope-plan", "version": 1, "rang": 3})");
  std::filesystem::create_directories(m_folder / "full");
  writeFile(m_folder / "full/keep.txt", "somebody's");
  const Outcome outcome = cli(filled(arguments));
  COMPARE_STATUS(outcome, 1);
  QVERIFY2(outcome.isOneLine(), outcome.err.constData());
  QVERIFY2(outcome.err.contains(named.toUtf8()), outcome.err.constData());
  QVERIFY(outcome.out.isEmpty());
  QVERIFY(!std::filesystem::exists(m_folder / "out"));
  QCOMPARE(readFile(m_folder / "full/keep.txt"), std::string("somebody's"));
}

void TestUsage::fullOutput() {
  QProcess process;
  process.setStandardOutputFile("/dev/full");
  process.start(rankscopeCli(), {"info", m_model});
  QVERIFY(process.waitForFinished());
  QCOMPARE(process.exitCode(), 1);
  QVERIFY(process.readAllStandardError().contains("standard output"));
}

RANKSCOPE_TEST_MAIN(TestUsage)
#include "tst_usage.moc"
