// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_main.h"

#include <algorithm>
#include <functional>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/factored_manifest.h"
#include "tests/support/expect_error.h"
#include "tests/support/factored_model.h"
#include "tests/support/temporary.h"

using namespace rankscope;
using namespace rankscope::test;

namespace {

const std::string &kUp = FactoredExport::kUp, &kQkv = FactoredExport::kQkv;

/// A GPT-2 with one factored layer in int8 (rank 5) and one with a in bf16 and b in int4 (rank 3).
struct FactoredModel : FactoredExport {
  FactoredModel() {
    manifest.sourceName = "small";
    manifest.sourceHash = "00ff";
    const StorageFormat int8{Storage::Int8, ScaleAxis::PerRow, 0}, int8Columns{Storage::Int8, ScaleAxis::PerColumn, 0};
    manifest.layers.push_back({kUp, 32, 56, 5, Orientation::InOut, DType::F16, int8, int8Columns, 0.5, 0.8660254});
    model.tensors.push_back(codes(factorName(kUp, 'a'), {32, 5}, DType::I8, 100));
    model.tensors.push_back(codes(factorName(kUp, 'b'), {5, 56}, DType::I8, 90));
    model.tensors.push_back(randomTensor(scaleName(kUp, 'a'), {32}));
    model.tensors.push_back(randomTensor(scaleName(kUp, 'b'), {56}));

    const StorageFormat bf16{Storage::BF16, ScaleAxis::PerRow, 0}, int4{Storage::Int4, ScaleAxis::PerRow, 32};
    manifest.layers.push_back(
        {kQkv, 32, 96, 3, Orientation::InOut, DType::F32, bf16, int4, std::nullopt, std::nullopt});
    model.tensors.push_back(randomTensor(factorName(kQkv, 'a'), {32, 3}, 1, DType::BF16));
    model.tensors.push_back(codes(factorName(kQkv, 'b'), {3, 48}, DType::U8, 256));
    model.tensors.push_back(randomTensor(scaleName(kQkv, 'b'), {3, 3}));
  }
};

double nibble(double packed, bool high) {
  const int code = high ? static_cast<int>(packed) >> 4 : static_cast<int>(packed) & 15;
  return code < 8 ? code : code - 16;
}

struct Damage {
  const char* what;
  std::function<void(FactoredModel&)> apply;
  const char* sentence;
};

const Damage kDamages[] = {
    {"missing factor", [](auto& m) { m.erase(factorName(kUp, 'b')); },
     "c_fc.weight.lowrank_b of layer transformer.h.0.mlp.c_fc.weight is missing"},
    {"missing scale", [](auto& m) { m.erase(scaleName(kUp, 'a')); },
     "c_fc.weight.lowrank_a_scale of layer transformer.h.0.mlp.c_fc.weight is missing"},
    {"factor of another shape",
     [](auto& m) {
       m.tensor(factorName(kUp, 'a')).spec.shape = {5, 32};
     },
     "c_fc.weight.lowrank_a has shape [5, 32], but the manifest makes it [32, 5]"},
    {"factor of another dtype", [](auto& m) { m.manifest.layers[0].a.storage = Storage::F16; },
     "c_fc.weight.lowrank_a is I8, but the manifest makes it F16"},
    {"int4 of the wrong width",
     [](auto& m) {
       m.tensor(factorName(kQkv, 'b')).spec.shape = {48, 3};
     },
     "c_attn.weight.lowrank_b has shape [48, 3], but the manifest makes it [3, 48]"},
    {"scales of another number",
     [](auto& m) { m.tensor(scaleName(kUp, 'a')) = randomTensor(scaleName(kUp, 'a'), {31}); },
     "c_fc.weight.lowrank_a_scale holds 31 scales, but the manifest makes it 32"},
    {"scales of another dtype", [](auto& m) { m.tensor(scaleName(kUp, 'a')).spec.dtype = DType::BF16; },
     "c_fc.weight.lowrank_a_scale is BF16, but the manifest makes it F32"},
    {"factor that no layer has",
     [](auto& m) {
       m.model.tensors.push_back(randomTensor("x.weight.lowrank_a", {3, 2}));
     },
     "tensor x.weight.lowrank_a belongs to a compressed layer that the manifest does not account for"},
    {"layer left out", [](auto& m) { m.manifest.layers.pop_back(); },
     "c_attn.weight.lowrank_a belongs to a compressed layer that the manifest does not"},
    {"layer that is dense, too",
     [](auto& m) {
       m.model.tensors.push_back(randomTensor(kUp, {32, 56}));
     },
     "layer transformer.h.0.mlp.c_fc.weight is stored both whole and as factors"},
    {"rank above the smaller side", [](auto& m) { m.manifest.layers[0].rank = 33; },
     "has a rank above the smaller side"},
};

} // namespace

class TestFactored : public QObject {
  Q_OBJECT

 private slots:
  void presentsPairsAsLayers();
  void multipliesFactorsOut();
  void hashesFactorsInNameOrder();
  void readsScalesOfAnotherShard();
  void manifestRoundTrips();
  void refusesDamage_data();
  void refusesDamage();
  void refusesManifests_data();
  void refusesManifests();
  void manifestIsNeeded();
};

void TestFactored::presentsPairsAsLayers() {
  const TemporaryFolder folder;
  const FactoredModel model;
  model.write(folder / "m");
  for (const char* path : {"m", "m/model.safetensors", "m/rankscope.json"}) {
    const auto checkpoint = openCheckpoint(folder / path);
    QCOMPARE(checkpoint->content().format, std::string("rankscope-factored"));
    QCOMPARE(checkpoint->architecture(), std::string("gpt2"));
    QCOMPARE(checkpoint->layers().size(), std::size_t{6});
    const LayerInfo& qkv = checkpoint->layers()[2];
    QCOMPARE(qkv.name, kQkv);
    QVERIFY(qkv.role == Role::FusedQkv && qkv.block == 0 && qkv.orientation == Orientation::InOut &&
            qkv.dtype == DType::F32);
    QVERIFY(qkv.factoredRank == 3);
    QCOMPARE(qkv.bytes, std::uint64_t{32 * 3 * 2 + 3 * 48 + 9 * 4});
    const LayerInfo& up = checkpoint->layers()[4];
    QCOMPARE(up.name, kUp);
    QVERIFY(up.rows == 32 && up.cols == 56 && up.factoredRank == 5 && up.dtype == DType::F16);
    QCOMPARE(up.bytes, std::uint64_t{32 * 5 + 5 * 56 + 32 * 4 + 56 * 4});
    QVERIFY(checkpoint->factors(qkv.id) && checkpoint->factors(up.id) && !checkpoint->factors(LayerId{0}));
    QVERIFY(!checkpoint->findLayer(factorName(kUp, 'a')));
    QVERIFY(checkpoint->findTensor(factorName(kUp, 'a')) != nullptr);
  }
  SmallShape shape;
  shape.blocks = 1;
  writeSmallModel(folder / "dense", SmallFamily::Gpt2, shape);
  const std::uint64_t removed = 32 * 56 + 32 * 96, added = 5 * (32 + 56) + 3 * (32 + 96);
  QCOMPARE(openCheckpoint(folder / "m")->parameters(),
           openCheckpoint(folder / "dense")->parameters() - removed + added);
}

void TestFactored::multipliesFactorsOut() {
  const TemporaryFolder folder;
  FactoredModel model;
  model.write(folder / "m");
  const auto checkpoint = openCheckpoint(folder / "m");
  const auto value = [&](const std::string& name, std::size_t i) {
    return rounded(model.tensor(name).values[i], model.tensor(name).spec.dtype);
  };

  Checkpoint::Matrix up = checkpoint->matrix(*checkpoint->findLayer(kUp));
  QVERIFY(up.view.dtype == DType::F32 && up.view.rows == 32 && up.view.cols == 56);
  const RowMatrixD upValues = toDouble(up.view);
  double worst = 0;
  for (std::size_t i = 0; i < 32; ++i)
    for (std::size_t j = 0; j < 56; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < 5; ++k)
        sum += model.tensor(factorName(kUp, 'a')).values[i * 5 + k] *
               model.tensor(factorName(kUp, 'b')).values[k * 56 + j];
      sum *= value(scaleName(kUp, 'a'), i) * value(scaleName(kUp, 'b'), j);
      worst = std::max(worst, std::abs(sum - upValues(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j))));
    }
  QVERIFY2(worst < 1e-5 * upValues.cwiseAbs().maxCoeff(), qPrintable(QString::number(worst)));

  const RowMatrixD qkv = toDouble(checkpoint->matrix(*checkpoint->findLayer(kQkv)).view);
  worst = 0;
  for (std::size_t i = 0; i < 32; ++i)
    for (std::size_t j = 0; j < 96; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < 3; ++k)
        sum += value(factorName(kQkv, 'a'), i * 3 + k) *
               nibble(model.tensor(factorName(kQkv, 'b')).values[k * 48 + j / 2], j % 2 == 1) *
               value(scaleName(kQkv, 'b'), k * 3 + j / 32);
      worst = std::max(worst, std::abs(sum - qkv(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j))));
    }
  QVERIFY2(worst < 1e-5 * qkv.cwiseAbs().maxCoeff(), qPrintable(QString::number(worst)));
}

void TestFactored::hashesFactorsInNameOrder() {
  const TemporaryFolder folder;
  FactoredModel model;
  model.write(folder / "m");
  const auto checkpoint = openCheckpoint(folder / "m");
  const std::string before = checkpoint->contentHash(*checkpoint->findLayer(kUp));
  checkpoint->finishReading(*checkpoint->findLayer(kUp));
  for (const std::string& name :
       {factorName(kUp, 'a'), factorName(kUp, 'b'), scaleName(kUp, 'a'), scaleName(kUp, 'b')}) {
    FactoredModel changed;
    changed.tensor(name).values[1] += 1;
    const auto path = folder / name;
    changed.write(path);
    const auto other = openCheckpoint(path);
    QVERIFY(other->contentHash(*other->findLayer(kUp)) != before);
    QCOMPARE(other->contentHash(*other->findLayer(kQkv)), checkpoint->contentHash(*checkpoint->findLayer(kQkv)));
  }
}

void TestFactored::readsScalesOfAnotherShard() {
  const TemporaryFolder folder;
  const FactoredModel model;
  model.write(folder / "whole");
  writeShardedModel(folder / "shards", model.model, static_cast<int>(model.model.tensors.size()));
  writeFile(folder / "shards/rankscope.json", toJson(model.manifest));
  const auto whole = openCheckpoint(folder / "whole"), shards = openCheckpoint(folder / "shards");
  for (const std::string& name : {kUp, kQkv})
    QVERIFY(toFloat(shards->matrix(*shards->findLayer(name)).view) ==
            toFloat(whole->matrix(*whole->findLayer(name)).view));
}

void TestFactored::manifestRoundTrips() {
  FactoredModel model;
  const std::string text = toJson(model.manifest);
  const FactoredManifest read = parseFactoredManifest(text, "rankscope.json");
  QCOMPARE(read.sourceName, std::string("small"));
  QCOMPARE(read.sourceHash, std::string("00ff"));
  QCOMPARE(read.singularValues, std::string("split"));
  QCOMPARE(read.layers.size(), std::size_t{2});
  const auto up = std::ranges::find(read.layers, kUp, &ManifestLayer::name);
  QVERIFY(up != read.layers.end());
  QVERIFY(up->rows == 32 && up->cols == 56 && up->rank == 5 && up->orientation == Orientation::InOut &&
          up->dtype == DType::F16);
  QVERIFY(up->a == model.manifest.layers[0].a && up->b == model.manifest.layers[0].b);
  QVERIFY(up->cosine == 0.5 && up->relativeError == 0.8660254);
  const auto qkv = std::ranges::find(read.layers, kQkv, &ManifestLayer::name);
  QVERIFY(qkv->a == model.manifest.layers[1].a && qkv->b == model.manifest.layers[1].b && !qkv->cosine);
  QCOMPARE(nlohmann::json::parse(text)["layers"][kQkv]["cosine"], nlohmann::json(nullptr));
}

void TestFactored::refusesDamage_data() {
  QTest::addColumn<int>("index");
  for (int i = 0; i < static_cast<int>(std::size(kDamages)); ++i) QTest::newRow(kDamages[i].what) << i;
}

void TestFactored::refusesDamage() {
  QFETCH(int, index);
  const TemporaryFolder folder;
  FactoredModel model;
  kDamages[index].apply(model);
  model.write(folder / "m");
  EXPECT_ERROR(openCheckpoint(folder / "m"), ErrorKind::Malformed, kDamages[index].sentence);
  EXPECT_ERROR(openCheckpoint(folder / "m"), ErrorKind::Malformed, "rankscope.json");
}

void TestFactored::refusesManifests_data() {
  QTest::addColumn<QString>("pointer");
  QTest::addColumn<QString>("value");
  QTest::addColumn<int>("kind");
  QTest::addColumn<QString>("sentence");
  const auto row = [](const char* pointer, const char* value, const char* sentence,
                      ErrorKind kind = ErrorKind::Malformed) {
    QTest::addRow("%s = %s", pointer, value) << pointer << value << int(kind) << sentence;
  };
  row("/format", "\"x\"", "its format is not rankscope-factored");
  row("/version", "\"1\"", "it has no version");
  row("/version", "0", "it has no version");
  row("/version", "3", "written by a newer Rankscope", ErrorKind::Unsupported);
  row("/layers", "[]", "it has no layers");
  row("/layers/L", "7", "the entry of layer transformer.h.0.mlp.c_fc.weight is not an object");
  row("/layers/L/shape", "[32]", "has no shape of two numbers");
  row("/layers/L/shape", "[32,-56]", "has a shape that is not a positive number");
  row("/layers/L/rank", "0", "has a rank that is not a positive number");
  row("/layers/L/rank", "2.5", "has a rank that is not a positive number");
  row("/layers/L/orientation", "\"sideways\"", "has the unknown orientation sideways");
  row("/layers/L/dtype", "\"I8\"", "has a dtype that is not F64, F32, F16 or BF16");
  row("/layers/L/dtype", "1", "has a dtype that is not text");
  row("/layers/L/a", "null", "has no object a");
  row("/layers/L/a/dtype", "\"int2\"", "has an unknown dtype of a");
  row("/layers/L/b/axis", "\"z\"", "has the unknown axis z of b");
  row("/layers/L/b/group", "-1", "has a wrong group of b");
}

void TestFactored::refusesManifests() {
  QFETCH(QString, pointer);
  QFETCH(QString, value);
  QFETCH(int, kind);
  QFETCH(QString, sentence);
  nlohmann::json manifest = nlohmann::json::parse(toJson(FactoredModel().manifest));
  const std::string path = pointer.replace("/L", QString("/") + kUp.c_str()).toStdString();
  manifest[nlohmann::json::json_pointer(path)] = nlohmann::json::parse(value.toStdString());
  EXPECT_ERROR(parseFactoredManifest(manifest.dump(), "x/rankscope.json"), static_cast<ErrorKind>(kind),
               sentence.toStdString());
  EXPECT_ERROR(parseFactoredManifest(manifest.dump(), "x/rankscope.json"), static_cast<ErrorKind>(kind),
               "x/rankscope.json");
  for (const char* key : {"shape", "rank", "orientation", "dtype", "a", "b"}) {
    nlohmann::json without = nlohmann::json::parse(toJson(FactoredModel().manifest));
    without["layers"][kUp].erase(key);
    EXPECT_ERROR(parseFactoredManifest(without.dump(), "rankscope.json"), ErrorKind::Malformed,
                 "has no " + std::string(key));
  }
}

void TestFactored::manifestIsNeeded() {
  const TemporaryFolder folder;
  FactoredModel().write(folder / "m");
  std::filesystem::remove(folder / "m/rankscope.json");
  EXPECT_ERROR(openCheckpoint(folder / "m"), ErrorKind::NotFound, "rankscope.json is missing");
}

RANKSCOPE_TEST_MAIN(TestFactored)
#include "tst_factored.moc"
