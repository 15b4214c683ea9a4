// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/advise_page.h"

#include <set>

#include <QAbstractItemModelTester>
#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QTableView>
#include <QToolButton>

#include <qcustomplot.h>

#include "tests/ui/advised_window.h"
#include "tests/ui/window_test.h"
#include "ui/models/advice_model.h"
#include "ui/page_switch.h"
#include "ui/panels/banner.h"
#include "ui/plots/framed_plot.h"

using namespace rankscope;
using namespace rankscope::ui;

/// The Advise page: on the demo with an advice that its run file holds, and on a tiny model that is advised on.
class TestAdvisePage final : public QObject, test::AdvisedWindow {
  Q_OBJECT

 private slots:
  void init() { openDemo(true); }
  void cleanup() { closeDemo(); }

  void anAdviceOfAnEarlierSessionIsShown() {
    showPage();
    const QAbstractItemModelTester tester(&page().model());
    QCOMPARE(page().model().rowCount(), 3);
    QVERIFY(page().sentences().contains(QStringLiteral("Take \"mixed\"")));
    QVERIFY(page().sentences().contains(QStringLiteral("2 of 8 layers are pinned")));
    const QAbstractItemModel& sorted = *page().table().model(); // by KL
    QCOMPARE(sorted.index(0, AdviceModel::Name).data().toString(), QStringLiteral("★ mixed"));
    QCOMPARE(sorted.index(0, AdviceModel::Kl).data().toString(), QStringLiteral("0.200"));
    QVERIFY(sorted.index(2, AdviceModel::Name).data().toString().contains(QStringLiteral("over budget")));
    QVERIFY(page().optionsPlot().hasDrawing());
    QVERIFY(page().checksPlot().hasDrawing());
    QCOMPARE(page().table().selectionModel()->selectedRows().first().row(), 0);
  }

  void anOptionBecomesThePlanInOneStep() {
    showPage();
    QTest::mouseClick(&page().takeButton(), Qt::LeftButton);
    const LayerId layer = test::layerNamed(document(), "h.0.attn.attention.k_proj");
    QCOMPARE(document().rank(layer).value_or(0), 24);
    m_window->findChild<QAction*>(QStringLiteral("undo"))->trigger();
    QVERIFY(!document().rank(layer));
  }

  void aFinishedAdviceIsShownAndKept() {
    const test::TemporaryFolder folder;
    openTiny(folder);
    AdviceWish wish = quickWish();
    advising().advise(wish);
    QVERIFY(test::waitIdle(m_window->jobs(), 170000));
    QVERIFY2(lastJob().state == JobState::Done, qPrintable(lastJob().message));
    const auto& view = advising().view();
    QVERIFY(view && view->complete);
    QVERIFY(view->recommended && view->rows.size() >= 3);
    showPage();
    QCOMPARE(page().model().rowCount(), static_cast<int>(view->rows.size()));
    QVERIFY(!page().sentences().isEmpty());
    QVERIFY(page().takeButton().isEnabled());
    const QModelIndex chosen = page().table().selectionModel()->selectedRows().first();
    QCOMPARE(chosen.data().toString(), QStringLiteral("★ ") + view->rows[*view->recommended].name);
    QTest::mouseClick(&page().takeButton(), Qt::LeftButton);
    QVERIFY(document().totals().compressed > 0);
    const std::set<std::string> kinds = keptKinds();
    QVERIFY(kinds.contains("advice") && kinds.contains("predictor") && kinds.contains("sensitivity"));
  }

  void pinnedLayersStayAsTheyAre() {
    const test::TemporaryFolder folder;
    openTiny(folder);
    const LayerId dense = test::layerNamed(document(), "h.0.attn.attention.k_proj"),
                  ranked = test::layerNamed(document(), "h.1.mlp.c_fc");
    document().setRank({ranked}, 5);
    document().setPinned({dense, ranked}, true);
    advising().advise(quickWish());
    QVERIFY(test::waitIdle(m_window->jobs(), 170000));
    QVERIFY2(lastJob().state == JobState::Done, qPrintable(lastJob().message));
    showPage();
    const AdviceView& view = *advising().view();
    QVERIFY2(page().sentences().contains(QStringLiteral("2 of %1 layers are pinned").arg(document().scope().size())),
             qPrintable(page().sentences()));
    for (const AdviceRow& row : view.rows) {
      const RankPlan plan = parsePlan(row.planJson, "an option");
      QVERIFY2(!plan.overrides.contains(document().layer(dense).name), qPrintable(row.name));
      QVERIFY2(plan.overrides.at(document().layer(ranked).name).rank() == 5, qPrintable(row.name));
      QVERIFY2(std::isfinite(row.predictedKl), qPrintable(row.name));
    }
    QTest::mouseClick(&page().takeButton(), Qt::LeftButton);
    QVERIFY(document().totals().compressed > 1);
    QVERIFY(!document().rank(dense) && document().rank(ranked) == 5);
  }

  void cancellingKeepsWhatIsMeasured() {
    const test::TemporaryFolder folder;
    openTiny(folder);
    showPage();
    AdviceWish wish = quickWish();
    wish.tokens.measuredTokens = 60'000; // so that there is time to stop it
    advising().advise(wish);
    QVERIFY(QTest::qWaitFor([this] { return page().model().rowCount() > 0 || !m_window->jobs().isBusy(); }, 170000));
    auto* stop = m_window->findChild<QToolButton*>(QStringLiteral("adviseCancel"));
    QTRY_VERIFY(stop->isVisible() || !m_window->jobs().isBusy());
    QTest::mouseClick(stop, Qt::LeftButton);
    QVERIFY(test::waitIdle(m_window->jobs(), 60000));
    if (lastJob().state == JobState::Done) QSKIP("the machine was faster than the click");
    QVERIFY2(lastJob().state == JobState::Cancelled, qPrintable(lastJob().message));
    const int measured = page().model().rowCount();
    QVERIFY(measured > 0 && !page().model().view().complete);
    QVERIFY(keptKinds().contains("advice"));
    m_window->findChild<QAction*>(QStringLiteral("close"))->trigger();
    open(m_tiny);
    QCOMPARE(page().model().rowCount(), measured);
  }

  void aFinishedAdviceStaysUntilTheNextIsFinished() {
    showPage();
    const auto* again = m_window->findChild<QLabel*>(QStringLiteral("adviseAgain"));
    QVERIFY(again->isHidden());
    advising().advise(quickWish());
    QTRY_VERIFY(advising().job().has_value());
    QVERIFY(again->isVisible());
    QCOMPARE(page().model().rowCount(), 3);
    m_window->jobs().cancelAll();
    QVERIFY(test::waitIdle(m_window->jobs(), 60000));
    QVERIFY(lastJob().state == JobState::Cancelled);
    QVERIFY(again->isHidden());
    QCOMPARE(page().model().rowCount(), 3);
    AdviceWish impossible = quickWish();
    impossible.budget = KeepShare{0.001};
    advising().advise(impossible);
    QVERIFY(test::waitIdle(m_window->jobs(), 60000));
    QVERIFY(lastJob().state == JobState::Failed);
    QVERIFY2(m_window->banner().text().contains(QStringLiteral("smallest share")), qPrintable(m_window->banner().text()));
    QCOMPARE(page().model().rowCount(), 3);
  }

  void anUnfinishedAdviceDoesNotHideAFinishedOneLater() {
    m_window->findChild<QAction*>(QStringLiteral("close"))->trigger();
    Advice cut = test::advice();
    cut.complete = false;
    cut.options.resize(1);
    cut.recommended.reset();
    test::fillRun(demoFolder(), cut);
    const auto checkpoint = openCheckpoint(demoFolder());
    // A prediction that cannot be read takes nothing else away.
    RunFile::open(usualRunPath(checkpoint->path()), *checkpoint)->addEvaluation(R"({"kind": "predictor"})");
    open(demoFolder());
    QVERIFY(!advising().predictor());
    QCOMPARE(page().model().rowCount(), 3);
  }

  void aBudgetThatIsNoneIsRefusedAtOnce() {
    showPage();
    auto* budget = m_window->findChild<QComboBox*>(QStringLiteral("adviseBudget"));
    for (const char* text : {"200 %", "0", "much", "nats"}) {
      budget->setCurrentText(QString::fromLatin1(text));
      QTest::mouseClick(&page().adviseButton(), Qt::LeftButton);
      QVERIFY(!m_window->jobs().isBusy());
      QVERIFY2(m_window->banner().text().contains(QString::fromLatin1(text)), text);
    }
  }

  void aModelThatCannotRunGetsNoAdvice() {
    const test::TemporaryFolder folder;
    const auto bert = test::writeSmallModel(folder / "bert", test::SmallFamily::Bert);
    open(bert);
    showPage();
    QVERIFY(!page().adviseButton().isEnabled());
    QVERIFY(m_window->findChild<QLabel*>(QStringLiteral("adviseHint"))
                ->text()
                .contains(QStringLiteral("can still be analysed and compressed")));
  }

  void budgetsAreReadAsPeopleWriteThem() {
    auto* budget = m_window->findChild<QComboBox*>(QStringLiteral("adviseBudget"));
    const auto wished = [&](const char* text) {
      budget->setCurrentText(QString::fromUtf8(text));
      return page().wish().budget;
    };
    QCOMPARE(std::get<KeepShare>(wished("35 %")).share, 0.35);
    QCOMPARE(std::get<KeepShare>(wished("0.35")).share, 0.35);
    QCOMPARE(std::get<LargestKl>(wished("0,1 nats")).nats, 0.1);
  }

 private:
  const JobStatus& lastJob() { return m_window->jobs().jobs().back(); }
  static AdviceWish quickWish() {
    AdviceWish wish;
    wish.tokens = {.calibrationTokens = 512, .probeTokens = 128, .togetherTokens = 128, .measuredTokens = 256};
    wish.speed = false;
    return wish;
  }
  std::set<std::string> keptKinds() {
    std::set<std::string> kinds;
    for (const auto& [number, json] : readRun(document().runPath()).evaluations)
      kinds.insert(nlohmann::json::parse(json).value("kind", ""));
    return kinds;
  }

  AdvisePage& page() { return m_window->advisePage(); }
  void showPage() { m_window->pages().showPage(&page()); }
};

RANKSCOPE_WINDOW_TEST_MAIN(TestAdvisePage)
#include "tst_advise_page.moc"
