// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/rules_panel.h"

#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QTreeView>

#include "tests/ui/ui_models.h"
#include "tests/ui/window_test.h"
#include "ui/document/parse_action.h"
#include "ui/document/plan_tools.h"
#include "ui/document/rule_preview.h"
#include "ui/document/words.h"
#include "ui/models/rule_list_model.h"

using namespace rankscope;
using namespace rankscope::ui;
using rankscope::test::layerNamed;

class TestRulesPanel final : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    m_folder = std::make_unique<test::TemporaryFolder>();
    m_jobs = std::make_unique<JobRunner>();
    m_document = std::make_unique<Document>(*m_jobs);
    m_tools = std::make_unique<PlanTools>(*m_document);
    m_panel = std::make_unique<RulesPanel>(*m_document, *m_tools);
    m_panel->resize(500, 500);
    m_panel->show();
    m_document->open(test::writeSmallModel(*m_folder / "neo", test::SmallFamily::GptNeo,
                                           {.blocks = 4, .hidden = 64, .intermediate = 160}));
    QVERIFY(test::waitIdle(*m_jobs));
  }
  void cleanup() {
    m_panel.reset();
    m_tools.reset();
    m_document.reset();
    m_jobs.reset();
    m_folder.reset();
  }

  void theEffectIsSaidBeforeItIsApplied() {
    write("*.mlp.*", "rank 8");
    const auto rules = [this] { return m_document->plan().rules.size(); };
    QCOMPARE(rules(), std::size_t{0});
    const QString said = m_panel->previewLabel()->text();
    QVERIFY2(said.contains(QStringLiteral("8 layer")), qPrintable(said));
    const RulePreview seen = previewRules(*m_document, {{Rule::Syntax::Glob, "*.mlp.*", UseRank{8}}}, 0);
    QVERIFY(said.contains(words::bytes(seen.bytesThen)));
    QTest::keyClick(m_panel->actionEdit(), Qt::Key_Return);
    QCOMPARE(rules(), std::size_t{1});
    QCOMPARE(m_document->totals().model.after, seen.bytesThen);
    QCOMPARE(m_document->rank(layerNamed(*m_document, "h.2.mlp.c_fc")).value_or(0), 8);
    m_document->undoStack().undo();
    QCOMPARE(rules(), std::size_t{0});
  }

  void aBadPatternOrActionIsSaidAndNotApplied() {
    m_panel->findChild<QComboBox*>()->setCurrentIndex(1);
    write("h\\.(", "8");
    QVERIFY(!m_panel->previewLabel()->text().isEmpty());
    QTest::keyClick(m_panel->actionEdit(), Qt::Key_Return);
    QVERIFY(m_document->plan().rules.empty());
    write("h", "many");
    QTest::keyClick(m_panel->actionEdit(), Qt::Key_Return);
    QVERIFY(m_document->plan().rules.empty());
  }

  void rulesAreReorderedByDragAndByKeys() {
    m_tools->setRules({{Rule::Syntax::Glob, "*q_proj*", UseRank{4}},
                       {Rule::Syntax::Glob, "*k_proj*", UseRank{5}},
                       {Rule::Syntax::Glob, "*", UseRank{6}}},
                      QStringLiteral("three"));
    auto* model = qobject_cast<RuleListModel*>(m_panel->list()->model());
    QAbstractItemModelTester tester(model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QCOMPARE(model->matched(0).size(), std::size_t{4});
    QVERIFY(model->decides(2) < static_cast<int>(model->matched(2).size()));
    // What a drop of the third row above the first gives to the model.
    const std::unique_ptr<QMimeData> dragged(model->mimeData({model->index(2, 0)}));
    model->dropMimeData(dragged.get(), Qt::MoveAction, 0, 0, {});
    QTRY_COMPARE(m_document->plan().rules.front().pattern, std::string("*"));
    QCOMPARE(m_document->rank(layerNamed(*m_document, "h.1.attn.attention.q_proj")).value_or(0), 6);
    m_panel->list()->setCurrentIndex(model->index(0, 0));
    QTest::keyClick(m_panel->list(), Qt::Key_Down, Qt::AltModifier);
    QCOMPARE(m_document->plan().rules[1].pattern, std::string("*"));
    QCOMPARE(m_panel->list()->currentIndex().row(), 1);
    QTest::keyClick(m_panel->list(), Qt::Key_Delete);
    QCOMPARE(m_document->plan().rules.size(), std::size_t{2});
  }

  void aRuleIsEditedInItsRow() {
    m_tools->setRules({{Rule::Syntax::Glob, "*q_proj*", UseRank{4}}}, QStringLiteral("one"));
    auto* model = m_panel->list()->model();
    QVERIFY(model->setData(model->index(0, RuleListModel::ActionColumn), QStringLiteral("25 %")));
    QTRY_COMPARE(m_document->rank(layerNamed(*m_document, "h.0.attn.attention.q_proj")).value_or(0), 16);
    QVERIFY(!model->setData(model->index(0, RuleListModel::ActionColumn), QStringLiteral("nonsense")));
  }

  void presetsAsRulesChooseWhatPresetsChoose() {
    const Checkpoint& checkpoint = *m_document->checkpoint();
    const SpectrumLookup spectra = m_document->spectra();
    for (const Preset preset : {Preset::Uniform, Preset::Selective, Preset::Hybrid}) {
      RankPlan rules;
      rules.rules = rulesLikePreset(checkpoint, preset);
      const ResolvedPlan byRules = resolve(rules, checkpoint, spectra);
      const ResolvedPlan byRanks = resolve(presetPlan(preset, checkpoint, {}), checkpoint, spectra);
      for (const LayerId id : m_document->allLayers())
        QCOMPARE(byRules.layers[id.value].rank, byRanks.layers[id.value].rank);
    }
  }

  void actionsAreReadAsTheyAreShown() {
    for (const Action& action : {Action(UseRank{128}), Action(UseFraction{0.1875}), Action(ReachCosine{0.95}),
                                 Action(ReachEnergy{0.9}), Action(KeepDense{})}) {
      const auto read = parseAction(words::action(action));
      QVERIFY2(read && *read == action, qPrintable(words::action(action)));
    }
    QVERIFY(!parseAction(QStringLiteral("cosine 2")));
    QVERIFY(!parseAction(QStringLiteral("1.5")));
    QVERIFY(!parseAction(QString()));
  }

 private:
  void write(const char* pattern, const char* action) {
    m_panel->patternEdit()->clear();
    QTest::keyClicks(m_panel->patternEdit(), QLatin1String(pattern));
    m_panel->actionEdit()->clear();
    QTest::keyClicks(m_panel->actionEdit(), QLatin1String(action));
  }

  std::unique_ptr<test::TemporaryFolder> m_folder;
  std::unique_ptr<JobRunner> m_jobs;
  std::unique_ptr<Document> m_document;
  std::unique_ptr<PlanTools> m_tools;
  std::unique_ptr<RulesPanel> m_panel;
};

RANKSCOPE_WINDOW_TEST_MAIN(TestRulesPanel)
#include "tst_rules_panel.moc"
