// SPDX-License-Identifier: GPL-3.0-or-later
// Every subcommand of rankscope-cli on a small model of a known shape, and on real ones where they are.
#include <cmath>

#include <QJsonArray>
#include <QSet>

#include "core/checkpoint/checkpoint.h"
#include "core/spectrum/spectrum.h"
#include "tests/cli/command_line.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"
#include "tests/support/test_matrices.h"

using namespace rankscope;
using namespace rankscope::test;

namespace {

QSet<QString> keysOf(const QJsonObject& object) {
  const QStringList keys = object.keys();
  return {keys.begin(), keys.end()};
}

const QSet<QString> kIdentity{"name",        "role",  "block",      "rows",        "cols",
                              "orientation", "dtype", "parameters", "bytes_before"};
const QSet<QString> kChoice{"bytes_after", "parameters_after", "rank",   "base", "factor_dtype",
                            "method",      "predicted_cosine", "verdict"};

QJsonObject layerNamed(const QJsonObject& printed, const QString& name) {
  for (const QJsonValue& layer : printed["layers"].toArray())
    if (layer["name"] == name) return layer.toObject();
  return {};
}

const QString kQuery = "transformer.h.0.attn.attention.q_proj.weight";
const QString kMlp = "transformer.h.0.mlp.c_fc.weight";

} // namespace

class TestCommands final : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase();
  void info();
  void infoTable();
  void spectrum();
  void spectrumOfSomeLayers();
  void spectrumKeptInARun();
  void plan();
  void planFileComesBack();
  void factorsAreStoredAsTheMatrices_data();
  void factorsAreStoredAsTheMatrices();
  void planForCosine();
  void planForBudget_data();
  void planForBudget();
  void planOfSomeLayers();
  void planForABudgetOverABase();
  void layersThatGetLarger();
  void planForACosineOverABase();
  void planWithinLimits();
  void planSaysTheMethods();
  void compress();
  void compressAsTheStudyDoes();
  void compressByPlanFile();
  void rankAboveBreakEven();
  void rulesThatMatchNothing();
  void compressBesideTheWeights();
  void compressToIntegers();
  void compressSomeLayers();
  void notANumber();
  void quietAndVerbose();
  void run();
  void reports();
  void realModels_data();
  void realModels();

 private:
  QString fresh(const char* name) const { return text(m_folder / name); }

  TemporaryFolder m_folder;
  QString m_model;
  std::shared_ptr<const Checkpoint> m_checkpoint;
};

void TestCommands::initTestCase() {
  const auto folder = writeSmallModel(m_folder / "a model", SmallFamily::GptNeo);
  m_model = text(folder);
  m_checkpoint = openCheckpoint(folder);
}

void TestCommands::info() {
  const Outcome outcome = cli({"info", m_model, "--json"});
  COMPARE_STATUS(outcome, 0);
  QVERIFY2(outcome.err.isEmpty(), outcome.err.constData());
  const QJsonObject printed = outcome.json();
  QCOMPARE(printed["model"]["path"].toString(), m_model);
  QCOMPARE(printed["model"]["format"].toString(), "safetensors");
  QCOMPARE(printed["model"]["architecture"].toString(), "gpt-neo");
  QCOMPARE(printed["model"]["parameters"].toInteger(), static_cast<qint64>(m_checkpoint->parameters()));
  QCOMPARE(printed["model"]["bytes"].toInteger(), static_cast<qint64>(m_checkpoint->bytes()));
  QCOMPARE(printed["layers"].toArray().size(), static_cast<qsizetype>(m_checkpoint->layers().size()));
  QCOMPARE(printed["total"]["bytes_before"].toInteger(), static_cast<qint64>(m_checkpoint->bytes()));
  const QJsonObject layer = layerNamed(printed, kMlp);
  QCOMPARE(keysOf(layer), kIdentity);
  QCOMPARE(layer["role"].toString(), "mlp_up");
  QCOMPARE(layer["block"].toInt(-1), 0);
  QCOMPARE(layer["rows"].toInt(), 56);
  QCOMPARE(layer["cols"].toInt(), 32);
  QCOMPARE(layer["orientation"].toString(), "out_in");
  QCOMPARE(layer["dtype"].toString(), "F32");
  QCOMPARE(layer["parameters"].toInt(), 56 * 32);
  QCOMPARE(layer["bytes_before"].toInt(), 56 * 32 * 4);
  QVERIFY(layerNamed(printed, "transformer.wte.weight")["block"].isNull());
}

void TestCommands::infoTable() {
  const Outcome outcome = cli({"info", m_model});
  COMPARE_STATUS(outcome, 0);
  QVERIFY(outcome.out.contains("gpt-neo"));
  for (const LayerInfo& layer : m_checkpoint->layers())
    QVERIFY2(outcome.out.contains(layer.name.c_str()), layer.name.c_str());
  QVERIFY(outcome.out.contains(" 56 × 32 "));
}

void TestCommands::spectrum() {
  const Outcome outcome = cli({"spectrum", m_model, "--json"});
  COMPARE_STATUS(outcome, 0);
  const QJsonArray layers = outcome.json()["layers"].toArray();
  QCOMPARE(layers.size(), static_cast<qsizetype>(m_checkpoint->layers().size()));
  for (const LayerInfo& layer : m_checkpoint->layers()) {
    const QJsonValue printed = layers.at(static_cast<qsizetype>(layer.id.value));
    QCOMPARE(printed["name"].toString().toStdString(), layer.name);
    std::vector<double> sigma;
    for (const QJsonValue& value : printed["singular_values"].toArray()) sigma.push_back(value.toDouble());
    QVERIFY(deviation(sigma, dgesddValues(m_checkpoint->matrix(layer.id).view)) < 1e-6);
    QVERIFY(printed["diagnostics"]["stable_rank"].toDouble() >= 1);
    QVERIFY(printed["diagnostics"]["kurtosis"].toDouble() > 1);
  }
}

void TestCommands::spectrumOfSomeLayers() {
  const QJsonArray layers =
      cli({"spectrum", m_model, "--layers", "*.1.attn*q_proj*", "--json"}).json()["layers"].toArray();
  QCOMPARE(layers.size(), 1);
  QCOMPARE(layers.first()["name"].toString(), "transformer.h.1.attn.attention.q_proj.weight");
  const Outcome table = cli({"spectrum", m_model, "--layers", "*.1.attn*q_proj*"});
  QVERIFY(table.out.contains("1 of 1 layers analysed"));
  QVERIFY(table.out.contains(" 32 × 32 "));
}

void TestCommands::spectrumKeptInARun() {
  const QStringList arguments{"spectrum", m_model, "--run", fresh("spectra.h5"), "--json"};
  const Outcome first = cli(arguments);
  COMPARE_STATUS(first, 0);
  const Outcome again = cli(arguments);
  const QJsonArray before = first.json()["layers"].toArray(), after = again.json()["layers"].toArray();
  for (qsizetype i = 0; i < before.size(); ++i) QCOMPARE(after[i]["singular_values"], before[i]["singular_values"]);
  const Outcome report = cli({"report", fresh("spectra.h5"), "-o", fresh("spectra.html")});
  COMPARE_STATUS(report, 0);
}

void TestCommands::plan() {
  const Outcome outcome = cli({"plan", m_model, "--rank", "5", "--json"});
  COMPARE_STATUS(outcome, 0);
  const QJsonObject printed = outcome.json();
  const QJsonObject layer = layerNamed(printed, kMlp);
  QCOMPARE(keysOf(layer), kIdentity | kChoice);
  QCOMPARE(layer["rank"].toInt(), 5);
  QCOMPARE(layer["parameters_after"].toInt(), 5 * (56 + 32));
  QCOMPARE(layer["bytes_after"].toInt(), 5 * (56 + 32) * 4);
  const Spectrum spectrum(56, 32,
                          dgesddValues(m_checkpoint->matrix(*m_checkpoint->findLayer(kMlp.toStdString())).view));
  QVERIFY(std::abs(layer["predicted_cosine"].toDouble() - spectrum.cosineAt(5)) < 1e-6);
  const QJsonObject embedding = layerNamed(printed, "transformer.wte.weight");
  QVERIFY(embedding["rank"].isNull());
  QVERIFY(embedding["verdict"].isNull());
  QCOMPARE(embedding["predicted_cosine"].toDouble(), 1.0);
  QCOMPARE(embedding["bytes_after"], embedding["bytes_before"]);
  const QJsonValue total = printed["total"];
  QCOMPARE(total["compressed_layers"].toInt(), 12);
  int counted = 0;
  for (const QJsonValue& count : total["verdicts"].toObject()) counted += count.toInt();
  QCOMPARE(counted, 12);
  QCOMPARE(total["kept"].toDouble(), total["bytes_after"].toDouble() / total["bytes_before"].toDouble());
  QCOMPARE(printed["plan"]["format"].toString(), "rankscope-plan");
  QVERIFY(cli({"plan", m_model, "--rank", "5"}).out.contains("12 layers compressed, 2 stay dense"));
}

void TestCommands::planFileComesBack() {
  const QString file = fresh("plan.json");
  const Outcome outcome = cli({"plan", m_model, "--preset", "hybrid", "--quant-bits", "8", "-o", file, "--json"});
  COMPARE_STATUS(outcome, 0);
  const QJsonObject written = QJsonDocument::fromJson(QByteArray::fromStdString(readFile(file.toStdString()))).object();
  QCOMPARE(written, outcome.json()["plan"].toObject());
  QCOMPARE(written["factor_dtype"].toString(), "int8");
  QCOMPARE(written["overrides"][kMlp].toString(), "dense");
  QCOMPARE(written["overrides"][kQuery].toInt(), 6); // 18.75 % of 32
}

void TestCommands::factorsAreStoredAsTheMatrices_data() {
  QTest::addColumn<DType>("dtype");
  QTest::addColumn<QString>("stored");
  QTest::newRow("F32") << DType::F32 << "f32";
  QTest::newRow("F16") << DType::F16 << "f16";
  QTest::newRow("BF16") << DType::BF16 << "bf16";
}

void TestCommands::factorsAreStoredAsTheMatrices() {
  QFETCH(DType, dtype);
  QFETCH(QString, stored);
  SmallShape shape;
  shape.dtype = dtype;
  const QString model = text(writeSmallModel(m_folder / stored.toStdString(), SmallFamily::Gpt2, shape));
  const auto storedBy = [&](const QStringList& more) {
    return cli(QStringList{"plan", model, "--rank", "4", "--json"} + more).json()["plan"]["factor_dtype"].toString();
  };
  QCOMPARE(storedBy({}), stored);
  QCOMPARE(storedBy({"--factor-dtype", "f32"}), "f32");
  QCOMPARE(storedBy({"--quant-bits", "8"}), "int8");
}

void TestCommands::planForCosine() {
  const QJsonObject printed = cli({"plan", m_model, "--cosine", "0.8", "--json"}).json();
  int compressed = 0;
  for (const QJsonValue& layer : printed["layers"].toArray()) {
    if (layer["rank"].isNull()) continue;
    ++compressed;
    QVERIFY(layer["predicted_cosine"].toDouble() >= 0.8);
  }
  QVERIFY(compressed > 0);
}

void TestCommands::planForBudget_data() {
  QTest::addColumn<QStringList>("budget");
  QTest::addColumn<double>("share");
  QTest::newRow("keep") << QStringList{"--keep", "0.5"} << -1.0;
  QTest::newRow("bytes") << QStringList{"--bytes", "900000"} << 900'000.0;
  QTest::newRow("KiB") << QStringList{"--bytes", "800KiB"} << 800 * 1024.0;
}

void TestCommands::planForBudget() {
  QFETCH(QStringList, budget);
  QFETCH(double, share);
  SmallShape shape;
  shape.blocks = 3;
  shape.hidden = 96;
  shape.intermediate = 160;
  const QString model = text(writeSmallModel(m_folder / "larger", SmallFamily::GptNeo, shape));
  const Outcome outcome = cli(QStringList{"compress", model, fresh("budget"), "--overwrite", "--json"} + budget);
  COMPARE_STATUS(outcome, 0);
  double before = 0, after = 0;
  for (const QJsonValue& layer : outcome.json()["layers"].toArray()) {
    if (!layer["role"].toString().startsWith("mlp") &&
        !QStringList{"q", "k", "v", "o"}.contains(layer["role"].toString()))
      continue;
    before += layer["bytes_before"].toDouble();
    after += layer["bytes_after"].toDouble();
  }
  double written = 0;
  for (const auto& file : std::filesystem::directory_iterator(m_folder / "budget"))
    written += static_cast<double>(file.file_size());
  const double used = share < 0 ? after / before / 0.5 : written / share;
  QVERIFY2(used <= 1 && used > 0.93, qPrintable(QString::number(used)));
}

void TestCommands::planOfSomeLayers() {
  const QJsonObject printed = cli({"plan", m_model, "--keep", "0.5", "--layers", "*mlp*", "--json"}).json();
  int compressed = 0;
  for (const QJsonValue& layer : printed["layers"].toArray()) {
    if (layer["rank"].isNull()) continue;
    ++compressed;
    QVERIFY(layer["name"].toString().contains("mlp"));
  }
  QVERIFY(compressed > 0);
}

/// Every layer in scope is quantised, and what the budget leaves goes to corrections.
void TestCommands::planForABudgetOverABase() {
  const QJsonObject printed = cli({"plan", m_model, "--base", "int4", "--keep", "0.3", "--json"}).json();
  double before = 0, after = 0;
  int corrected = 0;
  for (const QJsonValue& layer : printed["layers"].toArray()) {
    const bool inScope = layer["bytes_after"] != layer["bytes_before"];
    if (!inScope) continue;
    QCOMPARE(layer["base"].toString(), "int4");
    corrected += layer["rank"].isNull() ? 0 : 1;
    before += layer["bytes_before"].toDouble();
    after += layer["bytes_after"].toDouble();
  }
  QVERIFY(corrected > 0);
  QVERIFY2(after / before <= 0.3 && after / before > 0.27, qPrintable(QString::number(after / before)));
  COMPARE_STATUS(cli({"plan", m_model, "--base", "int4", "--keep", "0.05"}), 1);
}

void TestCommands::layersThatGetLarger() {
  const QString file = fresh("larger.json");
  writeFile(file.toStdString(), R"({"format": "rankscope-plan", "version": 1, "factor_dtype": "f32",
      "rules": [{"glob": "*h.0.attn.attention.q_proj*", "base": "int8", "rank": 999}]})");
  const Outcome outcome = cli({"compress", m_model, fresh("larger model"), "--plan", file});
  COMPARE_STATUS(outcome, 0);
  QVERIFY2(outcome.err.contains("warning: 1 layer gets larger than before, transformer.h.0.attn.attention.q_proj") &&
               outcome.err.contains("instead of"),
           outcome.err.constData());
}

void TestCommands::planForACosineOverABase() {
  const QStringList arguments{m_model, "--base", "int3", "--cosine", "0.99"};
  const Outcome written = cli(QStringList{"compress"} + QStringList{m_model, fresh("cosine over int3")} +
                              arguments.mid(1) + QStringList{"--json"});
  COMPARE_STATUS(written, 0);
  int corrected = 0;
  for (const QJsonValue& layer : written.json()["layers"].toArray()) {
    if (layer["base"].isNull()) continue;
    corrected += layer["rank"].isNull() ? 0 : 1;
    QVERIFY(layer["cosine"].toDouble() >= 0.99 - 1e-6);
  }
  QVERIFY(corrected > 0);
}

void TestCommands::planWithinLimits() {
  const QJsonObject printed = cli({"plan", m_model, "--keep", "0.6", "--pin", "*q_proj*", "--pin",
                                   "*.0.mlp.c_fc.weight", "--multiple", "8", "--largest-rank", "8", "--json"})
                                  .json();
  int compressed = 0;
  for (const QJsonValue& layer : printed["layers"].toArray()) {
    const QString name = layer["name"].toString();
    if (name.contains("q_proj") || name.contains(".0.mlp.c_fc")) QVERIFY2(layer["rank"].isNull(), qPrintable(name));
    if (layer["rank"].isNull()) continue;
    ++compressed;
    QCOMPARE(layer["rank"].toInt(), 8);
  }
  QVERIFY(compressed > 0);
}

/// Options write into the plan what its keys say, and no text is needed to write it.
void TestCommands::planSaysTheMethods() {
  const QJsonValue plan =
      cli({"plan", m_model, "--rank", "5", "--method", "sequential", "--refine", "40", "--no-bias-shift", "--json"})
          .json()["plan"];
  QCOMPARE(plan["method"].toString(), "sequential");
  QCOMPARE(plan["refine"].toInt(), 40);
  QCOMPARE(plan["bias_shift"], QJsonValue(false));
  const QJsonValue usual = cli({"plan", m_model, "--rank", "5", "--json"}).json()["plan"];
  QCOMPARE(usual["method"].toString(), "plain");
  QVERIFY(usual["refine"].isUndefined() && usual["bias_shift"].isUndefined());
}

void TestCommands::compress() {
  const QString out = fresh("compressed");
  const Outcome outcome = cli({"compress", m_model, out, "--rank", "5", "--quant-bits", "8", "--json"});
  COMPARE_STATUS(outcome, 0);
  const QJsonObject printed = outcome.json();
  const QJsonObject layer = layerNamed(printed, kMlp);
  QCOMPARE(keysOf(layer), kIdentity | kChoice | (QSet<QString>{"cosine", "relative_error"}));
  QCOMPARE(layer["rank"].toInt(), 5);
  QCOMPARE(layer["bytes_after"].toInt(), 5 * (56 + 32) + 2 * 5 * 4);
  const double predicted = layer["predicted_cosine"].toDouble(), cosine = layer["cosine"].toDouble();
  QVERIFY(cosine < predicted && cosine > predicted - 0.01);
  QVERIFY(std::abs(layer["relative_error"].toDouble() - std::sqrt(1 - cosine * cosine)) < 1e-3);
  QCOMPARE(printed["written"]["path"].toString(), out);
  QCOMPARE(printed["written"]["kind"].toString(), "factored");
  const QJsonObject exported = cli({"info", out, "--json"}).json();
  QCOMPARE(exported["model"]["format"].toString(), "rankscope-factored");
  QCOMPARE(exported["model"]["bytes"], printed["total"]["bytes_after"]);
  QCOMPARE(layerNamed(exported, kMlp)["rank"].toInt(), 5);

  const Outcome again = cli({"compress", m_model, out, "--rank", "3"});
  COMPARE_STATUS(again, 1);
  const Outcome over = cli({"compress", m_model, out, "--rank", "3", "--overwrite"});
  COMPARE_STATUS(over, 0);
  QVERIFY(over.out.contains("Relative Error"));
  QVERIFY(over.out.contains("average cosine"));
  QVERIFY(over.out.contains("12 layers compressed"));
  const QJsonObject recompressed =
      cli({"compress", out, fresh("twice"), "--rank", "2", "--recompress", "--json"}).json();
  QCOMPARE(layerNamed(recompressed, kMlp)["rank"].toInt(), 2);
}

void TestCommands::compressAsTheStudyDoes() {
  const QStringList study{"compress", "--input_dir", m_model,        "--output_dir", fresh("study"),
                          "--rank",   "4",           "--quant_bits", "16",           "--min_dim_for_compression",
                          "32",       "--json"};
  const Outcome outcome = cli(study);
  COMPARE_STATUS(outcome, 0);
  const QJsonObject layer = layerNamed(outcome.json(), kQuery);
  QCOMPARE(layer["rank"].toInt(), 4);
  QCOMPARE(layer["bytes_after"].toInt(), 4 * 64 * 2);
  QStringList larger = study;
  larger.replace(study.indexOf("32"), "33");
  larger.append("--overwrite");
  QVERIFY(layerNamed(cli(larger).json(), kQuery)["rank"].isNull());
}

void TestCommands::compressByPlanFile() {
  const QString file = fresh("rules.json");
  writeFile(file.toStdString(), R"({"format": "rankscope-plan", "version": 1, "factor_dtype": "f32",
    "rules": [{"regex": "h\\.1\\.", "dense": true}, {"glob": "*q_proj*", "cosine": 0.7}, {"glob": "*mlp*", "fraction": 0.25}]})");
  const QJsonObject printed =
      cli({"compress", m_model, fresh("ruled"), "--plan", file, "--factor-dtype", "bf16", "--dense", "--json"}).json();
  QCOMPARE(layerNamed(printed, kMlp)["rank"].toInt(), 8);
  QCOMPARE(layerNamed(printed, kMlp)["bytes_after"].toInt(), 8 * (56 + 32) * 2);
  QVERIFY(layerNamed(printed, kQuery)["predicted_cosine"].toDouble() >= 0.7);
  QVERIFY(layerNamed(printed, "transformer.h.1.mlp.c_fc.weight")["rank"].isNull());
  QCOMPARE(printed["written"]["kind"].toString(), "dense");
  QCOMPARE(cli({"info", fresh("ruled"), "--json"}).json()["model"]["bytes"].toInteger(),
           static_cast<qint64>(m_checkpoint->bytes()));
}

void TestCommands::rankAboveBreakEven() {
  const Outcome planned = cli({"plan", m_model, "--rank", "9999", "-q"});
  COMPARE_STATUS(planned, 0);
  QCOMPARE(planned.err,
           QByteArray("warning: no layer would be compressed: every layer would stay dense, "
                      "because rank 9999 is above break-even; the largest ranks that save bytes are 15 for "
                      "32 × 32, 20 for 32 × 56, 20 for 56 × 32\n"));
  QVERIFY(planned.out.contains("0 layers compressed, 14 stay dense") && !planned.out.contains("Predicted cosine"));
  const QStringList compress{"compress", m_model, fresh("nothing"), "--rank", "9999", "-q"};
  const Outcome refused = cli(compress);
  COMPARE_STATUS(refused, 1);
  QVERIFY2(refused.isOneLine() && refused.err.contains("rank 9999") && refused.err.contains("--dense"),
           refused.err.constData());
  QVERIFY(!std::filesystem::exists(fresh("nothing").toStdString()));
  const Outcome asked = cli(compress + QStringList{"--dense"});
  COMPARE_STATUS(asked, 0);
  QVERIFY2(asked.err.contains("warning: no layer would be compressed"), asked.err.constData());
  QVERIFY(cli({"plan", m_model, "--rank", "2", "--layers", "*wte*", "-q"}).err.contains("--layers *wte* matches no"));
  QVERIFY(cli({"plan", m_model, "--rank", "2", "--min-dim", "4000", "-q"}).err.contains("--min-dim 4000 leaves out"));
  QVERIFY(cli({"plan", m_model, "--rank", "2", "-q"}).err.isEmpty());
}

void TestCommands::rulesThatMatchNothing() {
  const auto compressBy = [this](const char* name, const char* rules) {
    const QString file = fresh(name) + ".json";
    writeFile(file.toStdString(), std::string(R"({"format": "rankscope-plan", "version": 1, "rules": )") + rules + "}");
    return cli({"compress", m_model, fresh(name), "--plan", file, "-q"});
  };
  const Outcome some = compressBy("some", R"([{"glob": "*q_proj*", "rank": 4}, {"glob": "*gate*", "rank": 4}])");
  COMPARE_STATUS(some, 0);
  QVERIFY2(some.err.contains("warning: rule 2 of") && some.err.contains("(glob *gate*) matches no layer") &&
               some.err.count('\n') == 1,
           some.err.constData());
  const Outcome none = compressBy("none", R"([{"regex": "gate$", "rank": 4}])");
  COMPARE_STATUS(none, 1);
  QVERIFY2(none.err.contains("(regex gate$) matches no layer") && none.err.contains("no layer would be compressed"),
           none.err.constData());
  QVERIFY(!std::filesystem::exists(fresh("none").toStdString()));
  COMPARE_STATUS(compressBy("all-dense", R"([{"glob": "*", "dense": true}])"), 0);
}

/// The most natural call of all.
void TestCommands::compressBesideTheWeights() {
  const QString file = m_model + "/model.safetensors", out = m_model + "/out";
  COMPARE_STATUS(cli({"compress", file, out, "--rank", "4"}), 0);
  COMPARE_STATUS(cli({"info", out}), 0);
  COMPARE_STATUS(cli({"info", m_model}), 0);
  const Outcome inPlace = cli({"compress", file, m_model, "--rank", "4", "--overwrite"});
  COMPARE_STATUS(inPlace, 1);
  QVERIFY2(inPlace.isOneLine() && inPlace.err.contains(("try " + m_model + "/compressed").toUtf8()),
           inPlace.err.constData());
  std::filesystem::remove_all(out.toStdString());
}

/// int4 + rank 3: what the table, the JSON, the folder and the plan file say of it, and that it runs.
void TestCommands::compressToIntegers() {
  const QStringList options{"--base", "int4", "--rank", "3"};
  const Outcome outcome = cli(QStringList{"compress", m_model, fresh("int4"), "--json"} + options);
  COMPARE_STATUS(outcome, 0);
  const QJsonObject layer = layerNamed(outcome.json(), kMlp);
  QCOMPARE(layer["base"].toString(), "int4");
  QCOMPARE(layer["base_group"].toInt(), 32);
  QCOMPARE(layer["rank"].toInt(), 3);
  QCOMPARE(layer["factor_dtype"].toString(), "f16");
  QCOMPARE(layer["method"].toString(), "plain");
  QCOMPARE(layer["bytes_after"].toInt(), 56 * 32 * 9 / 16 + 2 * 3 * (56 + 32));
  QCOMPARE(layer["parameters_after"].toInt(), 56 * 32 + 3 * (56 + 32));
  QVERIFY(layer["cosine"].toDouble() > 0.99 && layer["predicted_cosine"].isNull());
  QVERIFY(layerNamed(outcome.json(), "transformer.wte.weight")["base"].isNull());
  const QJsonObject exported = cli({"info", fresh("int4"), "--json"}).json();
  QCOMPARE(exported["model"]["bytes"], outcome.json()["total"]["bytes_after"]);
  QCOMPARE(layerNamed(exported, kMlp)["base"].toString(), "int4");
  QCOMPARE(layerNamed(exported, kMlp)["rank"].toInt(), 3);
  QVERIFY(cli({"info", fresh("int4")}).out.contains("int4 + 3"));

  const QString file = fresh("int4.json");
  const Outcome planned = cli(QStringList{"plan", m_model, "-o", file} + options);
  COMPARE_STATUS(planned, 0);
  QVERIFY2(planned.out.contains("int4 + 3") && planned.out.contains("Base + rank"), planned.out.constData());
  const QJsonObject again =
      cli({"compress", m_model, fresh("planned"), "--plan", file, "--run", fresh("int4.h5"), "--json"}).json();
  QCOMPARE(layerNamed(again, kMlp), layer);
  const QJsonObject resumed =
      cli({"compress", m_model, fresh("resumed"), "--plan", file, "--run", fresh("int4.h5"), "--json"}).json();
  QCOMPARE(layerNamed(resumed, kMlp), layer);
  QCOMPARE(readFile(fresh("resumed").toStdString() + "/model.safetensors"),
           readFile(fresh("int4").toStdString() + "/model.safetensors"));
  for (const char* ending : {"html", "md", "csv"}) {
    const QString report = fresh("int4.") + ending;
    COMPARE_STATUS(cli({"report", fresh("int4.h5"), "-o", report}), 0);
    QVERIFY(readFile(report.toStdString()).find("int4") != std::string::npos);
  }

  // A method that needs a text needs a tokenizer; without a correction there are only integers.
  writeFile(
      file.toStdString(),
      R"({"format": "rankscope-plan", "version": 1, "rules": [{"glob": "*mlp*", "base": "int8", "method": "aware"}]})");
  const Outcome textless = cli({"compress", m_model, fresh("textless"), "--plan", file});
  COMPARE_STATUS(textless, 1);
  QVERIFY2(textless.err.contains("has no tokenizer"), textless.err.constData());
  const QJsonObject plain =
      cli({"compress", m_model, fresh("plain"), "--plan", file, "--method", "plain", "--json"}).json();
  QVERIFY(plain.isEmpty()); // the rule's own method goes before
  const QJsonObject int8 =
      cli({"compress", m_model, fresh("int8"), "--base", "int8", "--base-group", "0", "--json"}).json();
  QVERIFY(layerNamed(int8, kMlp)["rank"].isNull());
  QCOMPARE(layerNamed(int8, kMlp)["bytes_after"].toInt(), 56 * 32 + 2 * 56);
}

void TestCommands::compressSomeLayers() {
  const QString file = fresh("all.json");
  writeFile(file.toStdString(),
            R"({"format": "rankscope-plan", "version": 1, "rules": [{"glob": "*attention*", "rank": 3}]})");
  for (const QStringList& which : {QStringList{"--rank", "3"}, QStringList{"--plan", file}}) {
    const QJsonObject printed =
        cli(QStringList{"compress", m_model, fresh("some"), "--layers", "*.q_proj.*", "--overwrite", "--json"} + which)
            .json();
    QCOMPARE(printed["total"]["compressed_layers"].toInt(), 2);
    QCOMPARE(layerNamed(printed, kQuery)["rank"].toInt(), 3);
  }
}

void TestCommands::notANumber() {
  SmallModel model = smallModel(SmallFamily::GptNeo);
  model.find(kQuery.toStdString())->values[7] = NAN;
  writeModel(m_folder / "broken", model);
  const Outcome spectra = cli({"spectrum", fresh("broken"), "--json"});
  COMPARE_STATUS(spectra, 0);
  QVERIFY(layerNamed(spectra.json(), kQuery)["singular_values"].isNull());
  QVERIFY(layerNamed(spectra.json(), kQuery)["error"].toString().contains(kQuery));
  QVERIFY(layerNamed(spectra.json(), kMlp)["singular_values"].isArray());
  const Outcome compressed = cli({"compress", fresh("broken"), fresh("mended"), "--rank", "4", "--json"});
  COMPARE_STATUS(compressed, 0);
  QVERIFY2(compressed.err.contains("warning: " + kQuery.toUtf8()), compressed.err.constData());
  QVERIFY(layerNamed(compressed.json(), kQuery)["rank"].isNull());
  QVERIFY(!layerNamed(compressed.json(), kQuery)["error"].toString().isEmpty());
  QCOMPARE(compressed.json()["total"]["compressed_layers"].toInt(), 11);
}

void TestCommands::quietAndVerbose() {
  const QStringList arguments{"compress", m_model, fresh("loud"), "--rank", "18", "--overwrite"};
  QVERIFY(cli(arguments).err.contains("would save nothing"));
  QVERIFY(cli(arguments + QStringList{"-q"}).err.isEmpty());
  QVERIFY(cli({"compress", m_model, fresh("loud"), "--rank", "3", "--overwrite", "-v"}).err.contains("rank 3, cosine"));
}

void TestCommands::run() {
  const QStringList arguments{"compress", m_model,         fresh("run"),  "--keep", "0.4",
                              "--run",    fresh("run.h5"), "--overwrite", "--json"};
  const Outcome first = cli(arguments);
  COMPARE_STATUS(first, 0);
  QCOMPARE(first.json()["run"].toString(), fresh("run.h5"));
  const Outcome again = cli(arguments);
  COMPARE_STATUS(again, 0);
  QCOMPARE(again.json(), first.json());

  const auto other = writeSmallModel(m_folder / "other", SmallFamily::Gpt2);
  const Outcome mixed = cli({"compress", text(other), fresh("mixed"), "--rank", "3", "--run", fresh("run.h5")});
  COMPARE_STATUS(mixed, 1);
  QVERIFY(mixed.err.contains("another model"));
}

void TestCommands::reports() {
  const Outcome compressed =
      cli({"compress", m_model, fresh("reported"), "--rank", "5", "--run", fresh("reported.h5"), "--json"});
  COMPARE_STATUS(compressed, 0);
  for (const char* kind : {"html", "md", "csv"}) {
    const QString file = fresh("report.") + QString(kind);
    const Outcome outcome = cli({"report", fresh("reported.h5"), "-o", file, "--json"});
    COMPARE_STATUS(outcome, 0);
    QCOMPARE(outcome.json()["layers"], compressed.json()["layers"]);
    QCOMPARE(outcome.json()["total"], compressed.json()["total"]);
    QCOMPARE(outcome.json()["model"], compressed.json()["model"]);
    const std::string written = readFile(file.toStdString());
    QVERIFY(written.find(kMlp.toStdString()) != std::string::npos);
    QVERIFY(written.find("CRITICAL") != std::string::npos || written.find("POOR") != std::string::npos);
  }
}

void TestCommands::realModels_data() {
  QTest::addColumn<int>("layers");
  QTest::addColumn<QStringList>("options");
  QTest::addColumn<double>("meanCosine");
  QTest::newRow("gpt-neo-125m-attention") << 48 << QStringList{"--rank", "48"} << 0.626;
  QTest::newRow("stories15M") << 42 << QStringList{"--rank", "18"} << 0.0;
}

void TestCommands::realModels() {
  QFETCH(int, layers);
  QFETCH(QStringList, options);
  QFETCH(double, meanCosine);
  const auto model = realModel(QTest::currentDataTag());
  if (model.empty()) QSKIP("this checkpoint is not here");
  const Outcome outcome =
      cli(QStringList{"compress", text(model), fresh("real"), "--quant-bits", "8", "--overwrite", "--json"} + options);
  COMPARE_STATUS(outcome, 0);
  const QJsonValue total = outcome.json()["total"];
  QCOMPARE(total["compressed_layers"].toInt(), layers);
  if (meanCosine > 0) QVERIFY(std::abs(total["mean_predicted_cosine"].toDouble() - meanCosine) < 5e-4);
  QVERIFY(std::abs(total["mean_predicted_cosine"].toDouble() - total["mean_cosine"].toDouble()) < 1e-3);
}

RANKSCOPE_TEST_MAIN(TestCommands)
#include "tst_commands.moc"
