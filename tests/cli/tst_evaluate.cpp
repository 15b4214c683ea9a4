// SPDX-License-Identifier: GPL-3.0-or-later
// evaluate, generate and study on a small model with a tokenizer: what they print, what a run file then holds.
#include <csignal>
#include <set>

#include <QDateTime>
#include <QJsonArray>

#include <nlohmann/json.hpp>

#include "core/store/run_file.h"
#include "tests/cli/command_line.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::test;

namespace {

const std::filesystem::path kTokenizer = std::filesystem::path(RANKSCOPE_SOURCE_DIR) / "tests/core/model/fixtures/bpe";

std::string textOf(int records) {
  std::string text;
  for (int i = 0; i < records; ++i)
    text += "The cat number " + std::to_string(i * 37 % 101) + " didn't like naïve dogs; it had " +
            std::to_string(i % 7) + " reasons.\n<|endoftext|>\n";
  return text;
}

double number(const QJsonObject& object, const char* key) {
  return object[key].isDouble() ? object[key].toDouble() : std::nan("");
}

} // namespace

class TestEvaluate final : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase();
  void keys();
  void table();
  void fullRankChangesNothing();
  void exportsAreThePlan_data();
  void exportsAreThePlan();
  void runHoldsWhatWasMeasured();
  void fittedToTheProgramsText();
  void spectraOfOutputs();
  void compressMeasuresOutputs();
  void plansSayTheMethods();
  void study();
  void generates();
  void stopped_data();
  void stopped();
  void wrongUsage_data();
  void wrongUsage();
  void failures_data();
  void failures();

 private:
  QStringList evaluate(const QStringList& more, const char* tokens = "300") const {
    return QStringList{"evaluate", m_model, "--text", m_text, "--tokens", tokens, "--json"} + more;
  }
  QStringList filled(const QString& arguments) const {
    QStringList list = arguments.split(' ', Qt::SkipEmptyParts);
    for (QString& one : list)
      one.replace("MODEL", m_model).replace("TEXT", m_text).replace("TMP", text(m_folder.path()));
    return list;
  }

  TemporaryFolder m_folder;
  QString m_model, m_text;
};

void TestEvaluate::initTestCase() {
  qputenv("RANKSCOPE_CACHE_DIR", "");
  SmallShape shape;
  shape.blocks = 4;
  shape.vocabulary = static_cast<int>(nlohmann::json::parse(readFile(kTokenizer / "vocab.json")).size());
  const auto folder = writeSmallModel(m_folder / "a model", SmallFamily::GptNeo, shape);
  for (const char* name : {"vocab.json", "merges.txt"}) std::filesystem::copy(kTokenizer / name, folder / name);
  m_model = text(folder);
  writeFile(m_folder / "text.txt", textOf(40));
  m_text = text(m_folder / "text.txt");
}

void TestEvaluate::keys() {
  const Outcome outcome = cli(evaluate({"--rank", "4", "--prompt", "The cat"}));
  COMPARE_STATUS(outcome, 0);
  const QJsonObject json = outcome.json();
  for (const char* key : {"perplexity_original",
                          "perplexity_original_se",
                          "perplexity_compressed",
                          "perplexity_compressed_se",
                          "kl_mean",
                          "kl_median",
                          "kl_p90",
                          "kl_p99",
                          "kl_max",
                          "top1_agreement",
                          "top5_agreement",
                          "logit_cosine",
                          "logit_cosine_centered",
                          "hidden_cosine",
                          "logit_relative_error",
                          "tokens",
                          "positions",
                          "windows",
                          "records",
                          "context"})
    QVERIFY2(json[key].isDouble(), key);
  QCOMPARE(json["kind"], QJsonValue("evaluation"));
  QCOMPARE(json["compressed"], QJsonValue("rank 4"));
  QCOMPARE(json["complete"], QJsonValue(true));
  QCOMPARE(json["tokens"].toInt(), 300);
  QVERIFY(number(json, "kl_mean") > 1e-4 && number(json, "kl_p99") >= number(json, "kl_median"));
  QVERIFY(number(json, "perplexity_original") > 1 && number(json, "perplexity_original_se") > 0);
  QCOMPARE(json["blocks"].toArray().size(), 4);
  for (const QJsonValue& block : json["blocks"].toArray()) {
    QVERIFY(block["cosine"].toDouble() < 1 && block["cosine"].toDouble() > -1);
    QVERIFY(block["relative_error"].toDouble() > 0);
  }
  int counted = 0;
  for (const QJsonValue& bin : json["kl_histogram"].toArray()) counted += bin["count"].toInt();
  QCOMPARE(counted, json["positions"].toInt());
  const QJsonObject speed = json["speed"].toObject(), memory = json["memory"].toObject();
  for (const char* name : {"original", "compressed", "int8"}) {
    for (const char* key :
         {"prefill_tokens_per_second", "decode_tokens_per_second", "prefill_ratio", "decode_ratio", "flops_per_token"})
      QVERIFY2(speed[name][key].toDouble() > 0, key);
    QVERIFY(memory[name]["resident_bytes"].toDouble() > memory[name]["weight_bytes"].toDouble());
  }
  QCOMPARE(speed["original"]["decode_ratio"].toDouble(), 1.0);
  QVERIFY(number(speed, "share_of_break_even") > 0 && number(speed, "share_of_break_even") < 0.5);
  QCOMPARE(speed["above_break_even"].toArray().size(), 0);
  QVERIFY(memory["int8"]["weight_bytes"].toDouble() < memory["compressed"]["weight_bytes"].toDouble());
  QVERIFY(memory["compressed"]["weight_bytes"].toDouble() < memory["original"]["weight_bytes"].toDouble());
  QVERIFY(number(memory, "process_resident_bytes") > 0);
  const QJsonObject controls = json["controls"].toObject();
  QVERIFY(controls["bf16"]["kl_mean"].toDouble() < number(json, "kl_mean"));
  QVERIFY(controls["random_factors"]["kl_mean"].isDouble());
  QVERIFY(controls["unrelated_text"]["logit_cosine_centered"].isDouble());
  const QJsonObject generation = json["generation"].toObject();
  QVERIFY(generation["original"]["text"].isString() && generation["compressed"]["distinct_2"].isDouble());
  QVERIFY(!json["sentences"].toArray().isEmpty());
}

void TestEvaluate::table() {
  QStringList arguments = evaluate({"--preset", "uniform", "--no-speed"});
  arguments.removeAll("--json");
  const Outcome outcome = cli(arguments);
  COMPARE_STATUS(outcome, 0);
  for (const char* word : {"Perplexity goes from", "preset uniform", "original in bf16", "random factors",
                           "unrelated text", "Hidden cosine", "KL median"})
    QVERIFY2(outcome.out.contains(word), word);
  QVERIFY(!outcome.out.contains("Prefill"));
}

void TestEvaluate::fullRankChangesNothing() {
  writeFile(m_folder / "full.json", R"({"format": "rankscope-plan", "version": 1, "factor_dtype": "f32",
    "rules": [{"regex": "(attn|mlp)\\.", "rank": 1000}]})");
  const Outcome outcome = cli(evaluate({"--plan", text(m_folder / "full.json")}));
  COMPARE_STATUS(outcome, 0);
  const QJsonObject json = outcome.json();
  QVERIFY2(number(json, "kl_mean") < 1e-6 && number(json, "kl_max") < 1e-5, outcome.out.constData());
  QCOMPARE(number(json, "top1_agreement"), 1.0);
  QVERIFY(number(json, "logit_cosine_centered") > 1 - 1e-6);
  QCOMPARE(json["speed"]["above_break_even"].toArray().size(), 4 * 6); // and that it saves nothing
}

void TestEvaluate::exportsAreThePlan_data() {
  QTest::addColumn<QStringList>("options");
  QTest::addColumn<bool>("dense");
  QTest::newRow("factors") << QStringList{"--rank", "5", "--quant-bits", "32"} << false;
  QTest::newRow("int8 factors") << QStringList{"--rank", "5", "--quant-bits", "8"} << false;
  QTest::newRow("int4 factors, some layers") << QStringList{"--preset", "hybrid", "--quant-bits", "4"} << false;
  QTest::newRow("dense") << QStringList{"--rank", "5", "--quant-bits", "32"} << true;
}

/// A folder that compress wrote gives the figures of the plan carried out in memory.
void TestEvaluate::exportsAreThePlan() {
  QFETCH(QStringList, options);
  QFETCH(bool, dense);
  const QString folder = text(m_folder / QTest::currentDataTag());
  const Outcome written =
      cli(QStringList{"compress", m_model, folder} + options + (dense ? QStringList{"--dense"} : QStringList()));
  COMPARE_STATUS(written, 0);
  const Outcome exported = cli(evaluate({folder, "--no-speed"})),
                planned = cli(evaluate(options + QStringList{"--no-speed"}));
  COMPARE_STATUS(exported, 0);
  COMPARE_STATUS(planned, 0);
  const QJsonObject a = exported.json(), b = planned.json();
  QVERIFY(number(b, "kl_mean") > 1e-4);
  for (const char* key : {"kl_mean", "kl_p99", "perplexity_compressed", "logit_cosine", "hidden_cosine"})
    QVERIFY2(std::abs(number(a, key) - number(b, key)) < 2e-5 * (1 + std::abs(number(b, key))), key);
  QCOMPARE(a["compressed"], QJsonValue(folder));
  QVERIFY(a["speed"].isNull() && a["memory"].isNull());
  // An export is a model like any other, to be continued with and to be compared with itself.
  const Outcome same = cli({"evaluate", folder, folder, "--text", m_text, "--tokens", "100", "--no-speed", "--json"});
  COMPARE_STATUS(same, 0);
  QVERIFY(number(same.json(), "kl_mean") < 1e-9);
  COMPARE_STATUS(cli({"generate", folder, "--prompt", "The", "--tokens", "4"}), 0);
}

void TestEvaluate::runHoldsWhatWasMeasured() {
  const QString plan = text(m_folder / "plan.json"), run = text(m_folder / "run.h5");
  COMPARE_STATUS(cli({"plan", m_model, "--rank", "6", "-o", plan}), 0);
  const Outcome first = cli(evaluate({"--plan", plan, "--run", run, "--no-speed"}));
  COMPARE_STATUS(first, 0);
  QCOMPARE(first.json()["compressed"], QJsonValue(plan));
  const Outcome again = cli(evaluate({"--plan", plan, "--run", run, "--no-speed"}));
  COMPARE_STATUS(again, 0);
  QCOMPARE(first.json()["kl_mean"], again.json()["kl_mean"]);
  const RunContents contents = readRun(run.toStdString());
  QCOMPARE(contents.evaluations.size(), std::size_t{2});
  QVERIFY(!contents.planJson.empty());
  int compressed = 0;
  for (const LayerRecord& layer : contents.layers)
    if (layer.compression && layer.compression->choice.rank == 6) ++compressed;
  QCOMPARE(compressed, 4 * 6);
  const auto kept = nlohmann::json::parse(contents.evaluations.at("1"));
  QCOMPARE(kept["kl_mean"].get<double>(), number(first.json(), "kl_mean"));
  QCOMPARE(kept["compressed"].get<std::string>(), plan.toStdString());
  // What the window tells stale ones by.
  QCOMPARE(kept["plan"], nlohmann::json::parse(readFile(plan.toStdString())));
  QVERIFY(QDateTime::fromString(QString::fromStdString(kept["created"]), Qt::ISODate).isValid());
  const auto checkpoint = openCheckpoint(m_model.toStdString());
  QCOMPARE(kept["bytes_before"].get<std::uint64_t>(), checkpoint->bytes());
  QVERIFY(kept["bytes_after"].get<std::uint64_t>() < checkpoint->bytes());
  for (const char* format : {".html", ".md", ".csv"}) COMPARE_STATUS(cli({"report", run, "-o", run + format}), 0);
  QVERIFY(readFile((run + ".html").toStdString()).find("Evaluation 2") != std::string::npos);
}

/// Without a text of one's own methods are fitted to a part of the program's and measured on another part of it.
void TestEvaluate::fittedToTheProgramsText() {
  const QStringList fitted{"--rank", "5", "--method", "aware", "--calibration-tokens", "2000"};
  const QStringList measure{"--tokens", "300", "--no-speed", "--json"};
  const Outcome both = cli(QStringList{"evaluate", m_model} + fitted + measure);
  COMPARE_STATUS(both, 0);
  QVERIFY2(both.err.contains("calibrated on 2000 tokens of evaluation.txt, the stories that come with the program"),
           both.err.constData());
  QVERIFY2(both.err.contains("measured on the last"), both.err.constData());
  QVERIFY(both.json()["text"].toString().startsWith("the last "));
  const Outcome own = cli(QStringList{"evaluate", m_model, "--text", m_text} + fitted + measure);
  COMPARE_STATUS(own, 0);
  QCOMPARE(own.json()["text"].toString(), "text.txt");
  const Outcome same =
      cli(QStringList{"evaluate", m_model, "--text", m_text, "--calibration", m_text} + fitted + measure);
  COMPARE_STATUS(same, 0);
  QVERIFY(same.json()["text"].toString().endsWith(" of 40 records of text.txt"));
  QVERIFY2(same.err.contains("its last records are left"), same.err.constData());
  // An export may have been fitted to the program's text, too.
  const QString folder = text(m_folder / "fitted");
  COMPARE_STATUS(cli(QStringList{"compress", m_model, folder} + fitted), 0);
  const Outcome exported = cli(QStringList{"evaluate", m_model, folder} + measure);
  COMPARE_STATUS(exported, 0);
  QCOMPARE(exported.json()["text"], both.json()["text"]);
  QVERIFY(std::abs(number(exported.json(), "kl_mean") - number(both.json(), "kl_mean")) <
          1e-4 * number(both.json(), "kl_mean"));
  // Plain plans see no text: all of it is measured on.
  QCOMPARE(cli(QStringList{"evaluate", m_model, "--rank", "5"} + measure).json()["text"].toString(), "evaluation.txt");
}

/// A plan's keys do what the options of the same name do; a run file has the fitted layers for the next time.
void TestEvaluate::spectraOfOutputs() {
  const QStringList command{"spectrum", m_model, "--layers", "*attn*", "--json"};
  const QJsonObject weights = cli(command).json();
  const Outcome outcome =
      cli(command + QStringList{"--outputs", "--calibration", m_text, "--calibration-tokens", "300"});
  COMPARE_STATUS(outcome, 0);
  const QJsonObject outputs = outcome.json();
  QCOMPARE(weights["space"].toString(), "weights");
  QCOMPARE(outputs["space"].toString(), "outputs");
  QCOMPARE(outputs["layers"].toArray().size(), weights["layers"].toArray().size());
  const auto sigma = [](const QJsonObject& printed) { return printed["layers"][0]["singular_values"].toArray(); };
  QCOMPARE(sigma(outputs).size(), sigma(weights).size());
  QVERIFY(sigma(outputs) != sigma(weights));
  COMPARE_STATUS(cli({"spectrum", m_model, "--layers", "*wte*", "--outputs", "--calibration", m_text}), 1);
}

void TestEvaluate::compressMeasuresOutputs() {
  const auto layersOf = [&](const char* out, const QStringList& more) {
    const Outcome outcome = cli(QStringList{"compress", m_model, text(m_folder / out), "--rank", "6", "--json"} + more);
    return outcome.json()["layers"].toArray();
  };
  for (const QJsonValue& layer : layersOf("plain out", {})) QVERIFY(!layer.toObject().contains("output_cosine"));
  int measured = 0;
  for (const QJsonValue& layer :
       layersOf("aware out", {"--method", "aware", "--calibration", m_text, "--calibration-tokens", "300"})) {
    if (layer["rank"].isNull()) continue;
    ++measured;
    QVERIFY(layer["output_cosine"].toDouble() > layer["cosine"].toDouble()); // that is what aware factors are for
    QVERIFY(layer["output_relative_error"].toDouble() < layer["relative_error"].toDouble());
  }
  QVERIFY(measured > 0);
}

void TestEvaluate::plansSayTheMethods() {
  writeFile(m_folder / "methods.json", R"({"format": "rankscope-plan", "version": 1, "method": "fisher", "refine": 2,
    "rules": [{"glob": "*attn*proj*", "rank": 5}, {"glob": "*mlp*", "rank": 5, "method": "sequential"}]})");
  const QString run = text(m_folder / "methods.h5");
  const QStringList command =
      evaluate({"--plan", text(m_folder / "methods.json"), "--calibration-tokens", "1000", "--run", run, "--no-speed"});
  const Outcome first = cli(command), again = cli(command);
  COMPARE_STATUS(first, 0);
  COMPARE_STATUS(again, 0);
  QVERIFY2(first.err.contains("refined: KL"), first.err.constData());
  QVERIFY2(!again.err.contains("refined: KL"), again.err.constData()); // the run file has it
  QCOMPARE(again.json()["kl_mean"], first.json()["kl_mean"]);
  const auto methodsKept = [&] {
    std::set<std::string> methods;
    bool refined = false;
    for (const LayerRecord& layer : readRun(run.toStdString()).layers) {
      if (!layer.compression || layer.compression->choice.isDense()) continue;
      const std::string& method = layer.compression->choice.method;
      methods.insert(std::string(name(methodOf(method))));
      refined |= method.ends_with(" refined 2");
    }
    return std::pair(methods, refined);
  };
  QCOMPARE(methodsKept(), (std::pair(std::set<std::string>{"fisher", "sequential"}, true)));
  COMPARE_STATUS(cli(command + QStringList{"--refine", "0"}), 0); // refined layers are not taken for others
  QCOMPARE(methodsKept(), (std::pair(std::set<std::string>{"fisher", "sequential"}, false)));
}

void TestEvaluate::study() {
  const QString run = text(m_folder / "study.h5");
  const Outcome outcome = cli(
      {"study", m_model, "--rank", "4", "--text", m_text, "--tokens", "120", "--draws", "2", "--run", run, "--json"});
  COMPARE_STATUS(outcome, 0);
  const QJsonObject json = outcome.json();
  QCOMPARE(json["kind"], QJsonValue("study"));
  QCOMPARE(json["complete"], QJsonValue(true));
  QCOMPARE(json["depth"].toArray().size(), 4);
  QCOMPARE(json["layers"].toArray().size(), 24);
  for (const QJsonValue& layer : json["layers"].toArray())
    for (const char* key :
         {"weight_cosine", "output_cosine", "kl_mean", "logit_cosine", "logit_cosine_centered", "error"})
      QVERIFY2(layer[key].isDouble(), key);
  QList<int> counts;
  for (const QJsonValue& point : json["sweep_means"].toArray()) {
    counts << point["layers"].toInt();
    const double n = point["layers"].toInt(), e = number(json, "single_layer_error");
    QVERIFY(std::abs(point["averaging"].toDouble() - e / std::sqrt(n)) < 1e-12);
    QVERIFY(std::abs(point["random_walk"].toDouble() - e * std::sqrt(n)) < 1e-12);
  }
  QCOMPARE(counts, (QList<int>{1, 2, 3, 4, 6, 8, 12, 16, 24}));
  QCOMPARE(json["sweep"].toArray().size(), 24 + 3 * 4 + 4 * 2 + 1);
  QVERIFY(json["error_fit"]["exponent"].isDouble() && json["error_fit"]["half_width_95"].isDouble());
  QVERIFY(json["together"]["kl_mean"].isDouble());
  bool numbersOfTheStudy = false;
  for (const QJsonValue& sentence : json["sentences"].toArray())
    numbersOfTheStudy |= sentence.toString().contains("0.81, not 0.4") && sentence.toString().contains("0.987");
  QVERIFY(numbersOfTheStudy);
  COMPARE_STATUS(cli({"report", run, "-o", run + ".html"}), 0);
  const std::string report = readFile((run + ".html").toStdString());
  for (const char* plot : {"Error of N layers together", "Each layer compressed alone", "by depth"})
    QVERIFY2(report.find(plot) != std::string::npos, plot);
}

void TestEvaluate::generates() {
  const QStringList base{"generate", m_model, "--prompt", "The cat", "--tokens", "12", "--json"};
  const Outcome alone = cli(base);
  COMPARE_STATUS(alone, 0);
  QVERIFY(alone.json()["tokens"].toArray().size() <= 12);
  QCOMPARE(alone.json()["prompt"], QJsonValue("The cat"));
  QCOMPARE(cli(base).out, alone.out);
  const auto sampled = [&](const char* seed) {
    return cli(base + QStringList{"--temperature", "1", "--top-p", "0.9", "--seed", seed}).json()["tokens"];
  };
  QCOMPARE(sampled("3"), sampled("3"));
  QVERIFY(sampled("3") != sampled("4"));
  const Outcome pair = cli(base + QStringList{"--rank", "2"});
  COMPARE_STATUS(pair, 0);
  QCOMPARE(pair.json()["original"]["tokens"], alone.json()["tokens"]);
  QVERIFY(pair.json()["first_difference"].isDouble());
  QVERIFY(pair.json()["compressed"]["repeated_4grams"].isDouble());
}

void TestEvaluate::stopped_data() {
  QTest::addColumn<QString>("command");
  QTest::addColumn<QString>("begun");
  QTest::newRow("evaluate") << "evaluate"
                            << "perplexity";
  QTest::newRow("study") << "study"
                         << "layers alone";
}

/// Ctrl-C ends with status 130, prints what is done and keeps it.
void TestEvaluate::stopped() {
  QFETCH(QString, command);
  QFETCH(QString, begun);
  writeFile(m_folder / "long.txt", textOf(20'000));
  const QString run = text(m_folder / "stopped.h5") + command;
  QProcess process;
  process.setReadChannel(QProcess::StandardError);
  process.start(rankscopeCli(), {command, m_model, "--rank", "4", "--text", text(m_folder / "long.txt"), "--tokens",
                                 "400000", "--run", run, "-v", "--json"});
  QByteArray said;
  while (!said.contains(begun.toUtf8()) && process.waitForReadyRead(60'000)) said += process.readAllStandardError();
  QVERIFY2(said.contains(begun.toUtf8()), said.constData());
  ::kill(static_cast<pid_t>(process.processId()), SIGINT);
  QVERIFY(process.waitForFinished(30'000));
  said += process.readAllStandardError();
  QVERIFY2(process.exitCode() == 130, said.constData());
  QVERIFY2(said.endsWith("rankscope-cli: stopped\n"), said.constData());
  const QJsonObject printed = QJsonDocument::fromJson(process.readAllStandardOutput()).object();
  QCOMPARE(printed["complete"], QJsonValue(false));
  const RunContents contents = readRun(run.toStdString());
  QCOMPARE(contents.evaluations.size(), std::size_t{1});
  const auto kept = nlohmann::json::parse(contents.evaluations.begin()->second);
  QCOMPARE(kept["complete"].get<bool>(), false);
  QCOMPARE(kept["compressed"].get<std::string>(), std::string("rank 4"));
  QVERIFY((command == "evaluate" ? kept : kept["together"])["kl_mean"].get<double>() > 0);
}

void TestEvaluate::wrongUsage_data() {
  QTest::addColumn<QString>("named");
  const auto row = [](const char* arguments, const char* named) { QTest::newRow(arguments) << QString(named); };
  row("evaluate", "ORIGINAL");
  row("evaluate MODEL", "COMPRESSED");
  row("evaluate MODEL MODEL --rank 3", "COMPRESSED");
  row("evaluate MODEL --rank 3 --plan TMP/plan.json", "--plan");
  row("evaluate MODEL --rank 3 --tokens 1", "--tokens");
  row("evaluate MODEL --rank 3 --tokens many", "--tokens");
  row("study MODEL", "COMPRESSED");
  row("study MODEL --rank 3 --draws 0", "--draws");
  row("generate MODEL --top-p 2", "--top-p");
  row("generate MODEL --temperature -1", "--temperature");
}

void TestEvaluate::wrongUsage() {
  QFETCH(QString, named);
  const Outcome outcome = cli(filled(QTest::currentDataTag()));
  COMPARE_STATUS(outcome, 2);
  QVERIFY2(outcome.isOneLine(), outcome.err.constData());
  QVERIFY2(outcome.err.contains(named.toUtf8()), outcome.err.constData());
  QVERIFY(outcome.out.isEmpty());
}

void TestEvaluate::failures_data() {
  QTest::addColumn<QString>("named");
  const auto row = [](const char* arguments, const char* named) { QTest::newRow(arguments) << QString(named); };
  row("evaluate TMP/nowhere --rank 3", "nowhere");
  row("evaluate MODEL TMP/nowhere", "nowhere");
  row("evaluate MODEL TMP/other", "cannot be compared");
  row("evaluate MODEL --rank 3 --text TMP/nowhere.txt", "nowhere.txt");
  row("evaluate MODEL --rank 3 --text TMP/empty.txt", "empty.txt");
  row("evaluate MODEL --rank 3 --text TMP/cut.txt.gz", "cut.txt.gz");
  row("evaluate MODEL --rank 3 --text TMP", "cannot read");
  row("evaluate MODEL --rank 3 --text MODEL/model.safetensors", "model.safetensors is not a text in UTF-8");
  row("compress MODEL TMP/out --method aware --calibration MODEL/model.safetensors", "is not a text in UTF-8");
  row("evaluate MODEL --plan TMP/nowhere.json", "nowhere.json");
  row("evaluate MODEL --rank 3 --run TMP/text.txt", "text.txt");
  row("evaluate TMP/other --rank 3", "no tokenizer");
  row("evaluate TMP/bert --rank 3", "still be analysed and compressed");
  row("study TMP/bert --rank 3", "still be analysed and compressed");
  row("generate TMP/bert", "still be analysed and compressed");
  row("study MODEL MODEL --text TEXT", "nothing to study");
}

void TestEvaluate::failures() {
  QFETCH(QString, named);
  writeSmallModel(m_folder / "other", SmallFamily::Llama);
  writeSmallModel(m_folder / "bert", SmallFamily::Bert);
  writeFile(m_folder / "empty.txt", "\n<|endoftext|>\n");
  writeFile(m_folder / "cut.txt.gz", std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48", 12));
  const Outcome outcome = cli(filled(QTest::currentDataTag()));
  COMPARE_STATUS(outcome, 1);
  QVERIFY2(outcome.isOneLine(), outcome.err.constData());
  QVERIFY2(outcome.err.contains(named.toUtf8()), outcome.err.constData());
  QVERIFY(outcome.out.isEmpty());
}

RANKSCOPE_TEST_MAIN(TestEvaluate)
#include "tst_evaluate.moc"
