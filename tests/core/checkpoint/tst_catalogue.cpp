// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_main.h"

#include <algorithm>

#include <fmt/format.h>

#include <QRegularExpression>

#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/families.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"

using namespace rankscope;
using namespace rankscope::test;

Q_DECLARE_METATYPE(Role)

namespace {

/// One line a layer: what the catalogue knows of it.
QString table(const Checkpoint& checkpoint) {
  QString text;
  for (const LayerInfo& layer : checkpoint.layers())
    text += QString::fromStdString(
        fmt::format("{} {}{} {} {} {}x{}{}\n", layer.name, name(layer.role), layer.roleGuessed ? "?" : "",
                    layer.block ? std::to_string(*layer.block) : "-", name(layer.orientation), layer.rows, layer.cols,
                    layer.tiedWith.empty() ? "" : " = " + layer.tiedWith));
  return text;
}

std::shared_ptr<const Checkpoint> openSmall(const TemporaryFolder& folder, const SmallModel& model) {
  writeModel(folder / "small", model);
  return openCheckpoint(folder / "small");
}

SmallShape oneBlock() {
  SmallShape shape;
  shape.blocks = 1;
  return shape;
}

struct Expected {
  const char* name;
  SmallFamily family;
  const char* architecture;
  const char* prefix;
  const char* table; ///< of one block, without the prefix
};

const Expected kExpected[] = {
    {"GPT-Neo", SmallFamily::GptNeo, "gpt-neo", "transformer.",
     "wte.weight embedding - out_in 61x32 = lm_head.weight\n"
     "wpe.weight position - out_in 40x32\n"
     "h.0.attn.attention.q_proj.weight q 0 out_in 32x32\n"
     "h.0.attn.attention.k_proj.weight k 0 out_in 32x32\n"
     "h.0.attn.attention.v_proj.weight v 0 out_in 32x32\n"
     "h.0.attn.attention.out_proj.weight o 0 out_in 32x32\n"
     "h.0.mlp.c_fc.weight mlp_up 0 out_in 56x32\n"
     "h.0.mlp.c_proj.weight mlp_down 0 out_in 32x56\n"},
    {"GPT-2", SmallFamily::Gpt2, "gpt2", "transformer.",
     "wte.weight embedding - out_in 61x32 = lm_head.weight\n"
     "wpe.weight position - out_in 40x32\n"
     "h.0.attn.c_attn.weight qkv 0 in_out 32x96\n"
     "h.0.attn.c_proj.weight o 0 in_out 32x32\n"
     "h.0.mlp.c_fc.weight mlp_up 0 in_out 32x56\n"
     "h.0.mlp.c_proj.weight mlp_down 0 in_out 56x32\n"},
    {"GPT-NeoX", SmallFamily::GptNeoX, "gpt-neox", "gpt_neox.",
     "embed_in.weight embedding - out_in 61x32 = embed_out.weight\n"
     "layers.0.attention.query_key_value.weight qkv 0 out_in 96x32\n"
     "layers.0.attention.dense.weight o 0 out_in 32x32\n"
     "layers.0.mlp.dense_h_to_4h.weight mlp_up 0 out_in 56x32\n"
     "layers.0.mlp.dense_4h_to_h.weight mlp_down 0 out_in 32x56\n"},
    {"LLaMA", SmallFamily::Llama, "llama", "model.",
     "embed_tokens.weight embedding - out_in 61x32 = lm_head.weight\n"
     "layers.0.self_attn.q_proj.weight q 0 out_in 32x32\n"
     "layers.0.self_attn.k_proj.weight k 0 out_in 16x32\n"
     "layers.0.self_attn.v_proj.weight v 0 out_in 16x32\n"
     "layers.0.self_attn.o_proj.weight o 0 out_in 32x32\n"
     "layers.0.mlp.gate_proj.weight mlp_gate 0 out_in 56x32\n"
     "layers.0.mlp.up_proj.weight mlp_up 0 out_in 56x32\n"
     "layers.0.mlp.down_proj.weight mlp_down 0 out_in 32x56\n"},
    {"BERT", SmallFamily::Bert, "bert", "bert.",
     "embeddings.word_embeddings.weight embedding - out_in 61x32 = cls.predictions.decoder.weight\n"
     "embeddings.position_embeddings.weight position - out_in 40x32\n"
     "embeddings.token_type_embeddings.weight embedding - out_in 2x32\n"
     "encoder.layer.0.attention.self.query.weight q 0 out_in 32x32\n"
     "encoder.layer.0.attention.self.key.weight k 0 out_in 32x32\n"
     "encoder.layer.0.attention.self.value.weight v 0 out_in 32x32\n"
     "encoder.layer.0.attention.output.dense.weight o 0 out_in 32x32\n"
     "encoder.layer.0.intermediate.dense.weight mlp_up 0 out_in 56x32\n"
     "encoder.layer.0.output.dense.weight mlp_down 0 out_in 32x56\n"
     "pooler.dense.weight pooler - out_in 32x32\n"},
    {"OPT", SmallFamily::Opt, "opt", "model.decoder.",
     "embed_tokens.weight embedding - out_in 61x32 = lm_head.weight\n"
     "embed_positions.weight position - out_in 42x32\n"
     "layers.0.self_attn.q_proj.weight q 0 out_in 32x32\n"
     "layers.0.self_attn.k_proj.weight k 0 out_in 32x32\n"
     "layers.0.self_attn.v_proj.weight v 0 out_in 32x32\n"
     "layers.0.self_attn.out_proj.weight o 0 out_in 32x32\n"
     "layers.0.fc1.weight mlp_up 0 out_in 56x32\n"
     "layers.0.fc2.weight mlp_down 0 out_in 32x56\n"},
};

} // namespace

class TestCatalogue : public QObject {
  Q_OBJECT

 private slots:
  void families_data();
  void families();
  void familiesThatShareLlamasNames_data();
  void familiesThatShareLlamasNames();
  void sortsBlocksByNumber();
  void headOfItsOwn();
  void tiedCopyIsOneLayer();
  void tiedCopyThatDiffersIsALayer();
  void configDecidesWhatIsTied();
  void buffersAreNoLayers();
  void unknownTensorsAreGuessed();
  void unknownFamilyIsGuessed();
  void guessesRoles_data();
  void guessesRoles();
};

void TestCatalogue::families_data() {
  QTest::addColumn<int>("index");
  QTest::addColumn<bool>("prefixed");
  QTest::addColumn<bool>("configured");
  for (int i = 0; i < static_cast<int>(std::size(kExpected)); ++i) {
    QTest::addRow("%s", kExpected[i].name) << i << true << true;
    QTest::addRow("%s without prefix", kExpected[i].name) << i << false << true;
    QTest::addRow("%s without config", kExpected[i].name) << i << true << false;
    QTest::addRow("%s without prefix and config", kExpected[i].name) << i << false << false;
  }
}

void TestCatalogue::families() {
  QFETCH(int, index);
  QFETCH(bool, prefixed);
  QFETCH(bool, configured);
  const Expected& expected = kExpected[index];
  SmallShape shape = oneBlock();
  shape.prefixed = prefixed;
  const TemporaryFolder folder;
  SmallModel model = smallModel(expected.family, shape);
  if (!configured) model.configJson.clear();
  const auto checkpoint = openSmall(folder, model);
  QCOMPARE(checkpoint->architecture(), std::string(expected.architecture));

  QString rows = expected.table;
  if (prefixed) rows = QString(expected.prefix) + rows.chopped(1).replace("\n", QString("\n") + expected.prefix) + "\n";
  const bool tiedWithoutConfig = index != 2 && index != 3; // GPT-NeoX and LLaMA tie on request only
  if (!configured && !tiedWithoutConfig) rows.replace(QRegularExpression(" = .*"), "");
  QCOMPARE(table(*checkpoint), rows);
  for (const LayerInfo& layer : checkpoint->layers()) {
    QCOMPARE(layer.inDefaultScope(), isAttention(layer.role) || isMlp(layer.role));
    QCOMPARE(layer.bytes, layer.parameters() * 4);
  }
}

void TestCatalogue::familiesThatShareLlamasNames_data() {
  QTest::addColumn<int>("family");
  QTest::addColumn<QString>("architecture");
  QTest::addColumn<QString>("withoutConfig");
  QTest::newRow("Mistral") << int(SmallFamily::Mistral) << "mistral"
                           << "llama";
  QTest::newRow("Qwen2") << int(SmallFamily::Qwen2) << "qwen2"
                         << "qwen2";
}

void TestCatalogue::familiesThatShareLlamasNames() {
  QFETCH(int, family);
  QFETCH(QString, architecture);
  QFETCH(QString, withoutConfig);
  const TemporaryFolder folder;
  SmallModel model = smallModel(static_cast<SmallFamily>(family), oneBlock());
  const auto checkpoint = openSmall(folder, model);
  QCOMPARE(QString::fromStdString(checkpoint->architecture()), architecture);
  QVERIFY(table(*checkpoint).contains("model.layers.0.self_attn.k_proj.weight k 0 out_in 16x32\n"));

  model.configJson = R"({"architectures":["MistralForCausalLM"]})";
  writeModel(folder / "classes", model);
  QCOMPARE(openCheckpoint(folder / "classes")->architecture(), std::string("mistral"));
  model.configJson.clear();
  writeModel(folder / "bare", model);
  QCOMPARE(QString::fromStdString(openCheckpoint(folder / "bare")->architecture()), withoutConfig);
}

void TestCatalogue::sortsBlocksByNumber() {
  const TemporaryFolder folder;
  SmallShape shape;
  shape.blocks = 12;
  shape.hidden = 8;
  const auto checkpoint = openSmall(folder, smallModel(SmallFamily::GptNeo, shape));
  QCOMPARE(checkpoint->layers().size(), std::size_t{2 + 12 * 6});
  int last = -1;
  for (std::size_t i = 0; i < checkpoint->layers().size(); ++i) {
    const LayerInfo& layer = checkpoint->layers()[i];
    QCOMPARE(layer.id.value, i);
    QVERIFY(layer.block.value_or(last) >= last);
    last = layer.block.value_or(last);
    QVERIFY(checkpoint->findLayer(layer.name) == layer.id);
    QVERIFY(checkpoint->findTensor(layer.name) != nullptr);
  }
  QCOMPARE(last, 11);
  QVERIFY(!checkpoint->findLayer("transformer.h.0.ln_1.weight"));
  QVERIFY(!checkpoint->findLayer("zzz"));
  QVERIFY(checkpoint->findTensor("transformer.h.0.ln_1.weight") != nullptr);
  QVERIFY(checkpoint->findTensor("") == nullptr);
}

void TestCatalogue::headOfItsOwn() {
  const TemporaryFolder folder;
  SmallShape shape = oneBlock();
  shape.tied = false;
  const auto checkpoint = openSmall(folder, smallModel(SmallFamily::Llama, shape));
  QVERIFY(table(*checkpoint).startsWith("model.embed_tokens.weight embedding - out_in 61x32\n"));
  QVERIFY(table(*checkpoint).endsWith("lm_head.weight head - out_in 61x32\n"));
}

void TestCatalogue::tiedCopyIsOneLayer() {
  const TemporaryFolder folder;
  SmallModel model = smallModel(SmallFamily::GptNeo, oneBlock());
  const auto without = openSmall(folder, model);
  SmallTensor copy = *model.find("transformer.wte.weight");
  copy.spec.name = "lm_head.weight";
  model.tensors.push_back(copy);
  writeModel(folder / "copy", model);
  const auto checkpoint = openCheckpoint(folder / "copy");
  QCOMPARE(table(*checkpoint), table(*without));
  QCOMPARE(checkpoint->tensors().size(), without->tensors().size() + 1);
  QCOMPARE(checkpoint->parameters(), without->parameters());
  QCOMPARE(checkpoint->bytes(), without->bytes() + 61 * 32 * 4);
}

void TestCatalogue::tiedCopyThatDiffersIsALayer() {
  const TemporaryFolder folder;
  SmallModel model = smallModel(SmallFamily::GptNeo, oneBlock());
  SmallTensor copy = *model.find("transformer.wte.weight");
  copy.spec.name = "lm_head.weight";
  copy.values.back() += 1;
  model.tensors.push_back(copy);
  const auto checkpoint = openSmall(folder, model);
  QVERIFY(table(*checkpoint).startsWith("transformer.wte.weight embedding - out_in 61x32\n"));
  QVERIFY(table(*checkpoint).endsWith("lm_head.weight head - out_in 61x32\n"));
}

void TestCatalogue::configDecidesWhatIsTied() {
  const TemporaryFolder folder;
  SmallModel model = smallModel(SmallFamily::GptNeo, oneBlock());
  model.configJson = R"({"model_type":"gpt_neo","tie_word_embeddings":false})";
  QVERIFY(openSmall(folder, model)->layers().front().tiedWith.empty());
  model = smallModel(SmallFamily::Llama, oneBlock());
  model.configJson = R"({"model_type":"llama"})";
  writeModel(folder / "default", model);
  QVERIFY(openCheckpoint(folder / "default")->layers().front().tiedWith.empty());
}

void TestCatalogue::buffersAreNoLayers() {
  const TemporaryFolder folder;
  SmallModel model = smallModel(SmallFamily::GptNeo, oneBlock());
  const auto plain = openSmall(folder, model);
  for (const char* buffer :
       {"transformer.h.0.attn.attention.rotary_emb.cos_cached", "model.layers.0.self_attn.rotary_emb.sin_cached",
        "transformer.position_ids", "rotary_emb.inv_freq"})
    model.tensors.push_back(randomTensor(buffer, {3, 5}));
  SmallTensor* mask = model.find("transformer.h.0.attn.attention.bias");
  mask->spec.dtype = DType::F32;
  mask->spec.shape = {40, 40};
  writeModel(folder / "buffers", model);
  const auto checkpoint = openCheckpoint(folder / "buffers");
  QCOMPARE(table(*checkpoint), table(*plain));
  QCOMPARE(checkpoint->parameters(), plain->parameters());
  QVERIFY(isBuffer("gpt_neox.layers.0.attention.masked_bias"));
  QVERIFY(!isBuffer("layers.0.self_attn.q_proj.bias"));
}

void TestCatalogue::unknownTensorsAreGuessed() {
  const TemporaryFolder folder;
  SmallModel model = smallModel(SmallFamily::Llama, oneBlock());
  model.tensors.push_back(randomTensor("model.layers.0.self_attn.adapter.q_proj.weight", {3, 5}));
  model.tensors.push_back(randomTensor("projector.weight", {4, 6}, 1, DType::F64));
  model.tensors.push_back(randomTensor("conv.weight", {4, 6, 3}));
  model.tensors.push_back(randomTensor("empty.weight", {0, 6}));
  model.tensors.push_back(randomTensor("codes.weight", {4, 6}, 9, DType::I8));
  const auto checkpoint = openSmall(folder, model);
  const QString rows = table(*checkpoint);
  QVERIFY(rows.contains("model.layers.0.self_attn.adapter.q_proj.weight q? 0 out_in 3x5\n"));
  QVERIFY(rows.contains("projector.weight other? - out_in 4x6\n"));
  for (const char* name : {"conv.weight", "empty.weight", "codes.weight"}) {
    QVERIFY(!checkpoint->findLayer(name));
    QVERIFY(checkpoint->findTensor(name) != nullptr);
  }
  QVERIFY(
      !checkpoint->layer(*checkpoint->findLayer("model.layers.0.self_attn.adapter.q_proj.weight")).inDefaultScope());
}

void TestCatalogue::unknownFamilyIsGuessed() {
  const TemporaryFolder folder;
  SmallModel model = smallModel(SmallFamily::Llama, oneBlock());
  model.configJson = R"({"model_type":"gemma","architectures":["GemmaForCausalLM"]})";
  const auto checkpoint = openSmall(folder, model);
  QCOMPARE(checkpoint->architecture(), std::string("unknown"));
  QVERIFY(table(*checkpoint).contains("model.layers.0.self_attn.k_proj.weight k? 0 out_in 16x32\n"));
  QVERIFY(std::ranges::none_of(checkpoint->layers(), &LayerInfo::inDefaultScope));
}

void TestCatalogue::guessesRoles_data() {
  QTest::addColumn<Role>("role");
  const auto row = [](const char* name, Role role) { QTest::newRow(name) << role; };
  row("model.layers.3.self_attn.qkv_proj.weight", Role::FusedQkv); // Phi-3
  row("model.layers.3.mlp.gate_up_proj.weight", Role::MlpUp);
  row("model.layers.3.self_attn.dense.weight", Role::AttentionOutput);          // Phi
  row("transformer.h.3.self_attention.query_key_value.weight", Role::FusedQkv); // Falcon, BLOOM
  row("transformer.h.3.self_attention.dense.weight", Role::AttentionOutput);
  row("transformer.h.3.mlp.dense_4h_to_h.weight", Role::MlpDown);
  row("transformer.h.3.mlp.fc_out.weight", Role::MlpDown);            // GPT-J
  row("encoder.block.0.layer.0.SelfAttention.q.weight", Role::Query); // T5
  row("decoder.block.0.layer.1.EncDecAttention.o.weight", Role::AttentionOutput);
  row("encoder.block.0.layer.1.DenseReluDense.wi_0.weight", Role::MlpGate);
  row("encoder.block.0.layer.1.DenseReluDense.wo.weight", Role::MlpDown);
  row("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", Role::Position);
  row("shared.weight", Role::Embedding);
  row("distilbert.transformer.layer.2.attention.out_lin.weight", Role::AttentionOutput);
  row("distilbert.transformer.layer.2.ffn.lin1.weight", Role::MlpUp);
  row("vit.encoder.layer.2.intermediate.dense.weight", Role::MlpUp);
  row("vit.encoder.layer.2.output.dense.weight", Role::MlpDown);
  row("vit.pooler.dense.weight", Role::Pooler);
  row("layers.0.feed_forward.w2.weight", Role::MlpDown); // Meta's LLaMA
  row("layers.0.attention.wo.weight", Role::AttentionOutput);
  row("text_model.encoder.layers.1.self_attn.in_proj_weight", Role::FusedQkv);
  row("model.embed_tokens.weight", Role::Embedding);
  row("text_model.embeddings.position_embedding.weight", Role::Position);
  row("classifier.weight", Role::Head);
  row("weight", Role::Other);
  row("..", Role::Other);
}

void TestCatalogue::guessesRoles() {
  QFETCH(Role, role);
  QCOMPARE(QString::fromUtf8(name(guessRole(QTest::currentDataTag()))), QString::fromUtf8(name(role)));
}

RANKSCOPE_TEST_MAIN(TestCatalogue)
#include "tst_catalogue.moc"
