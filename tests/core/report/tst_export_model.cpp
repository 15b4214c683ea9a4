// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/export_model.h"

#include <csignal>
#include <filesystem>
#include <map>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "tests/core/store/run_fixtures.h"
#include "tests/support/python.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::test;
namespace fs = std::filesystem;

static std::vector<LayerChoice> exportChoices() {
  std::vector<LayerChoice> choices = allChoices(5);
  for (LayerChoice& choice : baseChoices(5)) choices.push_back(std::move(choice));
  return choices;
}

class TestExportModel final : public QObject {
  Q_OBJECT

 private slots:
  void init();
  void factored_data();
  void factored();
  void dense();
  void denseIsTheRoundedProduct();
  void failedLayerStaysDense();
  void shiftsGoIntoTheBias();
  void shiftsNeedABias();
  void conv1d();
  void factoredAgain();
  void refusesBadTargets();
  void exportsIntoAFolderOfTheModels();
  void replacesEarlierExport();
  void leavesNothingBehind();
  void wrongLayers();
  void fullDisk();
  void cancelled();
  void readByPython();

 private:
  using Made = std::vector<CompressedLayer>;

  ResolvedPlan plan(const Checkpoint& model, const LayerChoice& choice) const;
  Made exportTo(std::shared_ptr<const Checkpoint> model, const ResolvedPlan& plan, ExportKind kind,
                const fs::path& target, const std::string& failing = "") const;
  std::size_t filesLeft() const;

  std::optional<TemporaryFolder> m_folder;
  fs::path m_model;
};

void TestExportModel::init() {
  m_folder.emplace();
  m_model = writeSmallModel(*m_folder / "model", SmallFamily::GptNeo);
  writeFile(m_model / "tokenizer.json", "{\"version\": \"1.0\"}");
  writeFile(m_model / "merges.txt", "#version: 0.2\nĠ t\n");
  writeFile(m_model / "LICENSE", "as you like");
  writeFile(m_model / "pytorch_model.bin", "weights of another format");
  writeFile(m_model / "model.safetensors.index.json.bak", "{}");
}

ResolvedPlan TestExportModel::plan(const Checkpoint& model, const LayerChoice& choice) const {
  ResolvedPlan plan;
  for (const LayerInfo& layer : model.layers()) plan.layers.push_back(layer.inDefaultScope() ? choice : LayerChoice{});
  return plan;
}

TestExportModel::Made TestExportModel::exportTo(std::shared_ptr<const Checkpoint> model, const ResolvedPlan& plan,
                                                ExportKind kind, const fs::path& target,
                                                const std::string& failing) const {
  Made made;
  ModelExport out(model, plan, kind, target);
  for (const LayerInfo& layer : model->layers()) {
    CompressedLayer result = compressed(layer, plan.layers[layer.id.value], static_cast<unsigned>(layer.id.value) + 1,
                                        model->contentHash(layer.id));
    if (layer.name == failing) result.error = "NaN in it", result.stored = {};
    made.push_back(result);
  }
  for (auto result = made.rbegin(); result != made.rend(); ++result) out.add(*result); // any order will do
  if (fs::exists(target)) throw std::logic_error("the target must not exist before the end");
  out.finish({});
  return made;
}

std::size_t TestExportModel::filesLeft() const {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(m_folder->path()), fs::directory_iterator()));
}

void TestExportModel::factored_data() {
  QTest::addColumn<int>("choice");
  for (int i = 0; i < static_cast<int>(exportChoices().size()); ++i) QTest::addRow("%d", i) << i;
}

void TestExportModel::factored() {
  QFETCH(int, choice);
  const auto model = openCheckpoint(m_model);
  const ResolvedPlan wanted = plan(*model, exportChoices()[static_cast<std::size_t>(choice)]);
  const fs::path target = *m_folder / "out";
  const Made made = exportTo(model, wanted, ExportKind::Factored, target);
  const auto written = openCheckpoint(target);
  QCOMPARE(written->content().format, std::string("rankscope-factored"));
  QCOMPARE(written->layers().size(), model->layers().size());
  for (const CompressedLayer& layer : made) {
    const LayerInfo& info = model->layer(layer.layer);
    const auto id = written->findLayer(info.name);
    QVERIFY(id.has_value());
    QVERIFY(written->layer(*id).orientation == info.orientation && written->layer(*id).dtype == info.dtype);
    const LayerInfo& stored = written->layer(*id);
    QVERIFY(stored.isCompressed() == !layer.choice.isDense() && stored.factoredRank == layer.choice.rank);
    QVERIFY(stored.base == layer.choice.base && stored.biasShift == layer.choice.biasShift);
    if (const StoredLayer* parts = written->stored(*id))
      QVERIFY(sameStored(*parts, layer.stored) && stored.bytes == layer.bytesAfter);
    else
      QVERIFY(layer.stored.empty() && written->contentHash(*id) == model->contentHash(layer.layer));
  }
  for (const TensorView& tensor : model->tensors())
    if (const TensorView* kept = written->findTensor(tensor.name)) {
      QVERIFY(std::ranges::equal(kept->bytes, tensor.bytes));
      QVERIFY(kept->shape == tensor.shape && kept->dtype == tensor.dtype);
    }
  std::uint64_t onDisk = 0;
  for (const auto& file : fs::directory_iterator(target)) onDisk += file.file_size();
  QVERIFY(onDisk <= exportBytes(*model, wanted, ExportKind::Factored));
  QVERIFY(onDisk + 400 * 2 * written->tensors().size() > exportBytes(*model, wanted, ExportKind::Factored));
  for (const char* name : {"config.json", "tokenizer.json", "merges.txt", "LICENSE"})
    QCOMPARE(readFile(target / name), readFile(m_model / name));
  QVERIFY(!fs::exists(target / "pytorch_model.bin") && !fs::exists(target / "model.safetensors.index.json.bak"));
  const auto manifest = nlohmann::json::parse(readFile(target / "rankscope.json"));
  QCOMPARE(manifest["source"]["name"].get<std::string>(), std::string("model"));
  QCOMPARE(manifest["source"]["content_hash"].get<std::string>().size(), std::size_t{32});
  QCOMPARE(filesLeft(), std::size_t{2});
}

void TestExportModel::dense() {
  const auto model = openCheckpoint(m_model);
  const fs::path target = *m_folder / "deep" / "er" / "out";
  const Made made = exportTo(model, plan(*model, {5, {Storage::Int8}, {Storage::Int8, ScaleAxis::PerColumn}}),
                             ExportKind::Dense, target);
  const auto written = openCheckpoint(target);
  QCOMPARE(written->content().format, std::string("safetensors"));
  QCOMPARE(written->tensors().size(), model->tensors().size());
  for (const TensorView& tensor : model->tensors()) {
    const TensorView* copy = written->findTensor(tensor.name);
    QVERIFY(copy && copy->shape == tensor.shape && copy->dtype == tensor.dtype);
    const auto id = model->findLayer(tensor.name);
    if (!id || !made[id->value].stored.factors) QVERIFY(std::ranges::equal(copy->bytes, tensor.bytes));
  }
  QVERIFY(fs::exists(target / "rankscope-dense.json") && !fs::exists(target / "rankscope.json"));
}

/// Rounded as numpy and PyTorch do it: once, but BF16 by way of F32.
void TestExportModel::denseIsTheRoundedProduct() {
  for (const DType dtype : {DType::F64, DType::F32, DType::F16, DType::BF16}) {
    SmallShape shape;
    shape.dtype = dtype;
    const auto model =
        openCheckpoint(writeSmallModel(*m_folder / ("m" + std::string(name(dtype))), SmallFamily::Llama, shape));
    const fs::path target = *m_folder / ("out" + std::string(name(dtype)));
    const Made made = exportTo(model, plan(*model, {6, {Storage::F16}, {Storage::F16}}), ExportKind::Dense, target);
    const auto written = openCheckpoint(target);
    for (const CompressedLayer& layer : made) {
      if (!layer.stored.factors) continue;
      const TensorView* tensor = written->findTensor(model->layer(layer.layer).name);
      const RowMatrixF a = load(layer.stored.factors->a);
      const RowMatrixF b = load(layer.stored.factors->b);
      const RowMatrixD found = toDouble({a.rows(), b.cols(), dtype, tensor->bytes.data()});
      int different = 0;
      for (std::int64_t i = 0; i < a.rows(); ++i)
        for (std::int64_t j = 0; j < b.cols(); ++j) {
          long double sum = 0; // f16 products are exact here, so this is A·B itself
          for (std::int64_t k = 0; k < a.cols(); ++k)
            sum += static_cast<long double>(a(i, k)) * static_cast<long double>(b(k, j));
          const double exact = static_cast<double>(sum);
          if (dtype == DType::F64)
            QVERIFY(std::abs(found(i, j) - exact) <= 1e-14 * (1 + std::abs(exact)));
          else
            different += found(i, j) != rounded(dtype == DType::BF16 ? static_cast<float>(exact) : exact, dtype);
        }
      QCOMPARE(different, 0);
    }
  }
}

void TestExportModel::failedLayerStaysDense() {
  const auto model = openCheckpoint(m_model);
  const std::string failing = "transformer.h.1.attn.attention.k_proj.weight";
  for (const ExportKind kind : {ExportKind::Factored, ExportKind::Dense}) {
    const fs::path target = *m_folder / (kind == ExportKind::Factored ? "factored" : "dense");
    const Made made = exportTo(model, plan(*model, {5, {Storage::Int4, ScaleAxis::PerRow, 32}, {Storage::Int4}}), kind,
                               target, failing);
    const auto written = openCheckpoint(target);
    const TensorView* kept = written->findTensor(failing);
    QVERIFY(kept && std::ranges::equal(kept->bytes, model->findTensor(failing)->bytes));
    QVERIFY(!written->findTensor(failing + ".lowrank_a"));
    if (kind == ExportKind::Factored)
      for (const CompressedLayer& layer : made)
        if (layer.stored.factors)
          QVERIFY(sameFactors(*written->factors(*written->findLayer(model->layer(layer.layer).name)),
                              layer.stored.factors));
    QVERIFY(!fs::exists(target / "model.safetensors.second"));
  }
}

/// A dense export has no tensor for a shift: the linear's own bias takes it up, and the manifest says so.
void TestExportModel::shiftsGoIntoTheBias() {
  const auto model = openCheckpoint(writeSmallModel(*m_folder / "gpt2", SmallFamily::Gpt2));
  LayerChoice choice;
  choice.base = StorageFormat{Storage::Int4, ScaleAxis::PerColumn, 32, Storage::F16};
  choice.biasShift = true;
  const std::string failing = "transformer.h.1.mlp.c_fc.weight";
  const fs::path target = *m_folder / "out", factoredTarget = *m_folder / "factored";
  const Made made = exportTo(model, plan(*model, choice), ExportKind::Dense, target, failing);
  const auto written = openCheckpoint(target);
  const auto manifest = nlohmann::json::parse(readFile(target / "rankscope-dense.json"));
  int shifted = 0;
  for (const CompressedLayer& layer : made) {
    const std::string& name = model->layer(layer.layer).name;
    if (layer.choice.isDense()) continue;
    const std::string biasName = name.substr(0, name.size() - 6) + "bias";
    const TensorView *before = model->findTensor(biasName), *after = written->findTensor(biasName);
    if (name == failing) {
      QVERIFY(std::ranges::equal(before->bytes, after->bytes) && !manifest["layers"].contains(name));
      continue;
    }
    ++shifted;
    QVERIFY(manifest["layers"][name]["bias_changed"] == true && manifest["layers"][name]["base"] == "int4");
    std::vector<float> old(before->elements()), now(before->elements());
    convert(before->bytes.data(), before->dtype, 0, std::span(old));
    convert(after->bytes.data(), after->dtype, 0, std::span(now));
    for (std::size_t i = 0; i < old.size(); ++i) QCOMPARE(now[i], old[i] + layer.stored.biasShift[i]);
    QVERIFY(toFloat(written->matrix(*written->findLayer(name)).view) == load(*layer.stored.base));
  }
  QVERIFY(shifted > 6);

  // The same by way of a factored export that is expanded later; both say that they come from the same model.
  exportTo(model, plan(*model, choice), ExportKind::Factored, factoredTarget, failing);
  const auto factored = openCheckpoint(factoredTarget);
  ResolvedPlan keep;
  keep.layers.resize(factored->layers().size());
  exportTo(factored, keep, ExportKind::Dense, *m_folder / "expanded");
  const auto expanded = openCheckpoint(*m_folder / "expanded");
  for (const TensorView& tensor : written->tensors())
    QVERIFY(std::ranges::equal(expanded->findTensor(tensor.name)->bytes, tensor.bytes));
  QCOMPARE(nlohmann::json::parse(readFile(factoredTarget / "rankscope.json"))["source"], manifest["source"]);
}

void TestExportModel::shiftsNeedABias() {
  const auto model = openCheckpoint(m_model); // GPT-Neo's q, k and v have none
  LayerChoice choice;
  choice.base = StorageFormat{Storage::Int8, ScaleAxis::PerRow, 0, Storage::F16};
  choice.biasShift = true;
  std::string sentence;
  const auto kind =
      errorOf([&] { ModelExport(model, plan(*model, choice), ExportKind::Dense, *m_folder / "out"); }, &sentence);
  QVERIFY(kind == ErrorKind::BadRequest && sentence.find("proj.weight has a bias shift") != sentence.npos);
  exportTo(model, plan(*model, choice), ExportKind::Factored, *m_folder / "out");
  QCOMPARE(filesLeft(), std::size_t{2});
}

void TestExportModel::conv1d() {
  const auto model = openCheckpoint(writeSmallModel(*m_folder / "gpt2", SmallFamily::Gpt2));
  const fs::path target = *m_folder / "out";
  exportTo(model, plan(*model, {5, {Storage::F32}, {Storage::F32}}), ExportKind::Factored, target);
  const auto manifest = nlohmann::json::parse(readFile(target / "rankscope.json"));
  int inOut = 0;
  for (const auto& [name, entry] : manifest["layers"].items()) {
    inOut += entry["orientation"] == "in_out";
    const LayerInfo& layer = model->layer(*model->findLayer(name));
    QVERIFY(entry["shape"] == nlohmann::json({layer.rows, layer.cols}));
  }
  QVERIFY(inOut >= 8);
}

/// An export of ours as the source: what stays is copied as factors, or multiplied out.
void TestExportModel::factoredAgain() {
  const auto model = openCheckpoint(m_model);
  const fs::path first = *m_folder / "first";
  const Made made = exportTo(model, plan(*model, {5, {Storage::Int8}, {Storage::Int8}}), ExportKind::Factored, first);
  const auto factored = openCheckpoint(first);
  ResolvedPlan keep;
  keep.layers.resize(factored->layers().size());
  exportTo(factored, keep, ExportKind::Factored, *m_folder / "second");
  QCOMPARE(nlohmann::json::parse(readFile(*m_folder / "second" / "rankscope.json"))["layers"],
           nlohmann::json::parse(readFile(first / "rankscope.json"))["layers"]);
  const auto second = openCheckpoint(*m_folder / "second");
  for (const TensorView& tensor : factored->tensors())
    QVERIFY(std::ranges::equal(second->findTensor(tensor.name)->bytes, tensor.bytes));

  exportTo(factored, keep, ExportKind::Dense, *m_folder / "dense");
  exportTo(model, plan(*model, {5, {Storage::Int8}, {Storage::Int8}}), ExportKind::Dense, *m_folder / "direct");
  QCOMPARE(readFile(*m_folder / "dense" / "model.safetensors").size(),
           readFile(*m_folder / "direct" / "model.safetensors").size());
  const auto expanded = openCheckpoint(*m_folder / "dense");
  const auto direct = openCheckpoint(*m_folder / "direct");
  for (const TensorView& tensor : direct->tensors())
    QVERIFY(std::ranges::equal(expanded->findTensor(tensor.name)->bytes, tensor.bytes));
}

void TestExportModel::refusesBadTargets() {
  const auto model = openCheckpoint(m_model);
  const ResolvedPlan wanted = plan(*model, {5, {}, {}});
  fs::create_directory_symlink(m_model, *m_folder / "link");
  fs::create_directory(*m_folder / "full");
  writeFile(*m_folder / "full" / "thesis.txt", "years of work");
  writeFile(*m_folder / "file", "");
  const auto refused = [&](const std::shared_ptr<const Checkpoint>& from, const fs::path& target, std::string_view why,
                           bool overwrite = true) {
    std::string sentence;
    const auto kind = errorOf([&] { ModelExport(from, wanted, ExportKind::Factored, target, overwrite); }, &sentence);
    return kind == ErrorKind::BadRequest && sentence.find(why) != sentence.npos &&
           sentence.find(target.string()) != sentence.npos;
  };
  QVERIFY(refused(model, m_model, "folder of the model itself"));
  QVERIFY(refused(model, *m_folder / "link", "folder of the model itself"));
  QVERIFY(refused(model, m_folder->path(), "the model itself lies in it"));
  QVERIFY(refused(model, *m_folder / "full", "not empty"));
  QVERIFY(refused(model, *m_folder / "file", "is a file"));
  QVERIFY(refused(model, *m_folder / "new.safetensors", "try " + (*m_folder / "new").string()));
  QCOMPARE(readFile(*m_folder / "full" / "thesis.txt"), std::string("years of work"));

  // A snapshot of a Hugging Face cache: links to blobs elsewhere. Neither place is a target.
  const fs::path snapshot = *m_folder / "cache" / "snapshots" / "abc";
  const fs::path blobs = *m_folder / "cache" / "blobs";
  fs::create_directories(snapshot);
  fs::create_directories(blobs);
  fs::copy_file(m_model / "model.safetensors", blobs / "d34db33f");
  fs::create_symlink("../../blobs/d34db33f", snapshot / "model.safetensors");
  const auto cached = openCheckpoint(snapshot);
  QVERIFY(refused(cached, snapshot, "folder of the model itself"));
  QVERIFY(refused(cached, blobs, "folder of the model itself"));
  QVERIFY(refused(cached, *m_folder / "cache", "the model itself lies in it"));
}

/// The most natural place is a new folder beside the weights; nothing of the model may change for it.
void TestExportModel::exportsIntoAFolderOfTheModels() {
  const auto contents = [&] {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(m_model))
      if (entry.is_regular_file()) files[entry.path().filename().string()] = readFile(entry.path());
    return files;
  };
  const auto before = contents();
  const auto model = openCheckpoint(m_model / "model.safetensors");
  exportTo(model, plan(*model, {5, {}, {}}), ExportKind::Factored, m_model / "out");
  fs::create_directory_symlink(m_model, *m_folder / "link");
  exportTo(model, plan(*model, {5, {}, {}}), ExportKind::Factored, *m_folder / "link" / "deep" / "er");
  QVERIFY(contents() == before);
  QVERIFY(openCheckpoint(m_model / "out")->layers().size() == model->layers().size());
  QVERIFY(openCheckpoint(m_model)->layers().size() == model->layers().size());

  // What is offered in place of the model's own folder is a good target, and still is once it is taken.
  const auto offered = [&](const fs::path& target) {
    std::string sentence;
    (void)errorOf([&] { requireGoodTarget(*model, target, true); }, &sentence);
    const std::size_t at = sentence.rfind("try ");
    return at == sentence.npos ? fs::path() : fs::path(sentence.substr(at + 4));
  };
  QCOMPARE(offered(m_model), m_model / "compressed");
  exportTo(model, plan(*model, {5, {}, {}}), ExportKind::Factored, offered(m_model));
  QCOMPARE(offered(m_model), m_model / "compressed-2");
  QCOMPARE(offered(m_folder->path()), m_folder->path() / "compressed");
  QCOMPARE(offered(m_model / "new.safetensors/"), m_model / "new");
  requireGoodTarget(*model, m_model / "compressed", true); // an earlier export
  std::string sentence;
  (void)errorOf([&] { requireGoodTarget(*model, m_model / "compressed", false); }, &sentence);
  QVERIFY(sentence.ends_with("try " + (m_model / "compressed-2").string()));
}

void TestExportModel::replacesEarlierExport() {
  const auto model = openCheckpoint(m_model);
  const fs::path target = *m_folder / "out";
  exportTo(model, plan(*model, {5, {}, {}}), ExportKind::Factored, target);
  const ResolvedPlan other = plan(*model, {});
  std::string sentence;
  QVERIFY(errorOf([&] { ModelExport(model, other, ExportKind::Dense, target); }, &sentence) == ErrorKind::BadRequest);
  QVERIFY(sentence.find("earlier export") != sentence.npos);
  {
    ModelExport out(model, other, ExportKind::Dense, target, true);
    QVERIFY(fs::exists(target / "rankscope.json"));
    out.finish({});
  }
  QVERIFY(!fs::exists(target / "rankscope.json") && fs::exists(target / "rankscope-dense.json"));
  QCOMPARE(filesLeft(), std::size_t{2});
  fs::create_directory(target / "mine");
  QVERIFY(errorOf([&] { ModelExport(model, other, ExportKind::Dense, target, true); }, &sentence) ==
          ErrorKind::BadRequest);
  QVERIFY(sentence.find("mine") != sentence.npos);
}

void TestExportModel::leavesNothingBehind() {
  const auto model = openCheckpoint(m_model);
  const fs::path target = *m_folder / "new" / "out";
  {
    ModelExport out(model, plan(*model, {5, {}, {}}), ExportKind::Factored, target);
    QVERIFY(fs::exists(*m_folder / "new" / ".out.partial"));
    QVERIFY(errorOf([&] { ModelExport(model, plan(*model, {}), ExportKind::Factored, target); }) == ErrorKind::InUse);
    QVERIFY(errorOf([&] { out.finish({}); }) == ErrorKind::BadRequest); // no layer has come
  }
  QCOMPARE(filesLeft(), std::size_t{1});
  // A killed export's folder is taken over.
  fs::create_directories(*m_folder / "new" / ".out.partial" / "sub");
  writeFile(*m_folder / "new" / ".out.partial" / "model.safetensors", "half");
  exportTo(model, plan(*model, {}), ExportKind::Factored, target);
  QVERIFY(!fs::exists(*m_folder / "new" / ".out.partial") && !fs::exists(target / "sub"));
}

void TestExportModel::wrongLayers() {
  const auto model = openCheckpoint(m_model);
  const ResolvedPlan wanted = plan(*model, {5, {}, {}});
  ModelExport out(model, wanted, ExportKind::Factored, *m_folder / "out");
  const LayerInfo& layer = model->layer(*model->findLayer("transformer.h.0.mlp.c_fc.weight"));
  std::string sentence;
  QVERIFY(errorOf([&] { out.add(compressed(layer, {4, {}, {}}, 1)); }, &sentence) == ErrorKind::BadRequest);
  QVERIFY(sentence.find(layer.name) != sentence.npos);
  out.add(compressed(layer, {5, {}, {}}, 1));
  QVERIFY(errorOf([&] { out.add(compressed(layer, {5, {}, {}}, 1)); }) == ErrorKind::BadRequest);
  ResolvedPlan short_;
  QVERIFY(errorOf([&] { ModelExport(model, short_, ExportKind::Factored, *m_folder / "other"); }) ==
          ErrorKind::BadRequest);
}

void TestExportModel::fullDisk() {
  const auto model = openCheckpoint(m_model);
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit small { 20'000, 20'000 };
    ::setrlimit(RLIMIT_FSIZE, &small);
    std::string sentence;
    const auto kind =
        errorOf([&] { ModelExport(model, plan(*model, {}), ExportKind::Factored, *m_folder / "out"); }, &sentence);
    ::_exit(kind && (*kind == ErrorKind::NoSpace || *kind == ErrorKind::Unwritable) && filesLeft() == 1 ? 0 : 1);
  }
  int status = 0;
  QCOMPARE(::waitpid(child, &status, 0), child);
  QVERIFY(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void TestExportModel::cancelled() {
  const auto model = openCheckpoint(m_model);
  std::stop_source stop;
  {
    ModelExport out(model, plan(*model, {}), ExportKind::Factored, *m_folder / "out");
    const Progress progress(stop.get_token(), [&](double fraction, std::string_view) {
      if (fraction > 0.3) stop.request_stop();
    });
    QVERIFY_EXCEPTION_THROWN(out.finish(progress), Cancelled);
  }
  QCOMPARE(filesLeft(), std::size_t{1});
}

/// numpy alone: every dense tensor is A·B rounded to its dtype, everything else is byte-identical.
void TestExportModel::readByPython() {
  if (!pythonHas("numpy")) QSKIP("numpy is not installed");
  const QString script = R"(
import json, struct, sys, numpy as np
T = {'F32': np.float32, 'F16': np.float16, 'F64': np.float64, 'I8': np.int8, 'U8': np.uint8, 'BOOL': np.bool_, 'BF16': np.uint16}
def read(folder):
    b = open(folder + '/model.safetensors', 'rb').read(); n = struct.unpack('<Q', b[:8])[0]; h = json.loads(b[8:8 + n]); h.pop('__metadata__')
    return {k: (v['dtype'], np.frombuffer(b[8 + n + v['data_offsets'][0]:8 + n + v['data_offsets'][1]], T[v['dtype']]).reshape(v['shape'])) for k, v in h.items()}
source, fact, dense = (read(p) for p in sys.argv[1:4])
layers = json.load(open(sys.argv[2] + '/rankscope.json'))['layers']
def load(name, f, m, n, form):
    x = fact[name + '.lowrank_' + f][1]
    if form['dtype'] == 'int4':
        x = np.stack([x & 15, x >> 4], 2).reshape(m, -1)[:, :n].astype(np.int8); x = np.where(x > 7, x - 16, x).astype(np.int8)
    x = x.astype(np.float32)
    if form['dtype'] in ('int8', 'int4'):
        s = fact[name + '.lowrank_' + f + '_scale'][1]; g = form['group']
        if form['axis'] == 'row': s = s[:, None] if g == 0 else np.repeat(s, g, 1)[:, :n]
        else: s = s[None, :] if g == 0 else np.repeat(s, g, 0)[:m]
        x = x * s
    return x
assert len(layers) > 8 and set(dense) == set(source)
for name, (dtype, w) in source.items():
    assert dense[name][0] == dtype and dense[name][1].shape == w.shape
    if name in layers:
        e = layers[name]; m, n = e['shape']
        a, b = load(name, 'a', m, e['rank'], e['a']), load(name, 'b', e['rank'], n, e['b'])
        p = (a.astype(np.float64) @ b.astype(np.float64)).astype(T[dtype])
        assert np.array_equal(p, dense[name][1]), (name, np.abs(p - dense[name][1]).max())
        assert name not in fact
    else:
        assert dense[name][1].tobytes() == w.tobytes() == fact[name][1].tobytes(), name
print(len(layers))
)";
  for (const LayerChoice& choice :
       {LayerChoice{5, {Storage::F32}, {Storage::F32}},
        LayerChoice{7, {Storage::Int8}, {Storage::Int8, ScaleAxis::PerColumn}},
        LayerChoice{7, {Storage::Int4, ScaleAxis::PerColumn, 32}, {Storage::Int4, ScaleAxis::PerRow, 32}}}) {
    const auto model = openCheckpoint(m_model);
    const ResolvedPlan wanted = plan(*model, choice);
    const fs::path factoredTarget = *m_folder / "factored";
    const fs::path denseTarget = *m_folder / "dense";
    fs::remove_all(factoredTarget);
    fs::remove_all(denseTarget);
    exportTo(model, wanted, ExportKind::Factored, factoredTarget);
    exportTo(model, wanted, ExportKind::Dense, denseTarget);
    const Output output = runPython(script, {m_model.c_str(), factoredTarget.c_str(), denseTarget.c_str()});
    QVERIFY2(output.ok, output.problem);
  }
}

RANKSCOPE_TEST_MAIN(TestExportModel)
#include "tst_export_model.moc"
