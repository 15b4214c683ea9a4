// SPDX-License-Identifier: GPL-3.0-or-later
// rankscope-cli advise on a small model: what it prints and writes, and that its plans give the numbers that it
// measured.
#include <csignal>
#include <cmath>
#include <fstream>

#include <QDirIterator>
#include <QJsonArray>

#include "core/store/run_file.h"
#include "tests/cli/command_line.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"
#include "tests/support/text_model.h"

using namespace rankscope::test;

namespace {

qint64 bytesIn(const QString& folder) {
  qint64 sum = 0;
  for (QDirIterator files(folder, QDir::Files); files.hasNext();) {
    files.next();
    sum += files.fileInfo().size();
  }
  return sum;
}

QJsonObject optionNamed(const QJsonObject& printed, const QString& name) {
  for (const QJsonValue& option : printed["options"].toArray())
    if (option["name"] == name) return option.toObject();
  return {};
}

/// The advice that a run file keeps.
QString adviceIn(const QString& run) {
  for (const auto& [number, json] : rankscope::readRun(run.toStdString()).evaluations)
    if (json.find("\"kind\":\"advice\"") != std::string::npos) return QString::fromStdString(json);
  return {};
}

} // namespace

class TestAdvise final : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase();
  void printsAndWrites();
  void plansGiveWhatWasMeasured();
  void withinTheBytesWritten();
  void withinLimits();
  void impossibleBudgets();
  void wrongUsage_data();
  void wrongUsage();
  void stopped();

 private:
  QStringList advise(const QStringList& more) const {
    return QStringList{"advise", m_model,     "--text", m_text, "--tokens", "512", "--calibration-tokens",
                       "1024",   "--no-speed"} +
           more;
  }
  QString fresh(const char* name) const { return text(m_folder / name); }

  TemporaryFolder m_folder;
  QString m_model, m_text;
};

void TestAdvise::initTestCase() {
  m_model = text(writeTextModel(m_folder / "model"));
  m_text = fresh("text.txt");
  std::ofstream(m_text.toStdString()) << someText(60, 12);
}

void TestAdvise::printsAndWrites() {
  const Outcome outcome = cli(advise({"--budget", "0.5", "-o", fresh("advice.html"), "--run", fresh("run.h5")}));
  COMPARE_STATUS(outcome, 0);
  QVERIFY2(outcome.out.startsWith("Take \""), outcome.out.constData());
  QVERIFY(outcome.out.contains("study-hybrid") && outcome.out.contains("mixed"));
  QFile page(fresh("advice.html"));
  QVERIFY(page.open(QIODevice::ReadOnly));
  QVERIFY(page.readAll().contains("The options, measured"));
  const QString entry = adviceIn(fresh("run.h5"));
  QVERIFY(entry.contains("\"created\":") && entry.contains(m_text)); // what the window takes a plan up with
  // A second one finds the trials of single layers in the run file.
  COMPARE_STATUS(cli(advise({"--budget", "0.4", "-o", fresh("advice.md"), "--run", fresh("run.h5"), "--json"})), 0);
}

void TestAdvise::plansGiveWhatWasMeasured() {
  const QString plans = fresh("plans");
  const Outcome outcome = cli(advise({"--budget", "0.5", "--plans", plans, "--json"}));
  COMPARE_STATUS(outcome, 0);
  const QJsonObject printed = outcome.json();
  const QString recommended = printed["recommended"].toString();
  QVERIFY(!recommended.isEmpty());
  for (const QString& name : {recommended, QString("study-hybrid"), QString("aware-energy"), QString("low-rank"),
                              QString("mixed-sequential")}) {
    const QJsonObject option = optionNamed(printed, name);
    QVERIFY2(!option.isEmpty(), qPrintable(name));
    QStringList command{"evaluate",
                        m_model,
                        "--plan",
                        plans + "/" + name + ".json",
                        "--calibration",
                        plans + "/calibration.txt",
                        "--calibration-tokens",
                        "1024",
                        "--text",
                        plans + "/measured.txt",
                        "--tokens",
                        "512",
                        "--no-speed",
                        "--json"};
    const Outcome again = cli(command);
    COMPARE_STATUS(again, 0);
    const double kl = option["kl_mean"].toDouble(), back = again.json()["kl_mean"].toDouble();
    QVERIFY2(kl > 0 && std::abs(back - kl) <= 1e-4 * kl,
             qPrintable(QString("%1: %2, not %3").arg(name).arg(back).arg(kl)));
    const double perplexity = option["perplexity"].toDouble(),
                 anew = again.json()["perplexity_compressed"].toDouble();
    QVERIFY2(std::abs(anew - perplexity) < 1e-3,
             qPrintable(QString("%1: %2, not %3").arg(name).arg(anew, 0, 'f', 5).arg(perplexity, 0, 'f', 5)));
  }
}

void TestAdvise::withinTheBytesWritten() {
  const QString plans = fresh("plans in bytes"), out = fresh("export");
  const qint64 limit = bytesIn(m_model) * 8 / 10;
  const Outcome outcome = cli(advise({"--budget", QString::number(limit), "--plans", plans, "--json"}));
  COMPARE_STATUS(outcome, 0);
  const QString recommended = outcome.json()["recommended"].toString();
  COMPARE_STATUS(cli({"compress", m_model, out, "--plan", plans + "/" + recommended + ".json", "--calibration",
                      plans + "/calibration.txt", "--calibration-tokens", "1024"}),
                 0);
  QVERIFY2(bytesIn(out) <= limit, qPrintable(QString("%1 bytes of %2").arg(bytesIn(out)).arg(limit)));
}

/// What is pinned stays dense in every option, those of the study too, and ranks keep to their limits.
void TestAdvise::withinLimits() {
  const Outcome outcome = cli(advise({"--budget", "0.5", "--pin", "*q_proj*", "--pin", "*.1.mlp*", "--multiple", "8",
                                      "--largest-rank", "16", "--methods", "fisher,int4,correction", "--json"}));
  COMPARE_STATUS(outcome, 0);
  const QJsonArray options = outcome.json()["options"].toArray();
  QVERIFY(options.size() > 4);
  for (const QJsonValue& option : options) {
    const QJsonObject layers = option["plan"]["overrides"].toObject();
    QVERIFY(!layers.isEmpty());
    for (auto layer = layers.begin(); layer != layers.end(); ++layer)
      QVERIFY2(!layer.key().contains("q_proj") && !layer.key().contains(".1.mlp"), qPrintable(layer.key()));
    if (option["name"] != "low-rank" && option["name"] != "mixed") continue;
    for (const QJsonValue& layer : layers) {
      const QJsonValue rank = layer.isObject() ? layer["rank"] : layer;
      if (rank.isDouble()) QVERIFY(rank.toInt() == 8 || rank.toInt() == 16);
    }
  }
  QVERIFY(outcome.json()["notes"].toArray().first().toString().contains("pinned"));
}

/// The sentence says what can be asked for.
void TestAdvise::impossibleBudgets() {
  for (const char* budget : {"0.001", "2000"}) {
    const Outcome outcome = cli(advise({"--budget", budget}));
    QVERIFY(outcome.status != 0);
    QVERIFY2(outcome.err.contains("--budget: nothing fits into"), outcome.err.constData());
    QVERIFY2(outcome.err.contains(*budget == '0' ? "smallest share" : "least that"), outcome.err.constData());
  }
}

void TestAdvise::wrongUsage_data() {
  QTest::addColumn<QStringList>("more");
  QTest::addColumn<QByteArray>("part");
  QTest::newRow("budget") << QStringList{"--budget", "lots"} << QByteArray("--budget");
  QTest::newRow("share") << QStringList{"--budget", "1.5"} << QByteArray("--budget");
  QTest::newRow("no share and too few bytes") << QStringList{"--budget", "2"} << QByteArray("--budget");
  QTest::newRow("two budgets") << QStringList{"--budget", "0.5", "--largest-kl", "0.1"} << QByteArray("--largest-kl");
  QTest::newRow("method") << QStringList{"--methods", "plain,magic"} << QByteArray("magic");
  QTest::newRow("report") << QStringList{"-o", "advice.csv"} << QByteArray(".html or .md");
}

void TestAdvise::wrongUsage() {
  QFETCH(QStringList, more);
  QFETCH(QByteArray, part);
  const Outcome outcome = cli(advise(more));
  COMPARE_STATUS(outcome, 2);
  QVERIFY2(outcome.isOneLine() && outcome.err.contains(part), outcome.err.constData());
}

void TestAdvise::stopped() {
  const QString run = fresh("stopped.h5");
  const QString model = text(writeTextModel(m_folder / "longer model", 12));
  QProcess process;
  process.start(rankscopeCli(), {"advise", model, "--text", m_text, "--run", run, "--checks", "1000"});
  QVERIFY(process.waitForStarted());
  QVERIFY(!process.waitForFinished(4000)); // a thousand checks take longer
  ::kill(static_cast<pid_t>(process.processId()), SIGINT);
  QVERIFY(process.waitForFinished(60'000));
  QCOMPARE(process.exitCode(), 130);
  QVERIFY(process.readAllStandardOutput().isEmpty());
  QVERIFY(QFile::exists(run));
}

RANKSCOPE_TEST_MAIN(TestAdvise)
#include "tst_advise.moc"
