// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_main.h"

#include <chrono>
#include <fstream>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "tests/support/expect_error.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"

using namespace rankscope;
using namespace rankscope::test;
namespace fs = std::filesystem;

namespace {

SmallModel smallLlama() {
  return smallModel(SmallFamily::Llama);
}

/// An index over tensors a.weight and b.weight in one shard each.
fs::path writePair(const fs::path& folder, const std::string& weightMap) {
  fs::create_directories(folder);
  writeTensors(folder / "model-00001-of-00002.safetensors", std::vector{randomTensor("a.weight", {2, 3})});
  writeTensors(folder / "model-00002-of-00002.safetensors", std::vector{randomTensor("b.weight", {4, 3})});
  writeFile(folder / "model.safetensors.index.json", weightMap);
  return folder;
}

/// The layout of the Hugging Face cache: snapshots/<commit>/<name> are links to blobs/<hash>. Returns the snapshot.
fs::path writeCache(const fs::path& cache, const SmallModel& model, int shards) {
  const fs::path plain = cache / "plain", snapshot = cache / "models--owner--tiny" / "snapshots" / "abc123";
  if (shards > 1)
    writeShardedModel(plain, model, shards);
  else
    writeModel(plain, model);
  fs::create_directories(snapshot);
  fs::create_directories(cache / "models--owner--tiny" / "blobs");
  fs::create_directories(cache / "models--owner--tiny" / "refs");
  writeFile(cache / "models--owner--tiny" / "refs" / "main", "abc123");
  int hash = 0;
  for (const auto& entry : fs::directory_iterator(plain)) {
    const std::string blob = fmt::format("{:040x}", 0xdead0000 + hash++);
    fs::rename(entry.path(), cache / "models--owner--tiny" / "blobs" / blob);
    fs::create_symlink(fs::path("../../blobs") / blob, snapshot / entry.path().filename());
  }
  return snapshot;
}

std::size_t privateBytes() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("RssAnon:")) return std::stoull(line.substr(8)) * 1024;
  return 0;
}

/// Files that hold a header and, sparsely, as many zeros as it claims.
void writeSparse(const fs::path& path, const std::vector<TensorSpec>& specs) {
  const SafetensorsLayout layout = layOutSafetensors(specs);
  writeFile(path, layout.header);
  fs::resize_file(path, layout.fileBytes);
}

std::vector<TensorSpec> hugeBlock(int block) {
  const std::string prefix = fmt::format("model.layers.{}.", block);
  std::vector<TensorSpec> specs;
  const auto add = [&](const char* name, std::vector<std::uint64_t> shape) {
    specs.push_back({prefix + name, DType::BF16, std::move(shape)});
  };
  add("input_layernorm.weight", {8192});
  add("self_attn.q_proj.weight", {8192, 8192});
  add("self_attn.k_proj.weight", {1024, 8192});
  add("self_attn.v_proj.weight", {1024, 8192});
  add("self_attn.o_proj.weight", {8192, 8192});
  add("post_attention_layernorm.weight", {8192});
  add("mlp.gate_proj.weight", {28672, 8192});
  add("mlp.up_proj.weight", {28672, 8192});
  add("mlp.down_proj.weight", {8192, 28672});
  return specs;
}

/// A 70B LLaMA in 30 shards. Returns the number of tensors.
std::size_t writeHugeModel(const fs::path& folder) {
  std::vector<std::vector<TensorSpec>> shards(30);
  for (int block = 0; block < 80; ++block)
    for (TensorSpec& spec : hugeBlock(block))
      shards[static_cast<std::size_t>(block * 30 / 80)].push_back(std::move(spec));
  shards.front().push_back({"model.embed_tokens.weight", DType::BF16, {32000, 8192}});
  shards.back().push_back({"model.norm.weight", DType::BF16, {8192}});
  shards.back().push_back({"lm_head.weight", DType::BF16, {32000, 8192}});
  std::string map;
  std::size_t tensors = 0;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string name = fmt::format("model-{:05}-of-00030.safetensors", i + 1);
    writeSparse(folder / name, shards[i]);
    for (const TensorSpec& spec : shards[i])
      map += fmt::format("{}\"{}\":\"{}\"", tensors++ ? "," : "", spec.name, name);
  }
  writeFile(folder / "model.safetensors.index.json", "{\"weight_map\":{" + map + "}}");
  writeFile(folder / "config.json", R"({"model_type":"llama","tie_word_embeddings":false})");
  return tensors;
}

} // namespace

class TestOpen : public QObject {
  Q_OBJECT

 private slots:
  void opensFileFolderAndConfig();
  void opensRelativePathsAndTrailingSlashes();
  void namesTheModel();
  void opensShards();
  void refusesWrongIndexes_data();
  void refusesWrongIndexes();
  void opensHuggingFaceCache_data();
  void opensHuggingFaceCache();
  void brokenLinksAreNamed();
  void foreignFormats_data();
  void foreignFormats();
  void foreignFolders_data();
  void foreignFolders();
  void safetensorsWinsOverForeignFiles();
  void quantisedModels_data();
  void quantisedModels();
  void refusesWhatIsNoModel();
  void understandsPythonsNumbers();
  void passesAllDTypesThrough();
  void matrixPointsIntoTheFile();
  void contentHashIsXxh3();
  void contentHashFromManyThreads();
  void outlivesTheFile();
  void opensHugeModelQuickly();
  void opensRealModels();
};

void TestOpen::opensFileFolderAndConfig() {
  const TemporaryFolder folder;
  writeModel(folder / "m", smallLlama());
  for (const char* path : {"m", "m/model.safetensors", "m/config.json"}) {
    const auto checkpoint = openCheckpoint(folder / path);
    QCOMPARE(checkpoint->path(), folder / path);
    QCOMPARE(checkpoint->content().folder, folder / "m");
    QCOMPARE(checkpoint->content().format, std::string("safetensors"));
    QCOMPARE(checkpoint->architecture(), std::string("llama"));
    QVERIFY(checkpoint->content().configJson.find("LlamaForCausalLM") != std::string::npos);
    QCOMPARE(checkpoint->content().weightFiles.size(), std::size_t{1});
    QCOMPARE(checkpoint->layers().size(), std::size_t{1 + 2 * 7});
    QVERIFY(!checkpoint->content().synthetic);
  }
}

void TestOpen::opensRelativePathsAndTrailingSlashes() {
  const TemporaryFolder folder;
  writeModel(folder / "m", smallLlama());
  const fs::path before = fs::current_path();
  fs::current_path(folder / "m");
  const auto here = openCheckpoint(".");
  const auto file = openCheckpoint("model.safetensors");
  const auto around = openCheckpoint("../m/");
  fs::current_path(before);
  QCOMPARE(here->path(), folder / "m");
  QCOMPARE(file->path(), folder / "m" / "model.safetensors");
  QCOMPARE(around->path(), folder / "m");
  QCOMPARE(here->content().modelName, std::string("m"));
}

void TestOpen::namesTheModel() {
  const TemporaryFolder folder;
  writeModel(folder / "Tiny-1.5B", smallLlama());
  QCOMPARE(openCheckpoint(folder / "Tiny-1.5B")->content().modelName, std::string("Tiny-1.5B"));
  QCOMPARE(openCheckpoint(folder / "Tiny-1.5B/model.safetensors")->content().modelName, std::string("Tiny-1.5B"));
  writeTensors(folder / "other.safetensors", smallLlama().tensors);
  QCOMPARE(openCheckpoint(folder / "other.safetensors")->content().modelName, std::string("other"));
}

void TestOpen::opensShards() {
  const TemporaryFolder folder;
  const SmallModel model = smallLlama();
  writeShardedModel(folder / "shards", model, 3);
  writeModel(folder / "whole", model);
  const auto whole = openCheckpoint(folder / "whole");
  for (const char* path :
       {"shards", "shards/model.safetensors.index.json", "shards/model-00002-of-00003.safetensors"}) {
    const auto sharded = openCheckpoint(folder / path);
    QCOMPARE(sharded->content().weightFiles.size(), std::size_t{3});
    QCOMPARE(sharded->tensors().size(), whole->tensors().size());
    QCOMPARE(sharded->bytes(), whole->bytes());
    for (const LayerInfo& layer : whole->layers()) {
      QVERIFY(sharded->findLayer(layer.name) == layer.id);
      QCOMPARE(sharded->contentHash(layer.id), whole->contentHash(layer.id));
    }
  }
}

void TestOpen::refusesWrongIndexes_data() {
  QTest::addColumn<QString>("index");
  QTest::addColumn<int>("kind");
  QTest::addColumn<QString>("sentence");
  const auto row = [](const char* what, const char* index, ErrorKind kind, const char* sentence) {
    QTest::newRow(what) << index << int(kind) << sentence;
  };
  const auto malformed = [&](const char* what, const char* index, const char* sentence) {
    row(what, index, ErrorKind::Malformed, sentence);
  };
  malformed("not JSON", "{", "not valid JSON");
  malformed("an array", "[]", "not a JSON object");
  malformed("no weight_map", "{}", "the index has no weight_map");
  malformed("weight_map is a list", R"({"weight_map":[]})", "the index has no weight_map");
  malformed("nothing listed", R"({"weight_map":{}})", "the weight_map is empty");
  malformed("file is a number", R"({"weight_map":{"a.weight":1}})", "no file name for tensor a.weight");
  malformed("tensor twice", R"({"weight_map":{"a.weight":"x","a.weight":"y"}})", "the key \"a.weight\" occurs twice");
  for (const char* path : {"../x.safetensors", "/etc/passwd", "sub/x.safetensors", "..", ".", "", "a\\\\b"})
    malformed(fmt::format("looks in '{}'", path).c_str(),
              fmt::format(R"({{"weight_map":{{"a.weight":"{}"}}}})", path).c_str(), "looks for tensor a.weight in");
  row("shard missing", R"({"weight_map":{"a.weight":"model-00003-of-00003.safetensors"}})", ErrorKind::NotFound,
      "the shard model-00003-of-00003.safetensors is missing");
  malformed("tensor not listed", R"({"weight_map":{"b.weight":"model-00001-of-00002.safetensors"}})",
            "tensor a.weight is in the shard model-00001-of-00002.safetensors, but the index does not list it");
  malformed(
      "listed tensor missing",
      R"({"weight_map":{"a.weight":"model-00001-of-00002.safetensors","c.weight":"model-00001-of-00002.safetensors"}})",
      "the index says that tensor c.weight is in the shard model-00001-of-00002.safetensors, but it is not");
  malformed(
      "shards exchanged",
      R"({"weight_map":{"a.weight":"model-00002-of-00002.safetensors","b.weight":"model-00001-of-00002.safetensors"}})",
      "tensor a.weight is in the shard model-00001-of-00002.safetensors, but the index says "
      "model-00002-of-00002.safetensors");
}

void TestOpen::refusesWrongIndexes() {
  QFETCH(QString, index);
  QFETCH(int, kind);
  QFETCH(QString, sentence);
  const TemporaryFolder folder;
  writePair(folder / "m", index.toStdString());
  EXPECT_ERROR(openCheckpoint(folder / "m"), static_cast<ErrorKind>(kind), sentence.toStdString());
  EXPECT_ERROR(openCheckpoint(folder / "m"), static_cast<ErrorKind>(kind), "model.safetensors.index.json");
}

void TestOpen::opensHuggingFaceCache_data() {
  QTest::addColumn<int>("shards");
  QTest::newRow("one file") << 1;
  QTest::newRow("shards") << 3;
}

void TestOpen::opensHuggingFaceCache() {
  QFETCH(int, shards);
  const TemporaryFolder folder;
  const fs::path snapshot = writeCache(folder.path(), smallLlama(), shards);
  const fs::path file = snapshot / (shards > 1 ? "model-00001-of-00003.safetensors" : "model.safetensors");
  QVERIFY(fs::is_symlink(file));
  for (const fs::path& path : {snapshot, file, folder / "models--owner--tiny"}) {
    const auto checkpoint = openCheckpoint(path);
    QCOMPARE(checkpoint->path(), path);
    QCOMPARE(checkpoint->content().folder, snapshot);
    QCOMPARE(checkpoint->content().modelName, std::string("tiny"));
    QCOMPARE(checkpoint->architecture(), std::string("llama"));
    QCOMPARE(checkpoint->layers().size(), std::size_t{15});
    QVERIFY(!checkpoint->content().configJson.empty());
  }
}

void TestOpen::brokenLinksAreNamed() {
  const TemporaryFolder folder;
  const fs::path snapshot = writeCache(folder.path(), smallLlama(), 1);
  fs::remove(snapshot / "model.safetensors");
  fs::create_symlink("../../blobs/gone", snapshot / "model.safetensors");
  EXPECT_ERROR(openCheckpoint(snapshot), ErrorKind::NotFound, "is a link to ../../blobs/gone, which does not exist");
  EXPECT_ERROR(openCheckpoint(snapshot / "model.safetensors"), ErrorKind::NotFound, "the download is incomplete");
}

void TestOpen::foreignFormats_data() {
  QTest::addColumn<QString>("file");
  QTest::addColumn<QByteArray>("content");
  QTest::addColumn<QString>("what");
  QTest::addColumn<QString>("advice");
  const auto row = [](const char* file, std::string_view content, const char* what, const char* advice) {
    QTest::newRow(file) << file << QByteArray(content.data(), static_cast<qsizetype>(content.size())) << what << advice;
  };
  using namespace std::string_view_literals;
  const auto zip = "PK\x03\x04\0\0\0\0\0\0\0\0archive/data.pkl"sv;
  row("pytorch_model.bin", zip, "a PyTorch checkpoint (zipped pickle)", "safe_serialization=True");
  row("weights.pt", zip, "a PyTorch checkpoint (zipped pickle)", "save_pretrained");
  row("old.pth", "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19."sv, "a PyTorch checkpoint (pickle)", "save_pretrained");
  row("protocol4.ckpt", "\x80\x04\x95\0\0\0\0\0\0\0\0"sv, "a PyTorch checkpoint (pickle)", "save_pretrained");
  row("strange.ckpt", "0123456789abcdef"sv, "a PyTorch or TensorFlow checkpoint", "save_pretrained");
  row("renamed.safetensors", zip, "a PyTorch checkpoint (zipped pickle)", "save_pretrained");
  row("model.gguf", "GGUF\x03\0\0\0\x7b\0\0\0\0\0\0\0{"sv, "a GGUF file of llama.cpp", "gguf_file=");
  row("model-q4", "GGUF\x03\0\0\0\x23\0\0\0\0\0\0\0"sv, "a GGUF file of llama.cpp", "gguf_file=");
  row("old.ggml", "lmgg............"sv, "a GGML file of llama.cpp", "gguf_file=");
  row("tf_model.h5", "\x89HDF\r\n\x1a\n........"sv, "an HDF5 file", "from_tf=True");
  row("flax_model.msgpack", "\x83\xa3lm_head"sv, "Flax weights", "from_flax=True");
  row("arrays.npz", zip, "a NumPy archive", "safetensors.numpy.save_file");
  row("array.npy", "\x93NUMPY\x01\0v\0{'descr'"sv, "a NumPy array", "safetensors.numpy.save_file");
  row("model.onnx", "\x08\x07\x12\x07pytorch"sv, "an ONNX model", "open the model it was exported from");
  row("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:4665\nsize 5312753\n"sv,
      "a Git LFS pointer", "git lfs pull");
  row("page.safetensors", "<!DOCTYPE html><html>"sv, "a web page", "Download the file again");
  row("notes.txt", "Buy milk.\nRead about singular values.\n"sv, "a text file", "It holds no model");
  row("text.safetensors", "Buy milk.\nRead about singular values.\n"sv, "a text file", "open a .safetensors file");
  row("tokenizer.json", "\n {\"version\": \"1.0\"}"sv, "a JSON file", "It holds no model");
  row("run.sh", "#!/bin/sh\necho hello\n"sv, "a script", "It holds no model");
  row("paper.pdf", "%PDF-1.7\n\xb5\xed"sv, "a PDF document", "It holds no model");
  row("picture.png", "\x89PNG\r\n\x1a\n\0\0"sv, "an image (PNG)", "It holds no model");
  row("model.safetensors.gz", "\x1f\x8b\x08\0\0\0\0\0\0\0"sv, "a gzip archive", "Unpack it");
}

void TestOpen::foreignFormats() {
  QFETCH(QString, file);
  QFETCH(QByteArray, content);
  QFETCH(QString, what);
  QFETCH(QString, advice);
  const TemporaryFolder folder;
  const fs::path path = folder / file.toStdString();
  writeFile(path, content.toStdString());
  EXPECT_ERROR(openCheckpoint(path), ErrorKind::Unsupported, path.string() + " is " + what.toStdString());
  EXPECT_ERROR(openCheckpoint(path), ErrorKind::Unsupported, advice.toStdString());
}

void TestOpen::foreignFolders_data() {
  QTest::addColumn<QStringList>("files");
  QTest::addColumn<int>("kind");
  QTest::addColumn<QString>("sentence");
  const auto row = [](const char* what, QStringList files, ErrorKind kind, const char* sentence) {
    QTest::newRow(what) << files << int(kind) << sentence;
  };
  row("empty", {}, ErrorKind::Unsupported, "is empty: a model's folder has model.safetensors, or");
  row("only a config", {"config.json"}, ErrorKind::Unsupported, "holds no safetensors file: a model's folder has");
  row("PyTorch", {"config.json", "pytorch_model.bin"}, ErrorKind::Unsupported,
      "pytorch_model.bin is a PyTorch checkpoint (.bin)");
  row("PyTorch beside Flax and TensorFlow", {"flax_model.msgpack", "pytorch_model.bin", "tf_model.h5"},
      ErrorKind::Unsupported, "pytorch_model.bin is a PyTorch checkpoint (.bin)");
  row("GGUF", {"model.Q4_K_M.gguf"}, ErrorKind::Unsupported, "model.Q4_K_M.gguf is a GGUF file");
  row("TensorFlow", {"tf_model.h5"}, ErrorKind::Unsupported, "tf_model.h5 is TensorFlow or Keras weights");
  row("ONNX", {"model.onnx"}, ErrorKind::Unsupported, "model.onnx is an ONNX model");
  row("shards without an index", {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"},
      ErrorKind::NotFound, "model.safetensors.index.json is missing");
  row("one of two shards", {"model-00001-of-00002.safetensors"}, ErrorKind::NotFound,
      "model.safetensors.index.json is missing");
  row("several models", {"a.safetensors", "b.safetensors"}, ErrorKind::BadRequest,
      "open one of the files a.safetensors, b.safetensors");
}

void TestOpen::foreignFolders() {
  QFETCH(QStringList, files);
  QFETCH(int, kind);
  QFETCH(QString, sentence);
  const TemporaryFolder folder;
  for (const QString& file : files) writeFile(folder / file.toStdString(), "{}              ");
  EXPECT_ERROR(openCheckpoint(folder.path()), static_cast<ErrorKind>(kind), sentence.toStdString());
}

void TestOpen::safetensorsWinsOverForeignFiles() {
  const TemporaryFolder folder;
  writeModel(folder / "m", smallLlama());
  writeFile(folder / "m/pytorch_model.bin", "PK\x03\x04");
  QCOMPARE(openCheckpoint(folder / "m")->architecture(), std::string("llama"));
}

void TestOpen::quantisedModels_data() {
  QTest::addColumn<QString>("config");
  QTest::addColumn<QString>("tensor");
  QTest::addColumn<QString>("sentence");
  const auto row = [](const char* what, const char* config, const char* tensor, const char* sentence) {
    QTest::newRow(what) << config << tensor << sentence;
  };
  row("GPTQ config", R"({"quantization_config":{"quant_method":"gptq","bits":4}})", "", "quantised by GPTQ");
  row("AWQ config", R"({"quantization_config":{"quant_method":"awq"}})", "", "quantised by AWQ");
  row("bitsandbytes config", R"({"quantization_config":{"quant_method":"bitsandbytes","load_in_4bit":true}})", "",
      "quantised by bitsandbytes");
  row("another", R"({"quantization_config":{"quant_method":"aqlm"}})", "", "quantised by aqlm");
  row("GPTQ tensors", "{}", "model.layers.0.self_attn.q_proj.qweight",
      "tensor model.layers.0.self_attn.q_proj.qweight is a part of weights quantised by GPTQ");
  row("AWQ tensors", "{}", "model.layers.0.mlp.up_proj.qzeros", "quantised by GPTQ or AWQ");
  row("bitsandbytes 8-bit", "{}", "model.layers.0.mlp.up_proj.SCB", "quantised by bitsandbytes");
  row("bitsandbytes 4-bit", "{}", "model.layers.0.mlp.up_proj.weight.quant_state.bitsandbytes__nf4",
      "quantised by bitsandbytes");
}

void TestOpen::quantisedModels() {
  QFETCH(QString, config);
  QFETCH(QString, tensor);
  QFETCH(QString, sentence);
  const TemporaryFolder folder;
  SmallModel model = smallLlama();
  model.configJson = config.toStdString();
  if (!tensor.isEmpty()) model.tensors.push_back(randomTensor(tensor.toStdString(), {4, 6}, 5, DType::I32));
  writeModel(folder / "m", model);
  EXPECT_ERROR(openCheckpoint(folder / "m"), ErrorKind::Unsupported, sentence.toStdString());
  EXPECT_ERROR(openCheckpoint(folder / "m"), ErrorKind::Unsupported, "Open the model that it was made from");

  model = smallLlama();
  writeModel(folder / "beside", model);
  writeFile(folder / "beside/quantize_config.json", "{}");
  EXPECT_ERROR(openCheckpoint(folder / "beside"), ErrorKind::Unsupported, "quantised by GPTQ");
}

void TestOpen::refusesWhatIsNoModel() {
  const TemporaryFolder folder;
  EXPECT_ERROR(openCheckpoint(""), ErrorKind::BadRequest, "no model was named");
  EXPECT_ERROR(openCheckpoint(folder / "missing"), ErrorKind::NotFound, "missing");
  writeFile(folder / "file", "x");
  EXPECT_ERROR(openCheckpoint(folder / "file" / "below"), ErrorKind::NotFound, "below");
  EXPECT_ERROR(openCheckpoint(folder / "file"), ErrorKind::Malformed, "too short to be safetensors");
  EXPECT_ERROR(openCheckpoint("/dev/null"), ErrorKind::Unreadable, "not a regular file");
  QVERIFY(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  EXPECT_ERROR(openCheckpoint(folder / "pipe"), ErrorKind::Unreadable, "not a regular file");
  writeTensors(folder / "none.safetensors", {});
  EXPECT_ERROR(openCheckpoint(folder / "none.safetensors"), ErrorKind::Malformed, "holds no tensors");
  writeModel(folder / "config", smallLlama());
  writeFile(folder / "config/config.json", "{\"model_type\":");
  EXPECT_ERROR(openCheckpoint(folder / "config"), ErrorKind::Malformed, "config.json: not valid JSON");
  writeFile(folder / "config/config.json", R"({"model_type":7,"architectures":"x","tie_word_embeddings":"yes"})");
  QCOMPARE(openCheckpoint(folder / "config")->architecture(), std::string("llama"));
  if (::geteuid() != 0) {
    fs::permissions(folder / "config/model.safetensors", fs::perms::none);
    EXPECT_ERROR(openCheckpoint(folder / "config"), ErrorKind::Unreadable, "model.safetensors");
  }
}

void TestOpen::understandsPythonsNumbers() {
  const TemporaryFolder folder;
  writeModel(folder / "m", smallLlama());
  writeFile(folder / "m/config.json",
            R"({"limit":[0.0,Infinity],"low":-Infinity,"x":NaN,"note":"NaN \"Infinity\"","model_type":"llama"})");
  const auto checkpoint = openCheckpoint(folder / "m");
  QCOMPARE(checkpoint->architecture(), std::string("llama"));
  QCOMPARE(checkpoint->content().configJson,
           std::string(R"({"limit":[0.0,null],"low":null,"x":null,"note":"NaN \"Infinity\"","model_type":"llama"})"));
}

void TestOpen::passesAllDTypesThrough() {
  const TemporaryFolder folder;
  std::vector<SmallTensor> tensors;
  for (const char* dtype : {"F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL",
                            "F8_E4M3", "F8_E5M2"})
    tensors.push_back(randomTensor(fmt::format("{}.weight", dtype), {3, 5}, 1, *parseDType(dtype)));
  writeTensors(folder / "x.safetensors", tensors);
  const auto checkpoint = openCheckpoint(folder / "x.safetensors");
  QCOMPARE(checkpoint->tensors().size(), std::size_t{15});
  QCOMPARE(checkpoint->layers().size(), std::size_t{4});
  QCOMPARE(checkpoint->parameters(), std::uint64_t{4 * 15});
  QCOMPARE(checkpoint->bytes(), std::uint64_t{15 * (8 + 4 + 2 + 2 + 8 + 4 + 2 + 1 + 8 + 4 + 2 + 1 + 1 + 1 + 1)});
  for (const TensorView& tensor : checkpoint->tensors()) QVERIFY(tensor.name.starts_with(name(tensor.dtype)));
}

void TestOpen::matrixPointsIntoTheFile() {
  const TemporaryFolder folder;
  const SmallTensor tensor = randomTensor("a.weight", {3, 5}, 1, DType::BF16);
  writeTensors(folder / "x.safetensors", std::vector{tensor});
  const auto checkpoint = openCheckpoint(folder / "x.safetensors");
  const Checkpoint::Matrix matrix = checkpoint->matrix(LayerId{0});
  QCOMPARE(matrix.view.rows, std::int64_t{3});
  QCOMPARE(matrix.view.cols, std::int64_t{5});
  QVERIFY(matrix.view.data == checkpoint->tensors()[0].bytes.data());
  QVERIFY(checkpoint->factors(LayerId{0}) == nullptr);
  const RowMatrixD values = toDouble(matrix.view);
  for (int i = 0; i < 15; ++i)
    QCOMPARE(values(i / 5, i % 5), rounded(tensor.values[static_cast<std::size_t>(i)], DType::BF16));
  checkpoint->finishReading(LayerId{0});
  QVERIFY(toDouble(matrix.view) == values);
}

void TestOpen::contentHashIsXxh3() {
  const TemporaryFolder folder;
  SmallTensor tensor{{"a.weight", DType::F32, {1, 2}}, {1.0, -2.5}};
  writeTensors(folder / "x.safetensors", std::vector{tensor});
  // printf '\x00\x00\x80\x3f\x00\x00\x20\xc0' | xxhsum -H2
  QCOMPARE(openCheckpoint(folder / "x.safetensors")->contentHash(LayerId{0}),
           std::string("0ee1ae55463f11904bfb7dc1c530658a"));
}

void TestOpen::contentHashFromManyThreads() {
  const TemporaryFolder folder;
  writeModel(folder / "m", smallLlama());
  const auto checkpoint = openCheckpoint(folder / "m");
  const auto reference = openCheckpoint(folder / "m/model.safetensors");
  std::vector<std::vector<std::string>> hashes(4);
  {
    std::vector<std::jthread> threads;
    for (std::vector<std::string>& mine : hashes)
      threads.emplace_back([&] {
        for (const LayerInfo& layer : checkpoint->layers()) mine.push_back(checkpoint->contentHash(layer.id));
      });
  }
  for (const LayerInfo& layer : checkpoint->layers())
    for (const std::vector<std::string>& mine : hashes)
      QCOMPARE(mine[layer.id.value], reference->contentHash(layer.id));
  QVERIFY(hashes[0][0] != hashes[0][1]);
}

void TestOpen::outlivesTheFile() {
  const TemporaryFolder folder;
  const SmallTensor tensor = randomTensor("a.weight", {3, 5});
  writeTensors(folder / "x.safetensors", std::vector{tensor});
  Checkpoint::Matrix matrix = openCheckpoint(folder / "x.safetensors")->matrix(LayerId{0});
  fs::remove(folder / "x.safetensors");
  QCOMPARE(toFloat(matrix.view)(2, 4), static_cast<float>(tensor.values[14]));
}

void TestOpen::opensHugeModelQuickly() {
  const TemporaryFolder folder;
  const std::size_t tensors = writeHugeModel(folder.path());
  const std::size_t before = privateBytes();
  const auto start = std::chrono::steady_clock::now();
  const auto checkpoint = openCheckpoint(folder.path());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  qInfo("opened %.0f GB in %.0f ms with %.1f MiB", static_cast<double>(checkpoint->bytes()) * 1e-9,
        seconds.count() * 1e3, (static_cast<double>(privateBytes()) - static_cast<double>(before)) / (1 << 20));
  QCOMPARE(checkpoint->tensors().size(), tensors);
  QCOMPARE(checkpoint->parameters(), std::uint64_t{68976648192});
  QCOMPARE(checkpoint->layers().size(), std::size_t{80 * 7 + 2});
  QVERIFY(seconds.count() < 1);
  QVERIFY(privateBytes() < before + (std::size_t{20} << 20));
}

void TestOpen::opensRealModels() {
  const fs::path attention = realModel("gpt-neo-125m-attention"), stories = realModel("stories15M");
  if (attention.empty() || stories.empty()) QSKIP("the real checkpoints are not here");
  const auto neo = openCheckpoint(attention);
  QCOMPARE(neo->architecture(), std::string("gpt-neo"));
  QCOMPARE(neo->layers().size(), std::size_t{48});
  QCOMPARE(neo->bytes(), std::uint64_t{56810496});
  const auto llama = openCheckpoint(stories);
  QCOMPARE(llama->architecture(), std::string("llama"));
  QCOMPARE(llama->layers().size(), std::size_t{43});
  QCOMPARE(llama->layers().front().tiedWith, std::string("lm_head.weight"));
  QCOMPARE(llama->parameters(), std::uint64_t{15191712});
}

RANKSCOPE_TEST_MAIN(TestOpen)
#include "tst_open.moc"
