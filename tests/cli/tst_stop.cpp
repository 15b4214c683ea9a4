// SPDX-License-Identifier: GPL-3.0-or-later
// Stopping and killing rankscope-cli in the middle of its work: nothing that was finished is lost.
#include <csignal>

#include <QJsonArray>

#include "tests/cli/command_line.h"
#include "tests/support/python.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::test;

class TestStop final : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase();
  void stopped_data();
  void stopped();
  void stoppedTwice();
  void killedAndResumed();

 private:
  QStringList command(const char* name) const {
    return {"compress", m_model, text(m_folder / name), "--keep", "0.5", "--run", text(m_folder / name) + ".h5",
            "-v",       "--json"};
  }

  TemporaryFolder m_folder;
  QString m_model;
};

void TestStop::initTestCase() {
  qputenv("RANKSCOPE_CACHE_DIR", ""); // every run takes its time
  SmallShape shape;
  shape.blocks = 6;
  shape.hidden = 320;
  shape.intermediate = 512;
  m_model = text(writeSmallModel(m_folder / "model", SmallFamily::GptNeo, shape));
}

void TestStop::stopped_data() {
  QTest::addColumn<int>("signal");
  QTest::newRow("SIGINT") << SIGINT;
  QTest::newRow("SIGTERM") << SIGTERM;
}

void TestStop::stopped() {
  QFETCH(int, signal);
  const char* name = QTest::currentDataTag();
  QProcess process;
  process.setReadChannel(QProcess::StandardError);
  process.start(rankscopeCli(), command(name));
  QByteArray said;
  while (!said.contains("cosine") && process.waitForReadyRead(60'000)) said += process.readAllStandardError();
  QVERIFY2(said.contains("cosine"), said.constData());
  ::kill(static_cast<pid_t>(process.processId()), signal);
  QVERIFY(process.waitForFinished(30'000));
  said += process.readAllStandardError();
  QCOMPARE(process.exitStatus(), QProcess::NormalExit);
  QVERIFY2(process.exitCode() == 130, said.constData());
  QVERIFY2(said.endsWith("rankscope-cli: stopped\n"), said.constData());
  QVERIFY(process.readAllStandardOutput().isEmpty());
  QVERIFY(!QFile::exists(text(m_folder / name))); // no half of an export

  const QString run = text(m_folder / name) + ".h5";
  const Outcome report = cli({"report", run, "-o", run + ".md", "--json"});
  COMPARE_STATUS(report, 0);
  const int kept = report.json()["total"]["compressed_layers"].toInt();
  QCOMPARE(kept, said.count(", cosine "));

  const Outcome resumed = cli(command(name));
  COMPARE_STATUS(resumed, 0);
  const Outcome undisturbed = cli(command("undisturbed") + QStringList{"--overwrite"});
  COMPARE_STATUS(undisturbed, 0);
  QCOMPARE(resumed.json()["layers"], undisturbed.json()["layers"]);
  QCOMPARE(resumed.json()["total"], undisturbed.json()["total"]);
}

void TestStop::stoppedTwice() {
  QProcess process;
  process.setReadChannel(QProcess::StandardError);
  process.start(rankscopeCli(), command("twice"));
  QByteArray said;
  while (!said.contains("cosine") && process.waitForReadyRead(60'000)) said += process.readAllStandardError();
  ::kill(static_cast<pid_t>(process.processId()), SIGINT);
  ::kill(static_cast<pid_t>(process.processId()), SIGINT);
  QVERIFY(process.waitForFinished(30'000));
  // The second one kills unless the first had ended it by then.
  QVERIFY(process.exitStatus() == QProcess::CrashExit || process.exitCode() == 130);
  const Outcome resumed = cli(command("twice"));
  COMPARE_STATUS(resumed, 0);
}

void TestStop::killedAndResumed() {
  const Output output =
      runProgram(kPython, {RANKSCOPE_SOURCE_DIR "/tests/cli/kill_resume.py", rankscopeCli(), m_model, "6"});
  QVERIFY2(output.ok, (output.out + output.problem).constData());
  qInfo().noquote() << output.out.trimmed();
}

RANKSCOPE_TEST_MAIN(TestStop)
#include "tst_stop.moc"
