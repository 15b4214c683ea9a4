// SPDX-License-Identifier: GPL-3.0-or-later
// Layers of a factored export that are integers, with a correction and a bias shift or without.
#include <cmath>
#include <functional>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/factored_layers.h"
#include "core/checkpoint/factored_manifest.h"
#include "tests/support/expect_error.h"
#include "tests/support/factored_model.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::test;

namespace {

const std::string &kUp = FactoredExport::kUp, &kQkv = FactoredExport::kQkv;

/// A GPT-2 with an int3 layer (32 × 56, F16 scales for 32 rows of a column, a bias shift) and an int4 one (32 × 96, F32
/// scales, one a row) with a correction of rank 2 in F32.
struct QuantisedModel : FactoredExport {
  QuantisedModel() {
    ManifestLayer up{kUp, 32, 56, std::nullopt, Orientation::InOut, DType::F16, {}, {}, 0.5, 0.8660254};
    up.base = StorageFormat{Storage::Int3, ScaleAxis::PerColumn, 32, Storage::F16};
    up.biasShift = true;
    up.method = "aware";
    up.calibration = "00aa";
    manifest.layers.push_back(up);
    model.tensors.push_back(codes(baseName(kUp), {32, 21}, DType::U8, 251));
    model.tensors.push_back(randomTensor(baseScaleName(kUp), {1, 56}, 1, DType::F16));
    model.tensors.push_back(randomTensor(biasShiftName(kUp), {56}));

    ManifestLayer qkv{kQkv, 32, 96, 2, Orientation::InOut, DType::F32, {}, {}, std::nullopt, std::nullopt};
    qkv.base = StorageFormat{Storage::Int4, ScaleAxis::PerRow, 0, Storage::F32};
    manifest.layers.push_back(qkv);
    model.tensors.push_back(codes(baseName(kQkv), {32, 48}, DType::U8, 253));
    model.tensors.push_back(randomTensor(baseScaleName(kQkv), {32}));
    model.tensors.push_back(randomTensor(factorName(kQkv, 'a'), {32, 2}));
    model.tensors.push_back(randomTensor(factorName(kQkv, 'b'), {2, 96}));
  }

  double value(const std::string& name, std::size_t i) {
    return rounded(tensor(name).values[i], tensor(name).spec.dtype);
  }
};

struct Damage {
  const char* what;
  std::function<void(QuantisedModel&)> apply;
  const char* sentence;
};

const Damage kDamages[] = {
    {"missing codes", [](auto& m) { m.erase(baseName(kUp)); },
     "c_fc.weight.quantized of layer transformer.h.0.mlp.c_fc.weight is missing"},
    {"missing scales", [](auto& m) { m.erase(baseScaleName(kQkv)); }, "c_attn.weight.quantized_scale of layer"},
    {"missing shift", [](auto& m) { m.erase(biasShiftName(kUp)); }, "c_fc.weight.bias_shift of layer"},
    {"codes of another width",
     [](auto& m) {
       m.tensor(baseName(kUp)) = codes(baseName(kUp), {32, 22}, DType::U8, 200);
     },
     "c_fc.weight.quantized has shape [32, 22], but the manifest makes it [32, 21]"},
    {"codes of another dtype", [](auto& m) { m.manifest.layers[1].base->storage = Storage::Int8; },
     "c_attn.weight.quantized is U8, but the manifest makes it I8"},
    {"scales of another number",
     [](auto& m) {
       m.tensor(baseScaleName(kUp)) = randomTensor(baseScaleName(kUp), {1, 55}, 1, DType::F16);
     },
     "c_fc.weight.quantized_scale holds 55 scales, but the manifest makes it 56"},
    {"scales of another dtype", [](auto& m) { m.manifest.layers[0].base->scales = Storage::F32; },
     "c_fc.weight.quantized_scale is F16, but the manifest makes it F32"},
    {"shift of another length", [](auto& m) { m.tensor(biasShiftName(kUp)) = randomTensor(biasShiftName(kUp), {32}); },
     "c_fc.weight.bias_shift has shape [32], but the manifest makes it [56]"},
    {"shift that no layer has", [](auto& m) { m.manifest.layers[0].biasShift = false; },
     "c_fc.weight.bias_shift belongs to a compressed layer that the manifest does not account for"},
    {"correction left out", [](auto& m) { m.manifest.layers[1].rank.reset(); },
     "c_attn.weight.lowrank_a belongs to a compressed layer that the manifest"},
    {"plain, too",
     [](auto& m) {
       m.model.tensors.push_back(randomTensor(kUp, {32, 56}));
     },
     "layer transformer.h.0.mlp.c_fc.weight is stored both whole and"},
};

} // namespace

class TestQuantisedLayers : public QObject {
  Q_OBJECT

 private slots:
  void presentsThemAsLayers();
  void expandsThem();
  void hashesEveryTensor();
  void manifestRoundTrips();
  void refusesDamage_data();
  void refusesDamage();
  void refusesManifests_data();
  void refusesManifests();
  void manifestIsNeeded();
};

void TestQuantisedLayers::presentsThemAsLayers() {
  const TemporaryFolder folder;
  const QuantisedModel model;
  model.write(folder / "m");
  const auto checkpoint = openCheckpoint(folder / "m");
  QCOMPARE(checkpoint->content().format, std::string("rankscope-factored"));
  const LayerInfo& up = checkpoint->layer(*checkpoint->findLayer(kUp));
  QVERIFY(up.isCompressed() && !up.factoredRank && up.base->storage == Storage::Int3 && up.biasShift);
  QVERIFY(up.method == "aware" && up.role == Role::MlpUp && up.dtype == DType::F16);
  QCOMPARE(up.bytes, std::uint64_t{32 * 21 + 56 * 2 + 56 * 4});
  QVERIFY(checkpoint->stored(up.id) && !checkpoint->factors(up.id));
  QCOMPARE(checkpoint->stored(up.id)->bytes(), up.bytes);
  const LayerInfo& qkv = checkpoint->layer(*checkpoint->findLayer(kQkv));
  QVERIFY(qkv.isCompressed() && qkv.factoredRank == 2 && qkv.base->storage == Storage::Int4 && !qkv.biasShift);
  QCOMPARE(qkv.bytes, std::uint64_t{32 * 48 + 32 * 4 + 4 * 2 * (32 + 96)});
  QVERIFY(!checkpoint->stored(LayerId{0}));
  SmallShape shape;
  shape.blocks = 1;
  writeSmallModel(folder / "plain", SmallFamily::Gpt2, shape);
  QCOMPARE(checkpoint->parameters(), openCheckpoint(folder / "plain")->parameters() + 2 * (32 + 96));
  QCOMPARE(checkpoint->layers().size(), openCheckpoint(folder / "plain")->layers().size());
}

void TestQuantisedLayers::expandsThem() {
  const TemporaryFolder folder;
  QuantisedModel model;
  model.write(folder / "m");
  const auto checkpoint = openCheckpoint(folder / "m");
  const RowMatrixD up = toDouble(checkpoint->matrix(*checkpoint->findLayer(kUp)).view);
  for (std::size_t i = 0; i < 32; ++i)
    for (std::size_t j = 0; j < 56; ++j) {
      std::uint32_t bits = 0; // the three bytes of eight codes
      for (std::size_t k = 0; k < 3; ++k)
        bits |= static_cast<std::uint32_t>(model.tensor(baseName(kUp)).values[i * 21 + j / 8 * 3 + k]) << (8 * k);
      const int raw = static_cast<int>(bits >> (3 * (j % 8)) & 7);
      const double expected = (raw < 4 ? raw : raw - 8) * model.value(baseScaleName(kUp), j);
      QVERIFY(std::abs(up(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) - expected) < 1e-6);
    }
  const RowMatrixD qkv = toDouble(checkpoint->matrix(*checkpoint->findLayer(kQkv)).view);
  for (std::size_t i = 0; i < 32; ++i)
    for (std::size_t j = 0; j < 96; ++j) {
      const int raw = static_cast<int>(model.tensor(baseName(kQkv)).values[i * 48 + j / 2]) >> (4 * (j % 2)) & 15;
      double expected = (raw < 8 ? raw : raw - 16) * model.value(baseScaleName(kQkv), i);
      for (std::size_t k = 0; k < 2; ++k)
        expected += model.value(factorName(kQkv, 'a'), i * 2 + k) * model.value(factorName(kQkv, 'b'), k * 96 + j);
      QVERIFY(std::abs(qkv(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) - expected) < 1e-5);
    }
}

void TestQuantisedLayers::hashesEveryTensor() {
  const TemporaryFolder folder;
  QuantisedModel().write(folder / "m");
  const auto checkpoint = openCheckpoint(folder / "m");
  for (const std::string& layer : {kUp, kQkv})
    for (const std::string& name : storedNames(layer)) {
      QuantisedModel changed;
      if (!changed.model.find(name)) continue;
      changed.tensor(name).values[1] += 1;
      changed.write(folder / name);
      const auto other = openCheckpoint(folder / name);
      for (const std::string& either : {kUp, kQkv}) {
        const bool same =
            other->contentHash(*other->findLayer(either)) == checkpoint->contentHash(*checkpoint->findLayer(either));
        QCOMPARE(same, either != layer);
      }
    }
}

void TestQuantisedLayers::manifestRoundTrips() {
  const FactoredManifest written = QuantisedModel().manifest;
  const nlohmann::json json = nlohmann::json::parse(toJson(written));
  QCOMPARE(json["version"].get<int>(), 2);
  QVERIFY(!json["layers"][kUp].contains("rank") && !json["layers"][kUp].contains("a"));
  const FactoredManifest read = parseFactoredManifest(toJson(written), "rankscope.json");
  QCOMPARE(toJson(read).size(), toJson(written).size());
  for (const ManifestLayer& layer : written.layers) {
    const auto same = std::ranges::find(read.layers, layer.name, &ManifestLayer::name);
    QVERIFY(same->base == layer.base && same->rank == layer.rank && same->biasShift == layer.biasShift);
    QVERIFY(same->method == layer.method && same->calibration == layer.calibration);
  }
}

void TestQuantisedLayers::refusesDamage_data() {
  QTest::addColumn<int>("index");
  for (int i = 0; i < static_cast<int>(std::size(kDamages)); ++i) QTest::newRow(kDamages[i].what) << i;
}

void TestQuantisedLayers::refusesDamage() {
  QFETCH(int, index);
  const TemporaryFolder folder;
  QuantisedModel model;
  kDamages[index].apply(model);
  model.write(folder / "m");
  EXPECT_ERROR(openCheckpoint(folder / "m"), ErrorKind::Malformed, kDamages[index].sentence);
}

void TestQuantisedLayers::refusesManifests_data() {
  QTest::addColumn<QString>("pointer");
  QTest::addColumn<QString>("value");
  QTest::addColumn<QString>("sentence");
  const auto row = [](const char* pointer, const char* value, const char* sentence) {
    QTest::addRow("%s = %s", pointer, value) << pointer << value << sentence;
  };
  row("/base", "null", "has no object base");
  row("/base/dtype", "\"f16\"", "has a base that is not int8, int4 or int3");
  row("/base/dtype", "\"int2\"", "has an unknown dtype of base");
  row("/base/group", "48", "has a wrong group of base");
  row("/base/scale_dtype", "\"bf16\"", "has an unknown scale_dtype of base");
  row("/bias_shift", "1", "has a bias_shift that is neither true nor false");
  row("/method", "7", "has a method that is not text");
  row("/rank", "33", "has a rank above the smaller side");
  row("/rank", "3", "has no a");
}

void TestQuantisedLayers::refusesManifests() {
  QFETCH(QString, pointer);
  QFETCH(QString, value);
  QFETCH(QString, sentence);
  nlohmann::json manifest = nlohmann::json::parse(toJson(QuantisedModel().manifest));
  manifest["layers"][kUp][nlohmann::json::json_pointer(pointer.toStdString())] =
      nlohmann::json::parse(value.toStdString());
  EXPECT_ERROR(parseFactoredManifest(manifest.dump(), "x/rankscope.json"), ErrorKind::Malformed,
               sentence.toStdString());
}

void TestQuantisedLayers::manifestIsNeeded() {
  const TemporaryFolder folder;
  QuantisedModel().write(folder / "m");
  std::filesystem::remove(folder / "m/rankscope.json");
  EXPECT_ERROR(openCheckpoint(folder / "m"), ErrorKind::NotFound, "rankscope.json is missing");
}

RANKSCOPE_TEST_MAIN(TestQuantisedLayers)
#include "tst_quantised_layers.moc"
