// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "core/model/model.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;

namespace {

std::filesystem::path fixture(const QString& name) {
  return std::filesystem::path(RANKSCOPE_SOURCE_DIR) / "tests/core/model/fixtures" / name.toStdString();
}

struct Expected {
  std::vector<int> tokens;
  RowMatrixF logits;
};

Expected expectedOf(const std::filesystem::path& folder) {
  const auto file = openCheckpoint(folder / "expected.safetensors");
  Expected result;
  const TensorView& tokens = *file->findTensor("tokens");
  const auto* ids = reinterpret_cast<const std::int64_t*>(tokens.bytes.data());
  result.tokens.assign(ids, ids + tokens.elements());
  const TensorView& logits = *file->findTensor("logits");
  result.logits = toFloat({static_cast<std::int64_t>(logits.shape[0]), static_cast<std::int64_t>(logits.shape[1]),
                           logits.dtype, logits.bytes.data()});
  return result;
}

float relativeDifference(const RowMatrixF& a, const RowMatrixF& b) {
  return (a - b).cwiseAbs().maxCoeff() / b.cwiseAbs().maxCoeff();
}

/// A copy of a fixture with some keys of its config.json changed (null removes one).
std::filesystem::path changed(const test::TemporaryFolder& folder, const QString& name, const nlohmann::json& changes) {
  nlohmann::json config = nlohmann::json::parse(test::readFile(fixture(name) / "config.json"));
  for (const auto& [key, value] : changes.items()) {
    if (value == "remove")
      config.erase(key);
    else
      config[key] = value;
  }
  std::filesystem::copy(fixture(name) / "model.safetensors", folder / "model.safetensors",
                        std::filesystem::copy_options::overwrite_existing);
  test::writeFile(folder / "config.json", config.dump());
  return folder.path();
}

} // namespace

class TestModel : public QObject {
  Q_OBJECT

 private slots:
  void everyFamilyAgreesWithPyTorch_data();
  void everyFamilyAgreesWithPyTorch();
  void cachedDecodingEqualsPrefill_data() { everyFamilyAgreesWithPyTorch_data(); }
  void cachedDecodingEqualsPrefill();
  void aBatchIsItsSequences();
  void hooksSeeWhatLinearsRead();
  void aSubstituteTakesTheLinearsPlace();
  void blocksCanBeRunInParts();
  void settingsThatCannotBeRunAreRefused_data();
  void settingsThatCannotBeRunAreRefused();
  void noConfigIsTooStrange_data();
  void noConfigIsTooStrange();
  void aModelWithoutEmbeddingsIsRefused();
  void tokensOutsideTheVocabularyAreRefused();
};

void TestModel::everyFamilyAgreesWithPyTorch_data() {
  QTest::addColumn<QString>("name");
  for (const char* name : {"gpt_neo", "gpt2", "gpt_neox_parallel", "gpt_neox_serial", "llama_gqa", "llama_linear",
                           "llama_dynamic", "llama_llama3", "llama_yarn", "mistral", "qwen2"})
    QTest::newRow(name) << QString(name);
}

void TestModel::everyFamilyAgreesWithPyTorch() {
  QFETCH(QString, name);
  const Expected expected = expectedOf(fixture(name));
  const Model model(openCheckpoint(fixture(name)));
  const RowMatrixF logits = model.logits(model.forward(batchOf(expected.tokens)));
  QCOMPARE(logits.rows(), expected.logits.rows());
  QCOMPARE(logits.cols(), expected.logits.cols());
  const float difference = relativeDifference(logits, expected.logits);
  QVERIFY2(difference < 2e-5f, qPrintable(QString::number(difference)));
}

void TestModel::cachedDecodingEqualsPrefill() {
  QFETCH(QString, name);
  const Expected expected = expectedOf(fixture(name));
  const Model model(openCheckpoint(fixture(name)));
  // Dynamic scaling turns early positions differently once the text is longer: compare within the original context.
  const std::size_t length = name == "llama_dynamic" ? 11 : expected.tokens.size();
  const std::vector<int> tokens(expected.tokens.begin(), expected.tokens.begin() + static_cast<std::ptrdiff_t>(length));
  const RowMatrixF whole = model.forward(batchOf(tokens));
  KvCache cache = model.newCache();
  RowMatrixF parts(whole.rows(), whole.cols());
  parts.topRows(6) = model.forward(std::span(tokens).first(6), cache);
  for (std::size_t i = 6; i < length; ++i)
    parts.row(static_cast<Eigen::Index>(i)) = model.forward(std::span(tokens).subspan(i, 1), cache);
  QCOMPARE(cache.length(), static_cast<std::int64_t>(length));
  QVERIFY(relativeDifference(parts, whole) < 1e-5f);
}

void TestModel::aBatchIsItsSequences() {
  const Model model(openCheckpoint(fixture("mistral")));
  const std::vector<std::vector<int>> sequences{{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5}, {8}, {9, 7, 9, 3}};
  const RowMatrixF together = model.forward(batchOf(sequences));
  Eigen::Index row = 0;
  for (const std::vector<int>& sequence : sequences) {
    const RowMatrixF alone = model.forward(batchOf(sequence));
    QVERIFY(relativeDifference(together.middleRows(row, alone.rows()), alone) < 1e-5f);
    row += alone.rows();
  }
}

void TestModel::hooksSeeWhatLinearsRead() {
  const auto checkpoint = openCheckpoint(fixture("qwen2"));
  const Model model(checkpoint);
  std::vector<std::string> seen;
  int blocks = 0;
  ForwardHooks hooks;
  hooks.linearInput = [&](LayerId layer, Eigen::Ref<const RowMatrixF> x) {
    QCOMPARE(x.rows(), 3);
    QCOMPARE(x.cols(), model.linear(layer)->inputs());
    if (checkpoint->layer(layer).block == 1) seen.push_back(checkpoint->layer(layer).name);
  };
  hooks.linearOutput = [&](LayerId layer, Eigen::Ref<const RowMatrixF> y) {
    QCOMPARE(y.cols(), model.linear(layer)->outputs());
  };
  hooks.blockOutput = [&](int block, const RowMatrixF&) { QCOMPARE(block, blocks++); };
  model.forward(batchOf(std::vector<int>{1, 2, 3}), hooks);
  QCOMPARE(blocks, 3);
  QCOMPARE(seen,
           (std::vector<std::string>{"model.layers.1.self_attn.q_proj.weight", "model.layers.1.self_attn.k_proj.weight",
                                     "model.layers.1.self_attn.v_proj.weight", "model.layers.1.self_attn.o_proj.weight",
                                     "model.layers.1.mlp.gate_proj.weight", "model.layers.1.mlp.up_proj.weight",
                                     "model.layers.1.mlp.down_proj.weight"}));
}

void TestModel::aSubstituteTakesTheLinearsPlace() {
  const auto checkpoint = openCheckpoint(fixture("gpt2"));
  const Model model(checkpoint);
  const LayerId layer = *checkpoint->findLayer("h.1.mlp.c_fc.weight");
  const Checkpoint::Matrix matrix = checkpoint->matrix(layer);
  const RowMatrixF w = toFloat(matrix.view);
  // A·B with A = I is the matrix itself.
  const auto a = std::make_shared<RowMatrixF>(RowMatrixF::Identity(w.rows(), w.rows()));
  const auto b = std::make_shared<RowMatrixF>(w);
  const auto view = [](const RowMatrixF& m) {
    return MatrixView{m.rows(), m.cols(), DType::F32, reinterpret_cast<const std::byte*>(m.data())};
  };
  LinearWeights weights;
  weights.orientation = checkpoint->layer(layer).orientation;
  weights.a.emplace(view(*a), a);
  weights.b.emplace(view(*b), b);
  const Batch batch = batchOf(std::vector<int>{5, 6, 7, 8});
  const RowMatrixF dense = model.forward(batch);
  const Model same = model.with({{layer, std::make_shared<const Linear>(weights)}});
  QVERIFY(relativeDifference(same.forward(batch), dense) < 1e-5f);
  *b *= 0.5f;
  QVERIFY(relativeDifference(same.forward(batch), dense) > 1e-3f);
  QVERIFY(relativeDifference(model.forward(batch), dense) == 0.0f);
  QVERIFY_EXCEPTION_THROWN(
      model.with({{*checkpoint->findLayer("h.1.mlp.c_proj.weight"), std::make_shared<const Linear>(weights)}}), Error);
}

void TestModel::blocksCanBeRunInParts() {
  const Model model(openCheckpoint(fixture("gpt_neo")));
  const Batch batch = batchOf(std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9});
  RowMatrixF hidden = model.embed(batch);
  model.runBlocks(hidden, batch, 0, 1);
  model.runBlocks(hidden, batch, 1, model.blockCount());
  QCOMPARE(model.finalNorm(hidden), model.forward(batch));
}

void TestModel::settingsThatCannotBeRunAreRefused_data() {
  QTest::addColumn<QString>("name");
  QTest::addColumn<QString>("changes");
  QTest::addColumn<QString>("mentioned");
  const auto row = [](const char* what, const char* name, const char* changes, const char* mentioned) {
    QTest::newRow(what) << QString(name) << QString(changes) << QString(mentioned);
  };
  row("unknown activation", "gpt_neo", R"({"activation_function": "mish"})", "activation_function");
  row("contradictory attention", "gpt_neo", R"({"attention_layers": ["local", "global", "local", "global"]})",
      "attention_layers");
  row("attention of too few layers", "gpt_neo", R"({"attention_types": [[["global"], 3]]})", "4 layers");
  row("unknown attention", "gpt_neo", R"({"attention_types": [[["global", "sparse"], 2]]})", "sparse");
  row("heads that do not divide", "gpt_neo", R"({"num_heads": 4})", "num_heads");
  row("wrong hidden size", "gpt_neo", R"({"hidden_size": 30})", "transformer.wte.weight");
  row("missing layer", "gpt_neo", R"({"num_layers": 6, "attention_types": [[["global"], 6]]})", "transformer.h.4");
  row("no number", "gpt_neo", R"({"num_layers": "many"})", "num_layers");
  row("cross-attention", "gpt2", R"({"add_cross_attention": true})", "add_cross_attention");
  row("missing key", "gpt2", R"({"n_head": "remove"})", "n_head");
  row("odd rotary dimensions", "gpt_neox_parallel", R"({"rotary_pct": 0.2})", "rotary");
  row("unexpected bias", "gpt_neox_parallel", R"({"attention_bias": false})", "query_key_value.bias");
  row("missing bias", "llama_linear", R"({"attention_bias": true})", "q_proj.bias");
  row("key-value heads", "llama_gqa", R"({"num_key_value_heads": 4})", "4 key-value heads");
  row("unknown rotary scaling", "llama_linear", R"({"rope_scaling": {"rope_type": "longrope"}})", "longrope");
  row("scaling without a factor", "llama_linear", R"({"rope_scaling": {"rope_type": "linear"}})", "factor");
  row("untied without a head", "llama_linear", R"({"tie_word_embeddings": false})", "lm_head.weight");
  row("tied, but another head is stored", "llama_gqa", R"({"tie_word_embeddings": true})", "lm_head.weight");
  row("window of a LLaMA", "llama_gqa", R"({"sliding_window": 8})", "sliding_window");
  row("two kinds of rotary scaling", "llama_linear",
      R"({"rope_scaling": {"rope_type": "linear", "type": "dynamic", "factor": 2}})", "both");
  row("a factor of nothing", "llama_linear", R"({"rope_scaling": {"factor": 2}})", "no type");
  row("scaling that is no object", "llama_linear", R"({"rope_scaling": "linear"})", "rope_scaling");
  row("negative factor", "llama_linear", R"({"rope_scaling": {"rope_type": "linear", "factor": -2}})", "factor");
  row("llama3 upside down", "llama_llama3",
      R"({"rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 1,
      "original_max_position_embeddings": 16}})",
      "high_freq_factor");
  row("yarn upside down", "llama_yarn",
      R"({"rope_scaling": {"rope_type": "yarn", "factor": 4, "beta_fast": 1, "beta_slow": 32}})", "beta_fast");
  row("partial rotation", "llama_gqa", R"({"partial_rotary_factor": 0.5})", "partial_rotary_factor");
  row("partial rotation, new spelling", "llama_gqa",
      R"({"rope_parameters": {"rope_type": "default", "partial_rotary_factor": 0.5}})", "partial_rotary_factor");
  row("more rotary than head", "gpt_neox_serial", R"({"rotary_pct": 1.5})", "rotary_pct");
  row("parallel residual of no sense", "gpt_neox_serial", R"({"use_parallel_residual": "yes"})",
      "use_parallel_residual");
  row("no heads", "llama_gqa", R"({"num_attention_heads": 0})", "num_attention_heads");
  row("missing heads", "mistral", R"({"num_attention_heads": "remove"})", "num_attention_heads");
  row("more blocks than tensors", "gpt_neo", R"({"num_layers": 900000000, "attention_types": "remove"})", "num_layers");
  row("endless attention", "gpt_neo", R"({"attention_types": [[[], 2000000000]]})", "4 layers");
  row("window below one", "mistral", R"({"sliding_window": 0})", "sliding_window");
  row("window that is no number", "qwen2", R"({"use_sliding_window": true, "sliding_window": "wide"})",
      "sliding_window");
  row("windows in use, none given", "qwen2",
      R"({"use_sliding_window": false, "layer_types": ["sliding_attention", "full_attention", "full_attention"]})",
      "layer_types");
  row("bias of a Mistral", "mistral", R"({"attention_bias": true})", "attention_bias");
  row("unknown layer type", "qwen2", R"({"layer_types": ["full_attention", "linear_attention", "full_attention"]})",
      "linear_attention");
}

void TestModel::settingsThatCannotBeRunAreRefused() {
  QFETCH(QString, name);
  QFETCH(QString, changes);
  QFETCH(QString, mentioned);
  const test::TemporaryFolder folder;
  const auto checkpoint = openCheckpoint(changed(folder, name, nlohmann::json::parse(changes.toStdString())));
  try {
    describeArchitecture(*checkpoint);
    QFAIL("accepted");
  } catch (const Error& error) {
    const QString sentence = error.what();
    QVERIFY2(sentence.contains(mentioned), error.what());
    QVERIFY2(sentence.contains("still be analysed and compressed"), error.what());
    QVERIFY2(sentence.contains(QString::fromStdString(folder.path().filename())), error.what());
  }
}

void TestModel::noConfigIsTooStrange_data() {
  QTest::addColumn<QString>("name");
  for (const char* name : {"gpt2", "gpt_neo", "gpt_neox_parallel", "gpt_neox_serial", "llama_dynamic", "llama_gqa",
                           "llama_linear", "llama_llama3", "llama_yarn", "mistral", "qwen2"})
    QTest::newRow(name) << QString(name);
}

/// Every key, those of nested objects included, with every kind of wrong value: either the model runs or one sentence
/// says why not. Opening may refuse a config as well, but never for its own sake.
void TestModel::noConfigIsTooStrange() {
  QFETCH(QString, name);
  using nlohmann::json;
  const auto original = json::parse(test::readFile(fixture(name) / "config.json"));
  const json strange = json::parse(R"(["remove", null, 0, -1, 1, 3, 7.5, 1e300, -0.25, 1000000000, 4000000000,
      9223372036854775807, 18446744073709551615, true, false, "", "x", [], [[]], [1, 2], {}, {"x": {}}])");
  int ran = 0, refused = 0;
  const auto attempt = [&](const std::string& key, const json& value) {
    const json changes{{key, value}};
    const test::TemporaryFolder folder;
    const auto checkpoint = openCheckpoint(changed(folder, name, changes));
    try {
      const Model model(checkpoint);
      const RowMatrixF hidden = model.forward(batchOf(std::vector<int>{1, 2, 3}));
      QVERIFY(hidden.rows() == 3);
      ++ran;
    } catch (const Error& error) {
      QVERIFY2(QString(error.what()).contains("still be analysed and compressed"),
               (changes.dump() + ": " + error.what()).c_str());
      ++refused;
    }
  };
  for (const auto& [key, value] : original.items()) {
    if (key == "architectures" || key == "model_type") continue;
    for (const json& other : strange) attempt(key, other);
    if (!value.is_object()) continue;
    for (const auto& [inner, old] : value.items())
      for (const json& other : strange) {
        json object = value;
        if (other == "remove")
          object.erase(inner);
        else
          object[inner] = other;
        attempt(key, object);
      }
  }
  QVERIFY(ran > 0 && refused > 0);
}

void TestModel::aModelWithoutEmbeddingsIsRefused() {
  const auto path = test::realModel("gpt-neo-125m-attention");
  if (path.empty()) QSKIP("needs gpt-neo-125m-attention");
  const auto checkpoint = openCheckpoint(path);
  QVERIFY(whyNotRunnable(*checkpoint).find("wte.weight is missing") != std::string::npos);
  QVERIFY_EXCEPTION_THROWN(Model{checkpoint}, Error);
}

void TestModel::tokensOutsideTheVocabularyAreRefused() {
  const Model model(openCheckpoint(fixture("gpt_neo")));
  QVERIFY_EXCEPTION_THROWN(model.forward(batchOf(std::vector<int>{61})), Error);
  QVERIFY_EXCEPTION_THROWN(model.forward(batchOf(std::vector<int>{-1})), Error);
  QVERIFY_EXCEPTION_THROWN(model.forward(batchOf(std::vector<int>(41, 1))), Error);
}

RANKSCOPE_TEST_MAIN(TestModel)
#include "tst_model.moc"
