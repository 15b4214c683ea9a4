// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/advise_page.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QTableView>

#include <nlohmann/json.hpp>
#include <qcustomplot.h>

#include "core/evaluate/default_text.h"
#include "core/plan/presets.h"
#include "tests/ui/ui_models.h"
#include "tests/ui/window_test.h"
#include "ui/document/run_storage.h"
#include "ui/file_actions.h"
#include "ui/main_window.h"
#include "ui/models/advice_model.h"
#include "ui/page_switch.h"
#include "ui/panels/totals_bar.h"
#include "ui/plots/framed_plot.h"

using namespace rankscope;
using namespace rankscope::ui;

namespace {

AdviceOption option(const std::string& name, AdviceOption::Group group, std::int64_t rank, double kl) {
  AdviceOption option;
  option.name = name;
  option.description = "words about " + name;
  option.group = group;
  option.plan.rules = {{Rule::Syntax::Glob, "*attn*", UseRank{rank}}};
  option.bytes = 5'000'000 + static_cast<std::uint64_t>(rank);
  option.scopeKept = 0.4 + 0.001 * static_cast<double>(rank);
  option.meanCosine = 0.9;
  option.measured.positions = 100;
  option.measured.kl.mean = kl;
  option.measured.compressed.value = 9;
  option.measured.logits.cosine = 0.95;
  return option;
}

Advice advice() {
  Advice advice;
  advice.model = "demo";
  advice.options = {option("study-uniform", AdviceOption::Group::Study, 40, 0.9),
                    option("mixed", AdviceOption::Group::InBudget, 24, 0.2),
                    option("fisher", AdviceOption::Group::InBudget, 32, 0.4)};
  advice.options[0].withinBudget = false;
  advice.recommended = 1;
  advice.sentences = {"Take mixed: it costs least."};
  PlanPrediction p;
  p.kl = 0.2;
  p.klLow = 0.15;
  p.klHigh = 0.27;
  advice.frontier = {{"everything", 1000, 0.3, p}, {"everything", 2000, 0.6, p}};
  advice.checks = {{p, 0.22}, {p, 0.19}};
  advice.complete = true;
  return advice;
}

/// Every attention layer costs 0.32/rank alone; others were not measured.
PlanPredictor predictor(const Checkpoint& checkpoint) {
  std::vector<LayerEffects> layers;
  for (const LayerInfo& layer : checkpoint.layers()) {
    LayerEffects effects{layer.name, {}};
    if (layer.name.find("attn") != std::string::npos) effects.curves = {{"plain", {1, 16, 64}, {0.32, 0.02, 0.005}}};
    layers.push_back(effects);
  }
  JointFit fit;
  fit.spread = 0.1;
  fit.largest = 10;
  fit.runs = 4;
  return {layers, fit, 1.9};
}

} // namespace

/// The Advise page and the live prediction, on the demo with an advice that its run file holds.
class TestAdvisePage final : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    fillRun();
    m_window = std::make_unique<MainWindow>();
    m_window->resize(1280, 800);
    m_window->show();
    QVERIFY(m_window->files().open(QString::fromStdString(demoFolder().string())));
    QVERIFY(test::waitIdle(m_window->jobs(), 60000));
  }
  void cleanup() {
    m_window.reset();
    std::error_code ignored;
    std::filesystem::remove_all(usualRunPath(demoFolder()).parent_path(), ignored);
  }

  void anAdviceOfAnEarlierSessionIsShown() {
    showPage();
    const QAbstractItemModelTester tester(&page().model());
    QCOMPARE(page().model().rowCount(), 3);
    QVERIFY(page().sentences().contains(QStringLiteral("Take mixed")));
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

  void thePredictionMovesWithTheRank() {
    const LayerId layer = test::layerNamed(document(), "h.0.attn.attention.k_proj");
    document().setRank({layer}, 16);
    QVERIFY2(m_window->totals().text().contains(QStringLiteral("0.020")), qPrintable(m_window->totals().text()));
    document().setRank({layer}, 1);
    QVERIFY2(m_window->totals().text().contains(QStringLiteral("0.320")), qPrintable(m_window->totals().text()));
    // A layer that was not measured: no number is better than a wrong one.
    document().setRank({test::layerNamed(document(), "h.0.mlp.c_fc")}, 4);
    QVERIFY2(!m_window->totals().text().contains(QStringLiteral("KL")), qPrintable(m_window->totals().text()));
  }

  void aModelThatCannotRunGetsNoAdvice() {
    const test::TemporaryFolder folder;
    const auto bert = test::writeSmallModel(folder / "bert", test::SmallFamily::Bert);
    QVERIFY(m_window->files().open(QString::fromStdString(bert.string())));
    QVERIFY(test::waitIdle(m_window->jobs()));
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
  /// One writer a run file: this one is closed before the window opens it.
  void fillRun() {
    const auto checkpoint = openCheckpoint(demoFolder());
    const auto run = RunFile::open(usualRunPath(checkpoint->path()), *checkpoint);
    run->addEvaluation(toJson(predictor(*checkpoint)));
    run->addEvaluation(toJson(advice()).dump());
  }

  AdvisePage& page() { return m_window->advisePage(); }
  Document& document() { return m_window->document(); }
  void showPage() { m_window->pages().showPage(&page()); }

  std::unique_ptr<MainWindow> m_window;
};

RANKSCOPE_WINDOW_TEST_MAIN(TestAdvisePage)
#include "tst_advise_page.moc"
