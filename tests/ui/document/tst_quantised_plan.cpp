// SPDX-License-Identifier: GPL-3.0-or-later
// Plans with quantised layers, corrections and pins in the window's document.
#include "tests/ui/ui_models.h"
#include "tests/ui/window_test.h"
#include "ui/document/document.h"
#include "ui/document/words.h"
#include "ui/models/layer_table_model.h"

using namespace rankscope;
using namespace rankscope::ui;
using rankscope::test::layerNamed;

class TestQuantisedPlan final : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    m_folder = std::make_unique<test::TemporaryFolder>();
    const auto model = test::writeSmallModel(*m_folder / "neo", test::SmallFamily::GptNeo,
                                             {.blocks = 2, .hidden = 32, .intermediate = 96});
    m_jobs = std::make_unique<JobRunner>();
    m_document = std::make_unique<Document>(*m_jobs);
    m_document->open(model);
    QVERIFY(test::waitIdle(*m_jobs));
    test::writeFile(*m_folder / "plan.json", R"({"format": "rankscope-plan", "version": 1, "factor_dtype": "f16",
      "rules": [{"glob": "*c_fc*", "base": "int4"}, {"glob": "*c_proj*", "base": "int3", "rank": 2}],
      "pins": ["transformer.h.0.mlp.c_fc.weight"]})");
    m_document->loadPlan(*m_folder / "plan.json");
  }
  void cleanup() {
    m_document.reset();
    m_jobs.reset();
    m_folder.reset();
  }

  void cellsSayWhatALayerIs() {
    const LayerTableModel table(*m_document);
    const auto cell = [&](const char* name, LayerTableModel::Column column) {
      return table.index(static_cast<int>(layerNamed(*m_document, name).value), column).data().toString();
    };
    QCOMPARE(cell("h.0.mlp.c_fc", LayerTableModel::Rank), QStringLiteral("int4"));
    QCOMPARE(cell("h.1.mlp.c_proj", LayerTableModel::Rank), QStringLiteral("int3 + 2"));
    QCOMPARE(cell("h.1.attn.attention.q_proj", LayerTableModel::Rank), QStringLiteral("dense"));
    QCOMPARE(cell("h.0.mlp.c_fc", LayerTableModel::PredictedCosine), QStringLiteral("–")); // no spectrum tells
    // Nothing is on its way that would say how good it is.
    QCOMPARE(cell("h.0.mlp.c_fc", LayerTableModel::Verdict), QStringLiteral("–"));
    QVERIFY(table.index(static_cast<int>(layerNamed(*m_document, "h.0.mlp.c_fc").value), LayerTableModel::Verdict)
                .data(Qt::ToolTipRole)
                .toString()
                .contains(QStringLiteral("Compress measures it")));
    QVERIFY(!m_document->predictedCosine(layerNamed(*m_document, "h.0.mlp.c_fc")));
    QCOMPARE(m_document->totals().compressed, 4);
    QCOMPARE(words::request(m_document->plan().rules[0]), QStringLiteral("int4"));
    QCOMPARE(words::request(m_document->plan().rules[1]), QStringLiteral("int3 + rank 2"));
  }

  void aDraggedRankIsTheCorrections() {
    const LayerId id = layerNamed(*m_document, "h.1.mlp.c_fc");
    const LayerChoice before = m_document->choice(id);
    m_document->setRank({id}, 5);
    QCOMPARE(words::choice(m_document->choice(id)), QStringLiteral("int4 + 5"));
    QVERIFY(m_document->choice(id).formatA.storage == Storage::F16);
    QVERIFY(m_document->bytesAfter(id) == bytesAfter(m_document->layer(id), m_document->choice(id)));
    m_document->undoStack().undo();
    QVERIFY(m_document->choice(id) == before);
    m_document->setRank({id}, std::nullopt);
    QVERIFY(m_document->choice(id).isDense());
  }

  void pinsKeepTheBaseAndGoIntoTheFile() {
    const LayerId id = layerNamed(*m_document, "h.0.mlp.c_fc");
    QVERIFY(m_document->isPinned(id));
    const LayerChoice before = m_document->choice(id);
    m_document->changePlan({}, QStringLiteral("everything dense"));
    QVERIFY(m_document->choice(id) == before);
    QCOMPARE(m_document->totals().compressed, 1);
    m_document->savePlan(*m_folder / "own.json");
    const RankPlan written = readPlan(*m_folder / "own.json");
    QVERIFY(written.pins.contains(m_document->layer(id).name) && written.pins.size() == 1);
    const PlanState state = m_document->planState();
    m_document->undoStack().undo();
    m_document->loadPlan(*m_folder / "own.json");
    QVERIFY(m_document->planState() == state);
  }

  void compressionMeasuresThem() {
    m_document->compress();
    QVERIFY(test::waitIdle(*m_jobs));
    for (const char* name : {"h.0.mlp.c_fc", "h.1.mlp.c_proj"}) {
      const LayerId id = layerNamed(*m_document, name);
      QCOMPARE(m_document->standing(id), Standing::Measured);
      QVERIFY(*m_document->bestCosine(id) > 0.9 && *m_document->bestCosine(id) < 1);
      QVERIFY(m_document->verdict(id).has_value());
      QCOMPARE(m_document->result(id)->bytesAfter, m_document->bytesAfter(id));
    }
    QCOMPARE(m_document->totals().measured, 4);
  }

 private:
  std::unique_ptr<test::TemporaryFolder> m_folder;
  std::unique_ptr<JobRunner> m_jobs;
  std::unique_ptr<Document> m_document;
};

RANKSCOPE_WINDOW_TEST_MAIN(TestQuantisedPlan)
#include "tst_quantised_plan.moc"
