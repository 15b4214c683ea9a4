// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/document.h"

#include <QSignalSpy>

#include "tests/ui/ui_models.h"
#include "tests/ui/window_test.h"
#include "ui/document/moved_model.h"
#include "ui/document/plan_tools.h"

using namespace rankscope;
using namespace rankscope::ui;
using rankscope::test::layerNamed;

class TestDocument final : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    m_folder = std::make_unique<test::TemporaryFolder>();
    m_model = test::writeSmallModel(*m_folder / "neo", test::SmallFamily::GptNeo,
                                    {.blocks = 3, .hidden = 24, .intermediate = 60});
    m_jobs = std::make_unique<JobRunner>();
    m_document = std::make_unique<Document>(*m_jobs);
    m_document->open(m_model);
    QVERIFY(test::waitIdle(*m_jobs));
  }
  void cleanup() {
    m_document.reset();
    m_jobs.reset();
    m_folder.reset();
  }

  void totalsFollowTheRanks() {
    const auto before = m_document->totals();
    QCOMPARE(before.model.after, before.model.before);
    QCOMPARE(before.compressed, 0);
    const LayerId id = layerNamed(*m_document, "h.1.mlp.c_fc");
    m_document->setRank({id}, 4);
    const auto after = m_document->totals();
    QCOMPARE(after.compressed, 1);
    QCOMPARE(after.model.before - after.model.after, m_document->layer(id).bytes - m_document->bytesAfter(id));
    QCOMPARE(after.meanCosine, m_document->spectrum(id)->cosineAt(4));
    QCOMPARE(after.verdicts[static_cast<std::size_t>(*m_document->verdict(id))], 1);
  }

  void aDragIsOneStep() {
    const LayerId id = layerNamed(*m_document, "h.1.mlp.c_fc");
    m_document->setRank({id}, 2);
    const int steps = m_document->undoStack().count();
    const int gesture = m_document->newGesture();
    for (int rank = 3; rank < 20; ++rank) m_document->setRank({id}, rank, gesture);
    QCOMPARE(m_document->undoStack().count(), steps + 1);
    QVERIFY(m_document->undoStack().undoText().contains(QStringLiteral("19")));
    m_document->undoStack().undo();
    QCOMPARE(*m_document->rank(id), 2);
    m_document->undoStack().redo();
    QCOMPARE(*m_document->rank(id), 19);
    m_document->setRank({id}, 5, m_document->newGesture());
    QCOMPARE(m_document->undoStack().count(), steps + 2);
  }

  void anOverrideResolvesAsTheWholePlanDoes() {
    RankPlan plan;
    plan.rules = {{Rule::Syntax::Glob, "*mlp*", UseFraction{0.25}},
                  {Rule::Syntax::Regex, "h\\.0\\.", ReachCosine{0.8}}};
    m_document->changePlan(plan, QStringLiteral("rules"));
    m_document->setRank(
        {layerNamed(*m_document, "h.2.attn.attention.v_proj"), layerNamed(*m_document, "h.0.mlp.c_proj")}, 1000);
    const auto lookup = m_document->spectra();
    QVERIFY(resolve(m_document->plan(), *m_document->checkpoint(), lookup).layers == m_document->resolved().layers);
    m_document->clearOverrides({layerNamed(*m_document, "h.0.mlp.c_proj")});
    QVERIFY(resolve(m_document->plan(), *m_document->checkpoint(), lookup).layers == m_document->resolved().layers);
    QCOMPARE(*m_document->rank(layerNamed(*m_document, "h.0.mlp.c_proj")), 6);
  }

  void pinnedLayersAreLeftAlone() {
    const LayerId id = layerNamed(*m_document, "h.1.attn.attention.q_proj");
    PlanTools tools(*m_document);
    m_document->setRank({id}, 3);
    m_document->setPinned({id}, true);
    tools.applyPreset(Preset::Uniform, 0.25);
    QCOMPARE(*m_document->rank(id), 3);
    QCOMPARE(*m_document->rank(layerNamed(*m_document, "h.1.attn.attention.k_proj")), 6);
    tools.clear();
    QCOMPARE(*m_document->rank(id), 3);
    QVERIFY(!m_document->rank(layerNamed(*m_document, "h.1.attn.attention.k_proj")));
    m_document->undoStack().undo();
    QCOMPARE(*m_document->rank(layerNamed(*m_document, "h.1.attn.attention.k_proj")), 6);
  }

  void targetsAndCopiesAreOneStepEach() {
    PlanTools tools(*m_document);
    const LayerId id = layerNamed(*m_document, "h.0.attn.attention.v_proj");
    m_document->select({id}, id);
    tools.reachCosine(0.8);
    QCOMPARE(*m_document->rank(id), m_document->spectrum(id)->rankForCosine(0.8));
    tools.copyRank(true, false);
    QCOMPARE(m_document->rank(layerNamed(*m_document, "h.2.attn.attention.v_proj")), m_document->rank(id));
    QVERIFY(!m_document->rank(layerNamed(*m_document, "h.2.attn.attention.k_proj")));
    m_document->undoStack().undo();
    m_document->undoStack().undo();
    QVERIFY(!m_document->rank(id));
  }

  void measurementsGoStaleWhenThePlanChanges() {
    const LayerId id = layerNamed(*m_document, "h.1.mlp.c_fc");
    m_document->setRank({id}, 6);
    QCOMPARE(m_document->standing(id), Standing::Predicted);
    m_document->compress();
    QVERIFY(test::waitIdle(*m_jobs));
    QCOMPARE(m_document->standing(id), Standing::Measured);
    QVERIFY(std::abs(m_document->result(id)->quality.cosine - m_document->spectrum(id)->cosineAt(6)) < 1e-3);
    m_document->setRank({id}, 7);
    QCOMPARE(m_document->standing(id), Standing::Stale);
    m_document->undoStack().undo();
    QCOMPARE(m_document->standing(id), Standing::Measured);
  }

  void theNextSessionGoesOnWhereThisOneEnded() {
    const LayerId id = layerNamed(*m_document, "h.1.mlp.c_fc");
    m_document->setRank({id}, 6);
    m_document->compress();
    QVERIFY(test::waitIdle(*m_jobs));
    m_document.reset();
    m_document = std::make_unique<Document>(*m_jobs);
    QSignalSpy restored(m_document.get(), &Document::restored);
    m_document->open(m_model);
    QVERIFY(test::waitIdle(*m_jobs));
    QCOMPARE(restored.size(), 1);
    QCOMPARE(m_document->rank(id).value_or(0), 6);
    QCOMPARE(m_document->standing(id), Standing::Measured);
    QCOMPARE(m_document->undoStack().count(), 0);
  }

  void aRunSavedElsewhereOpensByItself() {
    const LayerId id = layerNamed(*m_document, "h.1.mlp.c_fc");
    m_document->setRank({id}, 5);
    m_document->compress();
    QVERIFY(test::waitIdle(*m_jobs));
    const auto path = *m_folder / "kept.h5";
    QVERIFY(m_document->runIsPrivate());
    QSignalSpy saved(m_document.get(), &Document::saved);
    m_document->saveRunAs(path);
    QVERIFY(test::waitIdle(*m_jobs));
    QCOMPARE(saved.size(), 1);
    QVERIFY(!m_document->runIsPrivate());
    m_document->close();
    QVERIFY(!m_document->isOpen());
    m_document->open(path);
    QVERIFY(test::waitIdle(*m_jobs));
    QCOMPARE(m_document->rank(id).value_or(0), 5);
    QCOMPARE(m_document->standing(id), Standing::Measured);
    QCOMPARE(m_document->runPath(), path);
  }

  void aRunFindsItsModelAgainByContent() {
    const LayerId id = layerNamed(*m_document, "h.1.mlp.c_fc");
    m_document->setRank({id}, 5);
    const auto run = *m_folder / "kept.h5";
    m_document->saveRunAs(run);
    QVERIFY(test::waitIdle(*m_jobs));
    m_document->close();
    const auto moved = *m_folder / "elsewhere";
    std::filesystem::rename(m_model, moved);
    QVERIFY_THROWS_EXCEPTION(ModelMoved, m_document->open(run));
    QVERIFY(!m_document->isOpen());

    const auto wider = test::writeSmallModel(*m_folder / "wider", test::SmallFamily::GptNeo,
                                             {.blocks = 3, .hidden = 32, .intermediate = 60});
    QVERIFY_THROWS_EXCEPTION(Error, m_document->openMoved(run, wider));
    const auto changed = *m_folder / "changed";
    std::filesystem::copy(moved, changed, std::filesystem::copy_options::recursive);
    std::string bytes = test::readFile(changed / "model.safetensors");
    bytes.back() = static_cast<char>(bytes.back() ^ 0x11);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x11);
    test::writeFile(changed / "model.safetensors", bytes);
    QVERIFY_THROWS_EXCEPTION(Error, m_document->openMoved(run, changed));

    m_document->openMoved(run, moved);
    QVERIFY(test::waitIdle(*m_jobs));
    QCOMPARE(m_document->rank(id).value_or(0), 5);
    m_document->close();
    m_document->open(run); // it knows the new place now
    QVERIFY(test::waitIdle(*m_jobs));
    QCOMPARE(m_document->checkpoint()->path(), moved);
  }

  void compressionDoesNotWaitForSpectra() {
    m_document->close();
    const auto larger = test::writeSmallModel(*m_folder / "larger", test::SmallFamily::GptNeo,
                                              {.blocks = 12, .hidden = 192, .heads = 4, .intermediate = 512});
    m_document->open(larger);
    const LayerId id = layerNamed(*m_document, "h.0.attn.attention.k_proj");
    m_document->setRank({id}, 8);
    m_document->compress();
    bool spectraWereMissing = false;
    connect(m_jobs.get(), &JobRunner::ended, this, [&](int job, JobState state) {
      if (m_jobs->job(job)->title != QStringLiteral("Compression")) return;
      QCOMPARE(state, JobState::Done);
      spectraWereMissing = static_cast<std::size_t>(m_document->spectraKnown()) < m_document->layerCount();
    });
    QVERIFY(test::waitIdle(*m_jobs));
    QVERIFY(spectraWereMissing);
    QCOMPARE(m_document->standing(id), Standing::Measured);
    QCOMPARE(static_cast<std::size_t>(m_document->spectraKnown()), m_document->layerCount());
  }

  void exportsAndReports() {
    m_document->setRank({layerNamed(*m_document, "h.1.mlp.c_fc")}, 5);
    QSignalSpy exported(m_document.get(), &Document::exported);
    m_document->exportModel(*m_folder / "out", ExportKind::Factored, false);
    QVERIFY(test::waitIdle(*m_jobs));
    QCOMPARE(exported.size(), 1);
    QVERIFY(std::filesystem::exists(*m_folder / "out" / "rankscope.json"));
    QSignalSpy reported(m_document.get(), &Document::reported);
    m_document->writeReport(*m_folder / "report.md");
    QVERIFY(test::waitIdle(*m_jobs));
    QCOMPARE(reported.size(), 1);
    const std::string report = test::readFile(*m_folder / "report.md");
    QVERIFY(report.find("c_fc") != std::string::npos);
  }

  void aFileThatCannotBeOpenedChangesNothing() {
    const auto open = m_document->checkpoint();
    QVERIFY_THROWS_EXCEPTION(Error, m_document->open(*m_folder / "nowhere"));
    test::writeFile(*m_folder / "bad.safetensors", "this is no model");
    QVERIFY_THROWS_EXCEPTION(Error, m_document->open(*m_folder / "bad.safetensors"));
    QCOMPARE(m_document->checkpoint(), open);
  }

  void aPlanForAnotherModelIsRefused() {
    test::writeFile(*m_folder / "plan.json",
                    R"({"format":"rankscope-plan","version":1,"overrides":{"no.such.layer":3}})");
    const PlanState before = m_document->planState();
    QVERIFY_THROWS_EXCEPTION(Error, m_document->loadPlan(*m_folder / "plan.json"));
    QVERIFY(m_document->planState() == before);
    m_document->setRank({layerNamed(*m_document, "h.1.mlp.c_fc")}, 9);
    m_document->savePlan(*m_folder / "own.json");
    m_document->undoStack().undo();
    m_document->loadPlan(*m_folder / "own.json");
    QCOMPARE(*m_document->rank(layerNamed(*m_document, "h.1.mlp.c_fc")), 9);
  }

 private:
  std::unique_ptr<test::TemporaryFolder> m_folder;
  std::filesystem::path m_model;
  std::unique_ptr<JobRunner> m_jobs;
  std::unique_ptr<Document> m_document;
};

RANKSCOPE_WINDOW_TEST_MAIN(TestDocument)
#include "tst_document.moc"
