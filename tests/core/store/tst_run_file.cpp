// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/run_file.h"

#include <filesystem>

#include "run_fixtures.h"
#include "tests/support/python.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::test;
namespace fs = std::filesystem;

/// What a run file keeps, and that others read the same in it.
class TestRunFile final : public QObject, private RunFixture {
  Q_OBJECT

 private slots:
  void existsFromTheStart();
  void keepsEveryStorage();
  void keepsFactorsOverMerges();
  void keepsWordsAndErrors();
  void laterRecordsSupersede();
  void nothingOfOtherContentStays();
  void finishedOnlyForTheSameSettings();
  void oddNames();
  void copies();
  void kindsReplaceEachOther();
  void basesReadByPython();
  void readByPython();
  void keepsWhatOthersAdd();
};

void TestRunFile::existsFromTheStart() {
  const fs::path path = fresh("start.h5");
  const auto run = open(path);
  QVERIFY(looksLikeRunFile(path));
  const RunContents contents = readRun(path);
  QCOMPARE(contents.layers.size(), m_model->layers().size());
  for (std::size_t i = 0; i < contents.layers.size(); ++i) {
    const LayerRecord& record = contents.layers[i];
    QCOMPARE(record.name, layer(i).name);
    QCOMPARE(record.rows, layer(i).rows);
    QCOMPARE(record.cols, layer(i).cols);
    QVERIFY(record.role == layer(i).role && record.block == layer(i).block && record.dtype == layer(i).dtype);
    QVERIFY(record.singularValues.empty() && !record.compression && record.contentHash.empty());
  }
  QCOMPARE(contents.model.path, m_model->path());
  QCOMPARE(contents.model.bytes, m_model->bytes());
  QCOMPARE(contents.model.architecture, std::string("gpt-neo"));
  QCOMPARE(contents.created.size(), std::size_t{20});
  QCOMPARE(contents.programVersion, std::string(RANKSCOPE_VERSION));
}

void TestRunFile::keepsEveryStorage() {
  std::vector<LayerChoice> choices = allChoices(7);
  for (LayerChoice& choice : baseChoices(7)) choices.push_back(std::move(choice));
  for (std::size_t c = 0; c < choices.size(); ++c) {
    const fs::path path = fresh("storage.h5");
    fs::remove(path);
    const CompressedLayer before = compressed(layer(5), choices[c], static_cast<unsigned>(c));
    {
      const auto run = open(path);
      run->record(before);
      const auto at = run->finished(before.layer, "0011", choices[c]);
      QVERIFY(at && sameStored(at->stored, before.stored));
    }
    const auto run = open(path);
    const auto after = run->finished(before.layer, "0011", choices[c]);
    QVERIFY(after.has_value());
    QVERIFY(sameStored(after->stored, before.stored));
    QCOMPARE(after->quality.cosine, before.quality.cosine);
    QCOMPARE(after->quality.relativeError, before.quality.relativeError);
    QCOMPARE(after->outputs.has_value(), before.outputs.has_value() && !before.choice.method.empty());
    if (after->outputs) {
      QCOMPARE(after->outputs->cosine, before.outputs->cosine);
      QCOMPARE(after->outputs->relativeError, before.outputs->relativeError);
    }
    QCOMPARE(after->predictedCosine, before.predictedCosine);
    QCOMPARE(after->bytesAfter, before.bytesAfter);
    QVERIFY(after->choice == choices[c]);
  }
}

void TestRunFile::keepsFactorsOverMerges() {
  const fs::path path = fresh("merges.h5");
  const LayerChoice choice{5, {Storage::Int8, ScaleAxis::PerRow, 32}, {Storage::Int8}};
  const CompressedLayer first = compressed(layer(1), choice, 1);
  const CompressedLayer second = compressed(layer(2), choice, 2);
  const auto run = open(path);
  run->record(first);
  run->finish();
  run->record(second);
  run->record(analysed(layer(1), 9));
  run->finish();
  QVERIFY(!fs::exists(path.string() + ".parts/000000000001.part"));
  QVERIFY(sameFactors(run->finished(first.layer, "0011", choice)->stored.factors, first.stored.factors));
  QVERIFY(sameFactors(run->finished(second.layer, "0011", choice)->stored.factors, second.stored.factors));
  QVERIFY(run->spectrum(layer(1).name, "0011")->sigma() == analysed(layer(1), 9).spectrum->sigma());
  QVERIFY(!run->spectrum(layer(1).name, "0012"));
  QVERIFY(!run->spectrum(layer(2).name, "0011"));
}

void TestRunFile::keepsWordsAndErrors() {
  const fs::path path = fresh("words.h5");
  RankPlan plan;
  plan.rules.push_back({Rule::Syntax::Glob, "*attn*", UseRank{4}});
  plan.overrides["transformer.h.0.mlp.c_fc.weight"] = std::nullopt;
  const std::map<std::string, std::string, std::less<>> snapshots{{"before / lunch", "{\"a\":1}"},
                                                                  {"mit Grüßen", "{}"}};
  AnalysedLayer unreadable;
  unreadable.layer = layer(0).id;
  unreadable.contentHash = "77";
  unreadable.error = "NaN at row 3";
  CompressedLayer failed = compressed(layer(0), {}, 0, "77");
  failed.choice.rank = 3;
  failed.error = "layer has a NaN";
  failed.quality = {std::nan(""), std::nan("")};
  {
    const auto run = open(path);
    run->setPlan(plan);
    run->setSnapshots({{"old", "{}"}});
    run->setSnapshots(snapshots);
    QCOMPARE(run->addEvaluation("{\"perplexity\":4.5}"), 1);
    QCOMPARE(run->addEvaluation("{\"perplexity\":5.5}"), 2);
    run->record(unreadable);
    run->record(failed);
    run->finish();
    QCOMPARE(run->addEvaluation("{}"), 3);
  }
  const RunContents contents = readRun(path);
  QVERIFY(parsePlan(contents.planJson, "test") == plan);
  QVERIFY(contents.snapshots == snapshots);
  QCOMPARE(contents.evaluations.size(), std::size_t{3});
  QCOMPARE(contents.evaluations.at("2"), std::string("{\"perplexity\":5.5}"));
  QCOMPARE(contents.layers[0].spectrumError, unreadable.error);
  QCOMPARE(contents.layers[0].compression->error, failed.error);
  QVERIFY(std::isnan(contents.layers[0].compression->quality.cosine));
  QVERIFY(!contents.layers[0].compression->hasFactors);
  const auto again = open(path)->finished(failed.layer, "77", failed.choice);
  QVERIFY(again && again->error == failed.error && !again->stored.factors);
}

void TestRunFile::laterRecordsSupersede() {
  const fs::path path = fresh("later.h5");
  const LayerChoice small{3, {Storage::F16}, {Storage::F16}};
  const LayerChoice large{9, {Storage::Int4, ScaleAxis::PerRow, 32}, {Storage::Int4}};
  const CompressedLayer last = compressed(layer(4), large, 5);
  {
    const auto run = open(path);
    run->record(compressed(layer(4), small, 1));
    run->finish();
    run->record(last);
    QVERIFY(!run->finished(layer(4).id, "0011", small));
  }
  {
    const auto run = open(path);
    QVERIFY(sameFactors(run->finished(layer(4).id, "0011", large)->stored.factors, last.stored.factors));
    run->record(compressed(layer(4), {}, 0));
  }
  const RunContents contents = readRun(path);
  QVERIFY(!contents.layers[4].compression->hasFactors && !contents.layers[4].compression->choice.rank);
}

void TestRunFile::nothingOfOtherContentStays() {
  const fs::path path = fresh("content.h5");
  const LayerChoice choice{3, {Storage::F16}, {Storage::F16}};
  const auto run = open(path);
  run->record(analysed(layer(3), 1, "aa"));
  run->record(compressed(layer(3), choice, 1, "aa"));
  run->finish();
  run->record(analysed(layer(3), 2, "bb"));
  QVERIFY(!run->finished(layer(3).id, "aa", choice));
  QVERIFY(!run->finished(layer(3).id, "bb", choice));
  QVERIFY(!run->contents().layers[3].compression);
  run->finish();
  QVERIFY(!readRun(path).layers[3].compression);
  QCOMPARE(readRun(path).layers[3].contentHash, std::string("bb"));
}

void TestRunFile::finishedOnlyForTheSameSettings() {
  const auto run = open(fresh("same.h5"));
  const LayerChoice choice{6, {Storage::Int8}, {Storage::Int8, ScaleAxis::PerColumn}};
  run->record(compressed(layer(2), choice, 1));
  QVERIFY(run->finished(layer(2).id, "0011", choice));
  QVERIFY(!run->finished(layer(2).id, "0012", choice));
  QVERIFY(!run->finished(layer(3).id, "0011", choice));
  for (const LayerChoice& other :
       {LayerChoice{5, choice.formatA, choice.formatB}, LayerChoice{6, {Storage::Int4}, choice.formatB},
        LayerChoice{6, choice.formatA, choice.formatA},
        LayerChoice{6, {Storage::Int8, ScaleAxis::PerRow, 32}, choice.formatB},
        LayerChoice{std::nullopt, choice.formatA, choice.formatB}})
    QVERIFY(!run->finished(layer(2).id, "0011", other));
  run->record(compressed(layer(3), {std::nullopt, {Storage::Int8}, {}}, 1));
  QVERIFY(run->finished(layer(3).id, "0011", {std::nullopt, {Storage::F16}, {}})); // dense is dense
}

void TestRunFile::oddNames() {
  std::vector<SmallTensor> tensors;
  const std::vector<std::string> names{"a/b.weight",     ".", "..", "100%.weight", "a%2Fb.weight", "ünïcödé ☃.weight",
                                       "x y\"<&>.weight"};
  for (const std::string& name : names) tensors.push_back(randomTensor(name, {5, 3}));
  writeTensors(fresh("odd.safetensors"), tensors);
  const auto model = openCheckpoint(fresh("odd.safetensors"));
  QCOMPARE(model->layers().size(), names.size());
  const fs::path path = fresh("odd.h5");
  {
    const auto run = RunFile::open(path, *model);
    for (const LayerInfo& info : model->layers()) run->record(analysed(info, static_cast<unsigned>(info.id.value)));
  }
  const RunContents contents = readRun(path);
  for (const LayerInfo& info : model->layers()) {
    QCOMPARE(contents.layers[info.id.value].name, info.name);
    QVERIFY(contents.layers[info.id.value].singularValues ==
            analysed(info, static_cast<unsigned>(info.id.value)).spectrum->sigma());
    const auto& diagnostics = contents.layers[info.id.value].diagnostics;
    QCOMPARE(diagnostics.at("stable_rank"),
             analysed(info, static_cast<unsigned>(info.id.value)).spectrum->stableRank());
    QVERIFY(diagnostics.contains("break_even_rank") && diagnostics.contains("noise_edge"));
  }
}

void TestRunFile::copies() {
  const fs::path from = fresh("from.h5");
  const fs::path to = fresh("to.h5");
  const LayerChoice choice{4, {Storage::BF16}, {Storage::BF16}};
  const CompressedLayer merged = compressed(layer(1), choice, 1);
  const CompressedLayer pending = compressed(layer(2), choice, 2);
  const auto run = open(from);
  run->record(merged);
  run->finish();
  run->record(pending);
  copyRun(from, to);
  const auto copy = open(to);
  QVERIFY(sameFactors(copy->finished(layer(1).id, "0011", choice)->stored.factors, merged.stored.factors));
  QVERIFY(sameFactors(copy->finished(layer(2).id, "0011", choice)->stored.factors, pending.stored.factors));
  QVERIFY(errorOf([&] { copyRun(from, to); }) == ErrorKind::InUse);
  QVERIFY(errorOf([&] { copyRun(fresh("absent.h5"), fresh("never.h5")); }) == ErrorKind::NotFound);
  QVERIFY(!fs::exists(fresh("never.h5")) && !fs::exists(fresh("never.h5.parts")));
}

/// What a layer had before is gone once another kind of result is merged, and bases are told from factors when
/// resuming.
void TestRunFile::kindsReplaceEachOther() {
  const fs::path path = fresh("kinds.h5");
  LayerChoice factors{7, {Storage::F16}, {Storage::F16}}, base, both = factors;
  base.base = both.base = StorageFormat{Storage::Int4, ScaleAxis::PerRow, 32, Storage::F16};
  both.biasShift = true;
  unsigned seed = 1;
  for (const LayerChoice& choice : {both, factors, base, both, base, factors}) {
    const CompressedLayer result = compressed(layer(5), choice, ++seed);
    {
      const auto run = open(path);
      run->record(result);
      run->finish();
    }
    const auto run = open(path);
    for (const LayerChoice& asked : {factors, base, both}) {
      const auto found = run->finished(result.layer, "0011", asked);
      QCOMPARE(found.has_value(), asked == choice);
      if (found) QVERIFY(sameStored(found->stored, result.stored));
    }
    QVERIFY(run->contents().layers[5].compression->choice == choice);
    QVERIFY(run->contents().layers[5].compression->hasFactors);
  }
}

/// The base, the factors and the shift by h5py, and the version that older programs refuse.
void TestRunFile::basesReadByPython() {
  if (!pythonHas("h5py, numpy")) QSKIP("h5py or numpy is not installed");
  const fs::path path = fresh("bases.h5");
  LayerChoice choice{3, {Storage::F16}, {Storage::F16}};
  choice.base = StorageFormat{Storage::Int3, ScaleAxis::PerRow, 32, Storage::F16};
  choice.biasShift = true;
  choice.method = "aware 0123";
  const CompressedLayer result = compressed(layer(5), choice, 9);
  {
    const auto run = open(path);
    run->record(result);
  }
  const RowMatrixF base = load(*result.stored.base);
  const QString script = R"(
import h5py, sys, numpy as np
f = h5py.File(sys.argv[1], 'r')
assert f.attrs['version'] == 2
g = f['layers'][sys.argv[2]]
assert g.attrs['base'] == 'int3' and g.attrs['base_group'] == 32 and g.attrs['rank'] == 3 and g.attrs['method'] == 'aware 0123'
d, s = g['base'], g['base_scale'][()]
m, n = d.attrs['rows'], d.attrs['cols']
assert s.dtype == np.float16 and d.attrs['scales'] == 'f16' and d.dtype == np.uint8
bits = np.unpackbits(d[()], axis=1, bitorder='little').reshape(m, -1, 3).astype(np.int8)
codes = bits[:, :, 0] + 2 * bits[:, :, 1] - 4 * bits[:, :, 2]
w = codes[:, :n] * np.repeat(s.astype(np.float32), 32, 1)[:, :n]
assert g['factor_a'].shape == (m, 3) and g['factor_b'].shape == (3, n)
print(repr(float(np.abs(w.astype(np.float64)).sum())), repr(float(w[m - 1, n - 1])), repr(float(g['bias_shift'][()].sum())))
)";
  const Output output = runPython(script, {path.c_str(), layer(5).name.c_str()});
  QVERIFY2(output.ok, output.problem);
  const QStringList found = QString(output.out).split(' ');
  QVERIFY(std::abs(found[0].toDouble() - base.cast<double>().cwiseAbs().sum()) < 1e-9 * found[0].toDouble());
  QCOMPARE(found[1].toFloat(), base(base.rows() - 1, base.cols() - 1));
  float shift = 0;
  for (const float value : result.stored.biasShift) shift += value;
  QCOMPARE(found[2].toFloat(), shift);
}

void TestRunFile::readByPython() {
  if (!pythonHas("h5py, numpy")) QSKIP("h5py or numpy is not installed");
  const fs::path path = fresh("python.h5");
  const std::vector<LayerChoice> choices = allChoices(7);
  QJsonArray expected;
  {
    const auto run = open(path);
    run->setPlan({});
    run->addEvaluation("{\"x\": 1}");
    for (std::size_t i = 0; i < std::min(choices.size(), m_model->layers().size()); ++i) {
      const auto seed = static_cast<unsigned>(i);
      const CompressedLayer result = compressed(layer(i), choices[i], seed);
      run->record(analysed(layer(i), seed));
      run->record(result);
      const RowMatrixF a = load(result.stored.factors->a);
      expected.append(QJsonObject{{"name", layer(i).name.c_str()},
                                  {"sum", a.cast<double>().cwiseAbs().sum()},
                                  {"last", a(a.rows() - 1, a.cols() - 1)},
                                  {"sigma", analysed(layer(i), seed).spectrum->sigma().back()},
                                  {"cosine", result.quality.cosine}});
    }
  }
  const QString script = R"(
import h5py, json, sys, numpy as np
f = h5py.File(sys.argv[1], 'r')
assert f.attrs['format'] == 'rankscope-run' and f.attrs['version'] == 1, dict(f.attrs)
assert isinstance(f.attrs['model_path'], str) and f.attrs['model_bytes'].dtype == np.int64
def scales(d, s, shape):
    if s is None: return 1.0
    s, g, m, n = s[()], d.attrs['group'], *shape
    if d.attrs['axis'] == 'row': return s[:, None] if g == 0 else np.repeat(s, g, 1)[:, :n]
    return s[None, :] if g == 0 else np.repeat(s, g, 0)[:m]
def dense(g, name):
    d = g[name]; m, n = d.attrs['rows'], d.attrs['cols']; x = d[()]
    if d.attrs['storage'] == 'int4':
        lo, hi = (x & 15).astype(np.int8), (x >> 4).astype(np.int8)
        x = np.stack([lo, hi], 2).reshape(m, -1)[:, :n]; x = np.where(x > 7, x - 16, x)
    return x.astype(np.float32) * scales(d, g.get(name + '_scale'), (m, n))
for e in json.loads(sys.argv[2]):
    g = f['layers'][e['name']]
    assert g.attrs['name'] == e['name'] and g.attrs['rank'] == 7 and g.attrs['cosine'] == e['cosine']
    s = g['singular_values']; assert s.dtype == np.float64 and s[-1] == e['sigma'] and len(s) == min(g.attrs['rows'], g.attrs['cols'])
    a = dense(g, 'factor_a'); assert a.shape == (g.attrs['rows'], 7)
    np.testing.assert_allclose(np.abs(a.astype(float)).sum(), e['sum'], rtol=1e-12)
    np.testing.assert_allclose(a[-1, -1], e['last'], rtol=1e-7)
    assert g.attrs['verdict'] in ('EXCELLENT', 'GOOD', 'FAIR', 'POOR', 'CRITICAL')
    json.loads(g.attrs['choice'])
assert json.loads(f['plan'].attrs['json'])['format'] == 'rankscope-plan'
assert json.loads(f['evaluation/1'].attrs['json']) == {'x': 1}
)";
  const Output output = runPython(script, {path.c_str(), QJsonDocument(expected).toJson(QJsonDocument::Compact)});
  QVERIFY2(output.ok, output.problem);
  const Output dump = runProgram("h5dump", {path.c_str()});
  if (!dump.ok && dump.out.isEmpty()) QSKIP("h5dump is not installed");
  QVERIFY2(dump.ok, dump.problem);
  QVERIFY(dump.out.contains("rankscope-run"));
}

void TestRunFile::keepsWhatOthersAdd() {
  if (!pythonHas("h5py")) QSKIP("h5py is not installed");
  const fs::path path = fresh("added.h5");
  {
    const auto run = open(path);
    run->addEvaluation("{}");
  }
  QVERIFY(
      runPython(
          "import h5py,sys\nf=h5py.File(sys.argv[1],'r+')\nf['evaluation/1/logits']=[1.5,2.5]\nf['mine/notes']=[7]\n"
          "f['layers']['" +
              QString::fromStdString(layer(2).name) + "']['activations']=[3]",
          {path.c_str()})
          .ok);
  {
    const auto run = open(path);
    run->record(analysed(layer(2), 1));
  }
  const Output output =
      runPython("import h5py,sys\nf=h5py.File(sys.argv[1],'r')\nprint(f['evaluation/1/logits'][1], f['mine/notes'][0], "
                "f['layers']['" +
                    QString::fromStdString(layer(2).name) + "']['activations'][0])",
                {path.c_str()});
  QVERIFY2(output.ok, output.problem);
  QCOMPARE(output.out.trimmed(), QByteArray("2.5 7 3"));
}

RANKSCOPE_TEST_MAIN(TestRunFile)
#include "tst_run_file.moc"
