// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectrum/analyse.h"

#include <map>

#include "core/base/error.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"
#include "tests/support/test_matrices.h"

using namespace rankscope;

static std::vector<LayerId> allLayers(const Checkpoint& checkpoint) {
  std::vector<LayerId> layers;
  for (const LayerInfo& layer : checkpoint.layers()) layers.push_back(layer.id);
  return layers;
}

static std::vector<AnalysedLayer> analyseAll(const Checkpoint& checkpoint, const Progress& progress = {}) {
  const auto layers = allLayers(checkpoint);
  std::vector<AnalysedLayer> results;
  analyse(
      checkpoint, layers, spectrumSchedule(checkpoint, layers),
      [&](AnalysedLayer&& result) { results.push_back(std::move(result)); }, progress);
  return results;
}

class TestAnalyse : public QObject {
  Q_OBJECT

  test::TemporaryFolder m_cache;

 private slots:
  void init() {
    std::filesystem::remove_all(m_cache / "spectra");
    qputenv("RANKSCOPE_CACHE_DIR", m_cache.path().c_str());
  }

  void everyLayerMatchesLapack_data() {
    QTest::addColumn<int>("dtype");
    QTest::newRow("F32") << int(DType::F32);
    QTest::newRow("BF16") << int(DType::BF16);
  }
  void everyLayerMatchesLapack() {
    QFETCH(int, dtype);
    const test::TemporaryFolder folder;
    test::SmallShape shape;
    shape.dtype = DType(dtype);
    const auto checkpoint = openCheckpoint(test::writeSmallModel(folder.path(), test::SmallFamily::GptNeo, shape));
    for (const char* pass : {"computed", "from the cache"}) {
      const auto results = analyseAll(*checkpoint);
      QCOMPARE(results.size(), checkpoint->layers().size());
      for (const AnalysedLayer& result : results) {
        QVERIFY2(result.spectrum && result.error.empty(), pass);
        const auto expected = test::dgesddValues(checkpoint->matrix(result.layer).view);
        QCOMPARE_LT(test::deviation(result.spectrum->sigma(), expected), 1e-6);
        QCOMPARE(result.contentHash, checkpoint->contentHash(result.layer));
        QVERIFY(result.entries && result.entries->largest > 0);
      }
    }
  }

  void badValuesStayWithTheirLayer() {
    const test::TemporaryFolder folder;
    test::SmallModel model = test::smallModel(test::SmallFamily::Llama);
    const std::string bad = "model.layers.1.mlp.up_proj.weight";
    model.find(bad)->values[7] = std::nan("");
    test::writeModel(folder.path(), model);
    const auto checkpoint = openCheckpoint(folder.path());
    int failed = 0;
    for (const AnalysedLayer& result : analyseAll(*checkpoint)) {
      const bool isBad = checkpoint->layer(result.layer).name == bad;
      QCOMPARE(result.spectrum.has_value(), !isBad);
      if (!isBad) continue;
      ++failed;
      QVERIFY(QString::fromStdString(result.error).contains("model.layers.1.mlp.up_proj.weight: entry (0, 7) is NaN"));
    }
    QCOMPARE(failed, 1);
  }

  void preferredLayersComeFirst() {
    const test::TemporaryFolder folder;
    const auto checkpoint = openCheckpoint(test::writeSmallModel(folder.path(), test::SmallFamily::Gpt2));
    const auto layers = allLayers(*checkpoint);
    Schedule schedule = spectrumSchedule(*checkpoint, layers);
    schedule.prefer(std::vector<std::size_t>{layers.size() - 1});
    std::vector<LayerId> order;
    analyse(
        *checkpoint, layers, schedule, [&](AnalysedLayer&& result) { order.push_back(result.layer); }, {}, 1);
    QCOMPARE(order.size(), layers.size());
    QCOMPARE(order.front(), layers.back());
  }

  void stoppedRunsKeepWhatWasDelivered() {
    const test::TemporaryFolder folder;
    const auto checkpoint = openCheckpoint(test::writeSmallModel(folder.path(), test::SmallFamily::Qwen2));
    std::stop_source stop;
    const auto layers = allLayers(*checkpoint);
    std::size_t delivered = 0;
    QVERIFY_THROWS_EXCEPTION(Cancelled, analyse(
                                            *checkpoint, layers, spectrumSchedule(*checkpoint, layers),
                                            [&](AnalysedLayer&&) {
                                              if (++delivered == 2) stop.request_stop();
                                            },
                                            Progress(stop.get_token())));
    QVERIFY(delivered >= 2 && delivered < layers.size());
  }

  void realModelsMatchLapack_data() {
    QTest::addColumn<QString>("model");
    QTest::newRow("gpt-neo") << "gpt-neo-125m-attention";
    QTest::newRow("stories") << "stories15M";
  }
  void realModelsMatchLapack() {
    QFETCH(QString, model);
    const auto folder = test::realModel(model.toStdString());
    if (folder.empty()) QSKIP("the real checkpoints are not here");
    const auto checkpoint = openCheckpoint(folder);
    const auto& layers = checkpoint->layers();
    double worst = 0;
    for (std::size_t i = 0; i < layers.size(); i += layers.size() / 6) { // all of them: bench_spectrum accuracy
      const AnalysedLayer result = analyseLayer(*checkpoint, layers[i].id);
      QVERIFY(result.spectrum);
      worst = std::max(
          worst, test::deviation(result.spectrum->sigma(), test::dgesddValues(checkpoint->matrix(layers[i].id).view)));
    }
    qInfo("largest deviation %.1e of the largest value", worst);
    QCOMPARE_LT(worst, 1e-6);
  }
};

RANKSCOPE_TEST_MAIN(TestAnalyse)
#include "tst_analyse.moc"
