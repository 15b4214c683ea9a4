// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/report.h"

#include <algorithm>
#include <cmath>

#include <QXmlStreamReader>

#include "core/base/error.h"
#include "core/report/report_model.h"
#include "core/report/report_text.h"
#include "tests/core/store/run_fixtures.h"
#include "tests/support/python.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::test;

namespace {

constexpr const char* kNasty = "h.0.<b>\"a|b\",`c`&_d_\n*.weight";

LayerRecord recordOf(const std::string& name, std::int64_t rows, std::int64_t cols, Role role,
                     std::optional<int> block) {
  LayerRecord record;
  record.name = name;
  record.rows = rows;
  record.cols = cols;
  record.role = role;
  record.block = block;
  record.singularValues.resize(static_cast<std::size_t>(std::min(rows, cols)));
  for (std::size_t i = 0; i < record.singularValues.size(); ++i)
    record.singularValues[i] = 3.0 / (1.0 + static_cast<double>(i));
  return record;
}

LayerRecord::Compression resultOf(std::optional<std::int64_t> rank, double cosine, std::uint64_t before,
                                  std::uint64_t after) {
  LayerRecord::Compression result;
  result.choice.rank = rank;
  result.choice.formatA.storage = Storage::Int8;
  result.quality = {cosine, std::sqrt(1 - cosine * cosine)};
  result.bytesBefore = before;
  result.bytesAfter = after;
  return result;
}

RunContents sampleRun() {
  RunContents run;
  run.programVersion = "0.1.0";
  run.created = "2026-01-02T03:04:05Z";
  run.model = {"/models/<tiny>", "tiny & <odd>", "gpt-neo", "safetensors", 100'000, 25'000, true};
  run.planJson = "{\"format\": \"rankscope-plan\", \"note\": \"</pre><script>\"}";
  run.layers = {recordOf(kNasty, 40, 24, Role::Query, 0), recordOf("h.1.q.weight", 40, 24, Role::Query, 1),
                recordOf("h.0.up.weight", 24, 90, Role::MlpUp, 0), recordOf("h.1.up.weight", 24, 90, Role::MlpUp, 1),
                recordOf("wte.weight", 61, 24, Role::Embedding, std::nullopt)};
  run.layers[0].compression = resultOf(4, 0.5, 3840, 320);
  run.layers[1].compression = resultOf(6, 0.9, 3840, 480);
  run.layers[2].compression = resultOf(std::nullopt, 1, 8640, 8640);
  run.layers[3].singularValues.clear();
  run.layers[3].spectrumError = "NaN at row 3, column 4";
  run.layers[3].compression = resultOf(5, 1, 8640, 8640);
  run.layers[3].compression->quality = {std::nan(""), std::nan("")};
  run.layers[3].compression->error = "NaN | at row 3, column 4";
  return run;
}

/// RFC 4180, written for this test alone.
std::vector<std::vector<std::string>> parseCsv(const std::string& text) {
  std::vector<std::vector<std::string>> lines(1, {""});
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"')
      lines.back().back() += c, ++i;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && c == ',')
      lines.back().emplace_back();
    else if (!quoted && c == '\r')
      continue;
    else if (!quoted && c == '\n')
      lines.push_back({""});
    else
      lines.back().back() += c;
  }
  lines.pop_back();
  return lines;
}

} // namespace

class TestReport final : public QObject {
  Q_OBJECT

 private slots:
  void formats();
  void figures();
  void demands();
  void csv();
  void markdown();
  void htmlIsWellFormed();
  void htmlIsSelfContained();
  void emptyRun();
  void evaluations();
  void strangeEvaluations();
  void noNumbersThatAreNone();
  void writes();
};

void TestReport::formats() {
  QVERIFY(reportFormatFor("a/b.HTML") == ReportFormat::Html && reportFormatFor("b.htm") == ReportFormat::Html);
  QVERIFY(reportFormatFor("b.md") == ReportFormat::Markdown && reportFormatFor("b.csv") == ReportFormat::Csv);
  QVERIFY(!reportFormatFor("b.pdf") && !reportFormatFor("html"));
}

void TestReport::figures() {
  const RunContents run = sampleRun();
  const ReportModel model = modelOf(run, {});
  QCOMPARE(model.factored, 2);
  QCOMPARE(model.dense, 1);
  QCOMPARE(model.failed, 1);
  QCOMPARE(model.analysed, 4);
  QCOMPARE(model.averages->cosine, 0.7);
  QCOMPARE(model.averages->relativeError, (std::sqrt(0.75) + std::sqrt(1 - 0.81)) / 2);
  QCOMPARE(model.bytesBefore, std::uint64_t{7680});
  QCOMPARE(model.bytesAfter, std::uint64_t{800});
  QCOMPARE(model.modelAfter, std::uint64_t{100'000 - 7680 + 800});
  QVERIFY((model.verdicts == std::array{0, 0, 1, 0, 1}));
  QVERIFY((modelOf(run, {0.8, 0.7, 0.6, 0.4}).verdicts == std::array{1, 0, 0, 1, 0}));
}

void TestReport::demands() {
  const RunContents run = sampleRun();
  const ReportModel model = modelOf(run, {});
  QCOMPARE(model.scope.size(), std::size_t{2});
  const Spectrum spectrum(40, 24, run.layers[0].singularValues);
  QCOMPARE(*model.meanNow, (spectrum.cosineAt(4) + spectrum.cosineAt(6)) / 2);
  QCOMPARE(*model.meanDoubled, (spectrum.cosineAt(8) + spectrum.cosineAt(12)) / 2);
  QCOMPARE(model.demands.size(), std::size_t{3});
  for (const RankDemand& demand : model.demands) {
    const auto rank = static_cast<std::int64_t>(demand.meanRank);
    QCOMPARE(rank, spectrum.rankForCosine(demand.target)); // both layers have the same spectrum
    QCOMPARE(demand.numbersKept, static_cast<double>(rank) * 64 / (40 * 24));
    QCOMPARE(demand.pastBreakEven, static_cast<double>(rank) >= 15 ? 2 : 0);
  }
  QCOMPARE(model.meanBreakEvenShare, 15.0 / 24);
}

void TestReport::csv() {
  const auto lines = parseCsv(renderReport(sampleRun(), ReportFormat::Csv));
  QCOMPARE(lines.size(), std::size_t{6});
  QVERIFY((std::vector(lines[0].begin(), lines[0].begin() + 4) ==
           std::vector<std::string>{"Layer", "Cosine", "Relative Error", "Verdict"}));
  for (const auto& line : lines) QCOMPARE(line.size(), lines[0].size());
  QCOMPARE(lines[1][0], std::string(kNasty));
  QCOMPARE(std::stod(lines[1][1]), 0.5);
  QCOMPARE(std::stod(lines[1][2]), std::sqrt(0.75)); // all digits
  QCOMPARE(lines[1][3], std::string("CRITICAL"));
  QCOMPARE(lines[3][4], std::string("dense"));
  QCOMPARE(lines[4][1], std::string(""));
  QCOMPARE(lines[4][21], std::string("NaN | at row 3, column 4"));
  QCOMPARE(lines[5][4], std::string("not compressed"));
}

void TestReport::markdown() {
  const std::string text = renderReport(sampleRun(), ReportFormat::Markdown);
  QVERIFY(text.find("| h.1.q.weight | 0.900 | 43.59 % | ◑ FAIR |") != text.npos);
  QVERIFY(text.find("**0.700**") != text.npos);
  QVERIFY(text.find("(synthetic)") != text.npos);
  int rows = 0;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| ") || line.find("weight") == line.npos) continue;
    ++rows;
    std::size_t bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '\\')
        ++i;
      else
        bars += line[i] == '|';
    }
    QCOMPARE(bars, rows <= 5 ? std::size_t{13} : std::size_t{21}); // the layers, then their diagnostics
  }
  QCOMPARE(rows, 10);
}

static QString checkWellFormed(const std::string& page) {
  QString html = QString::fromStdString(page);
  html.replace("<!DOCTYPE html>", "").replace("<meta charset=\"utf-8\">", "").replace("<br>", "<br/>");
  html.remove(QRegularExpression("<meta name[^>]*>"));
  QXmlStreamReader reader(html);
  QString text;
  while (!reader.atEnd())
    if (reader.readNext() == QXmlStreamReader::Characters) text += reader.text();
  [&] { QVERIFY2(!reader.hasError(), qPrintable(reader.errorString() + QString::number(reader.lineNumber()))); }();
  return text;
}

void TestReport::htmlIsWellFormed() {
  const QString text = checkWellFormed(renderReport(sampleRun(), ReportFormat::Html));
  QVERIFY(text.contains("tiny & <odd>") && text.contains("h.0.<b>\"a|b\",`c`&_d_") && text.contains("</pre><script>"));
  QVERIFY(text.contains("synthetic") && text.contains("83") && text.contains("CRITICAL"));
}

void TestReport::htmlIsSelfContained() {
  const std::string html = renderReport(sampleRun(), ReportFormat::Html);
  for (const char* outside : {"http:", "https:", "<script", "<link", "<img", "@import", "url("})
    QVERIFY2(html.find(outside) == html.npos, outside);
  QVERIFY(html.find("<svg") != html.npos && html.find("prefers-color-scheme:dark") != html.npos);
}

void TestReport::emptyRun() {
  RunContents run;
  run.model.name = "nothing yet";
  for (const ReportFormat format : {ReportFormat::Html, ReportFormat::Markdown, ReportFormat::Csv})
    QVERIFY(!renderReport(run, format).empty());
  run = sampleRun();
  for (LayerRecord& layer : run.layers) layer.compression.reset();
  const ReportModel model = modelOf(run, {});
  QVERIFY(!model.averages && model.scope.size() == 3 && model.demands.size() == 3); // attention and MLP with a spectrum
  renderReport(run, ReportFormat::Html);
  for (LayerRecord& layer : run.layers) layer.singularValues.assign(layer.singularValues.size(), 0.0); // zero matrices
  QVERIFY(renderReport(run, ReportFormat::Html).find("nan") == std::string::npos);
}

/// What rankscope-cli evaluate and study keep in a run, shortened.
const std::map<std::string, std::string, std::less<>> kEvaluations{
    {"10", R"({"kind": "evaluation", "compressed": "rank 4, <int8>", "text": "stories.txt", "tokens": 300,
      "complete": false, "kl_mean": 0.25, "kl_p99": 1.5, "top1_agreement": 0.75, "top5_agreement": 0.8,
      "logit_cosine": 0.9876, "logit_cosine_centered": 0.8765, "hidden_cosine": 0.7654,
      "blocks": [{"block": 0, "cosine": 0.99, "relative_error": 0.1}, {"block": 1, "cosine": 0.95, "relative_error": 0.3}],
      "kl_histogram": [{"from": 0.01, "to": 0.1, "count": 7}, {"from": 0.1, "to": 1, "count": 3}],
      "controls": {"bf16": {"kl_mean": 0.0001}, "random_factors": null, "unrelated_text": {"logit_cosine": 0.55}},
      "speed": {"original": {"prefill_tokens_per_second": 100, "decode_tokens_per_second": 10, "prefill_ratio": 1}},
      "memory": {"original": {"weight_bytes": 2097152}},
      "generation": {"prompt": "Once", "same_bytes": 3, "original": {"text": " a & b", "distinct_1": 1},
        "compressed": {"text": " a < c"}}, "sentences": ["It cost <this>."]})"},
    {"9", R"({"kind": "study", "compressed": "rank 4", "complete": true, "single_layer_error": 0.1, "tokens": 100,
      "depth": [{"block": 0, "cosine": 0.9, "relative_error": 0.4}],
      "layers": [{"name": "h.1.q.weight", "role": "query", "block": 1, "rank": 6, "kl_mean": 0.125, "weight_cosine": 0.9,
        "output_cosine": 0.96875, "logit_cosine": 0.99, "logit_cosine_centered": 0.98, "error": 0.2}],
      "sweep": [{"layers": 1, "draw": 0, "error": 0.1}, {"layers": 2, "draw": 0, "error": 0.15}],
      "sweep_means": [{"layers": 1, "error": 0.1, "kl_mean": 0.1, "averaging": 0.1, "constant": 0.1, "random_walk": 0.1},
        {"layers": 2, "error": 0.15, "kl_mean": 0.2, "averaging": 0.0707, "constant": 0.1, "random_walk": 0.1414}],
      "sentences": ["Errors add up."]})"}};

void TestReport::evaluations() {
  RunContents run = sampleRun();
  run.evaluations = kEvaluations;
  run.evaluations["11"] = R"({"kind": "predictor", "compressed": "nothing to show"})";
  const std::string html = renderReport(run, ReportFormat::Html), markdown = renderReport(run, ReportFormat::Markdown);
  for (const std::string* text : {&html, &markdown}) {
    const auto study = text->find("Aggregation study 9: rank 4"),
               evaluation = text->find("Evaluation 10: rank 4, &lt;int8&gt;");
    QVERIFY(study != std::string::npos && evaluation != std::string::npos && study < evaluation);
    for (const char* figure : {"stopped before its end", "0.9876", "0.8765", "0.7654", "0.0001", "0.5500", "30.00 %",
                               "2.0 MiB", "0.0707", "0.1414", "It cost &lt;this&gt;.", "Errors add up.", "Once a"})
      QVERIFY2(text->find(figure) != std::string::npos, figure);
  }
  QVERIFY(html.find("<mark>&amp; b</mark>") != std::string::npos &&
          html.find("<mark>&lt; c</mark>") != std::string::npos);
  for (const char* plot : {"Error of the residual stream by depth", "token by token", "Each layer compressed alone",
                           "Error of N layers together", "ε/√N", "ε·√N"})
    QVERIFY2(html.find(plot) != std::string::npos, plot);
  QVERIFY(html.find("nothing to show") == std::string::npos);
  const auto lines = parseCsv(renderReport(run, ReportFormat::Csv));
  QCOMPARE(lines[0][22], std::string("KL Alone"));
  QCOMPARE(std::stod(lines[2][22]), 0.125);
  QCOMPARE(std::stod(lines[2][23]), 0.96875);
  QCOMPARE(lines[1][22], std::string());
  checkWellFormed(html);
}

/// A run file may hold what another version or program put there.
void TestReport::strangeEvaluations() {
  for (const char* strange :
       {"", "no JSON", "[]", "{}", R"({"kind": 7, "blocks": {}, "sentences": [1, null]})",
        R"({"kind": "study", "sweep_means": [{"layers": 0, "error": -1}, {"layers": "x"}], "layers": [{}],
            "single_layer_error": 1e400})",
        R"({"kind": "evaluation", "kl_histogram": [{"from": 0, "to": 0, "count": 1}], "generation": {"same_bytes": 1e300}, "speed": []})"}) {
    RunContents run = sampleRun();
    run.evaluations["1"] = strange;
    run.evaluations["x"] = strange;
    checkWellFormed(renderReport(run, ReportFormat::Html));
    QVERIFY(!renderReport(run, ReportFormat::Markdown).empty());
    QCOMPARE(parseCsv(renderReport(run, ReportFormat::Csv)).size(), std::size_t{6});
  }
}

void TestReport::noNumbersThatAreNone() {
  RunContents run = sampleRun();
  run.layers[1].compression->quality.cosine = INFINITY;
  for (const ReportFormat format : {ReportFormat::Html, ReportFormat::Markdown, ReportFormat::Csv}) {
    const std::string text = renderReport(run, format);
    for (const char* bad : {">nan", "| nan", ",nan", ">inf", "| inf", ",inf", "-nan"})
      QVERIFY2(text.find(bad) == text.npos, bad);
  }
}

void TestReport::writes() {
  const TemporaryFolder folder;
  writeReport(sampleRun(), folder / "r.md");
  QCOMPARE(readFile(folder / "r.md"), renderReport(sampleRun(), ReportFormat::Markdown));
  QVERIFY(errorOf([&] { writeReport(sampleRun(), folder / "r.pdf"); }) == ErrorKind::BadRequest);
  QVERIFY(errorOf([&] { writeReport(sampleRun(), folder / "absent" / "r.md"); }) == ErrorKind::Unwritable);
  if (!pythonHas("csv")) QSKIP("no Python to read the CSV with");
  writeReport(sampleRun(), folder / "r.csv");
  const Output output = runPython("import csv,sys\nr=list(csv.DictReader(open(sys.argv[1],newline='')))\nprint(len(r), "
                                  "sum(float(x['Cosine'] or 0) for x in r))",
                                  {(folder / "r.csv").c_str()});
  QVERIFY2(output.ok, output.problem);
  QCOMPARE(output.out.trimmed(), QByteArray("5 2.4"));
}

RANKSCOPE_TEST_MAIN(TestReport)
#include "tst_report.moc"
