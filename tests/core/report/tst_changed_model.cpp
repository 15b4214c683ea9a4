// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/checkpoint.h"

#include "core/base/error.h"
#include "core/model/model.h"
#include "core/plan/presets.h"
#include "core/report/export_model.h"
#include "core/spectrum/analyse.h"
#include "core/spectrum/spectrum_cache.h"
#include "tests/support/expect_error.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::test;
namespace fs = std::filesystem;

/// A model file that is cut short or written to while it is open: whatever works on it says so, goes on living, and
/// keeps nothing of what it read.
class TestChangedModel final : public QObject {
  Q_OBJECT

 private slots:
  void init();
  void analysis();
  void analysisBehindAKnownHash();
  void compression();
  void forwardPass();
  void exporting();

 private:
  void cutShort() const { fs::resize_file(m_model / "model.safetensors", 4096); }

  std::optional<TemporaryFolder> m_folder;
  fs::path m_model;
  std::shared_ptr<const Checkpoint> m_checkpoint;
  LayerId m_last;
};

void TestChangedModel::init() {
  m_folder.emplace();
  qputenv("RANKSCOPE_CACHE_DIR", (*m_folder / "cache").c_str());
  m_model = writeSmallModel(*m_folder / "model", SmallFamily::GptNeo);
  m_checkpoint = openCheckpoint(m_model);
  m_last = m_checkpoint->layers().back().id;
}

void TestChangedModel::analysis() {
  cutShort();
  EXPECT_ERROR(analyseLayer(*m_checkpoint, m_last, {}, 1), ErrorKind::Changed, "model.safetensors was changed on disk");
}

void TestChangedModel::analysisBehindAKnownHash() {
  const SpectrumCache::Key key{m_checkpoint->contentHash(m_last), DType::F32, m_checkpoint->layer(m_last).rows,
                               m_checkpoint->layer(m_last).cols};
  cutShort();
  EXPECT_ERROR(analyseLayer(*m_checkpoint, m_last, {}, 1), ErrorKind::Changed, "model.safetensors was changed on disk");
  QVERIFY(!SpectrumCache().load(key));
  m_checkpoint = openCheckpoint(writeSmallModel(m_model, SmallFamily::GptNeo)); // put right, and opened again
  QVERIFY(analyseLayer(*m_checkpoint, m_last, {}, 1).spectrum);
  QVERIFY(SpectrumCache().load(key));
}

void TestChangedModel::compression() {
  (void)m_checkpoint->contentHash(m_last);
  cutShort();
  LayerChoice choice;
  choice.rank = 4;
  EXPECT_ERROR(compressLayer(*m_checkpoint, m_last, choice, nullptr, {}, 1), ErrorKind::Changed,
               "model.safetensors was changed on disk");
}

void TestChangedModel::forwardPass() {
  const Model model(m_checkpoint);
  const Batch batch = batchOf({1, 2, 3, 4});
  const RowMatrixF hidden = model.forward(batch);
  const fs::path file = m_model / "model.safetensors";
  fs::last_write_time(file, fs::last_write_time(file) + std::chrono::seconds(1));
  EXPECT_ERROR(model.forward(batch), ErrorKind::Changed, "model.safetensors was written to");
  EXPECT_ERROR(model.logits(hidden), ErrorKind::Changed, "model.safetensors was written to");
  cutShort();
  EXPECT_ERROR(model.forward(batch), ErrorKind::Changed, "model.safetensors was changed on disk");
  KvCache cache = model.newCache();
  const std::vector<int> tokens{1, 2};
  EXPECT_ERROR(model.forward(tokens, cache), ErrorKind::Changed, "model.safetensors was changed on disk");
}

void TestChangedModel::exporting() {
  ResolvedPlan plan;
  plan.layers.resize(m_checkpoint->layers().size());
  plan.layers[0].rank = 4;
  const CompressedLayer layer = compressLayer(*m_checkpoint, LayerId{0}, plan.layers[0], nullptr, {}, 1);
  const fs::path target = *m_folder / "out";
  {
    ModelExport exported(m_checkpoint, plan, ExportKind::Factored, target);
    exported.add(layer);
    cutShort();
    EXPECT_ERROR(exported.finish({}), ErrorKind::Changed, "model.safetensors was changed on disk");
  }
  QVERIFY(!fs::exists(target));
  std::size_t left = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(m_folder->path())) ++left;
  QCOMPARE(left, std::size_t{1}); // the model; no cache was needed, no half-written folder is left
}

RANKSCOPE_TEST_MAIN(TestChangedModel)
#include "tst_changed_model.moc"
