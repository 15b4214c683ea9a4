// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/evaluate_page.h"

#include <QAction>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSpinBox>
#include <QTabWidget>
#include <QTextBrowser>
#include <QToolButton>

#include <qcustomplot.h>

#include "core/evaluate/default_text.h"
#include "tests/ui/ui_models.h"
#include "tests/ui/window_test.h"
#include "ui/document/evaluations.h"
#include "ui/document/run_storage.h"
#include "ui/file_actions.h"
#include "ui/main_window.h"
#include "ui/page_switch.h"
#include "ui/panels/banner.h"
#include "ui/panels/evaluate_controls.h"
#include "ui/panels/evaluate_figures.h"
#include "ui/panels/evaluate_study.h"
#include "ui/panels/map_panel.h"
#include "ui/plots/framed_plot.h"
#include "ui/plots/plot_files.h"

using namespace rankscope;
using namespace rankscope::ui;

/// The Evaluate page as a person uses it, on the demo model.
class TestEvaluatePage final : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    m_folder = std::make_unique<test::TemporaryFolder>();
    m_window = std::make_unique<MainWindow>();
    m_window->resize(1280, 800);
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
  }
  void cleanup() {
    m_window.reset();
    m_folder.reset();
    removeRuns();
  }

  void anEmptyPageSaysWhatToDo() {
    openDemo();
    showPage();
    QVERIFY2(page().hint().contains(QStringLiteral("dense")), qPrintable(page().hint()));
    QVERIFY(!button("evaluateRun")->isEnabled());
    action("presetUniform25")->trigger();
    QTRY_VERIFY(page().hint().contains(QStringLiteral("Evaluate")));
    QVERIFY(button("evaluateRun")->isEnabled());
  }

  void thePageHasTheWindowForItself() {
    openDemo();
    auto* spectrum = m_window->findChild<QDockWidget*>(QStringLiteral("dockSpectrum"));
    QVERIFY(spectrum->isVisible());
    showPage();
    QVERIFY(page().isVisible());
    QVERIFY(!spectrum->isVisible());
    clickTab(0);
    QVERIFY(spectrum->isVisible());
    QVERIFY(!page().isVisible());
    showPage();
    action("close")->trigger();
    openDemo();
    QVERIFY(spectrum->isVisible());
  }

  void evaluatesShowsAndReopens() {
    openDemo();
    action("presetUniform25")->trigger();
    showPage();
    page().controls().setText({{}, 700});
    check("evaluateControls", true);
    check("evaluateSpeed", false);
    check("evaluateTexts", true);
    QTest::mouseClick(button("evaluateRun"), Qt::LeftButton);
    QVERIFY(test::waitIdle(m_window->jobs(), 120000));
    QCOMPARE(evaluations().entries().size(), std::size_t{1});
    const EvaluationEntry entry = evaluations().entries().front();
    QVERIFY(entry.complete() && entry.evaluation->controls && entry.evaluation->generation);
    QVERIFY(entry.evaluation->comparison.kl.mean > 0.05);
    QCOMPARE(m_window->document().totals().measured, m_window->document().totals().compressed);
    QCOMPARE(entry.bytes.after, m_window->document().totals().model.after);
    const QString figures = page().figures().text();
    QVERIFY2(figures.contains(QStringLiteral("unrelated text")), qPrintable(figures));
    QCOMPARE(page().depth().canvas()->graphCount(), 2); // compressed and bf16
    QCOMPARE(page().depth().canvas()->graph(0)->dataCount(),
             static_cast<int>(entry.evaluation->comparison.blocks.size()));
    QVERIFY(page().histogram().canvas()->graphCount() == 1);
    QVERIFY(page().details().toPlainText().contains(QStringLiteral("random factors")));
    QVERIFY(m_window->findChild<QLabel*>(QStringLiteral("evaluateStale"))->isHidden());
    // Another plan makes it stale, the same plan again does not.
    action("presetUniform12.5")->trigger();
    QTRY_VERIFY(!m_window->findChild<QLabel*>(QStringLiteral("evaluateStale"))->isHidden());
    action("undo")->trigger();
    QTRY_VERIFY(m_window->findChild<QLabel*>(QStringLiteral("evaluateStale"))->isHidden());
    action("close")->trigger();
    openDemo();
    showPage();
    QCOMPARE(page().figures().text(), figures);
    QCOMPARE(page().results().count(), 1);
    QVERIFY(m_window->findChild<QLabel*>(QStringLiteral("evaluateStale"))->isHidden());
    QCOMPARE(evaluations().entries().front().time, entry.time.addMSecs(-entry.time.time().msec()));
  }

  void cancelKeepsWhatIsMeasured() {
    openDemo();
    action("presetUniform25")->trigger();
    showPage();
    page().controls().setText({{}, 1'000'000});
    check("evaluateSpeed", false);
    action("evaluate")->trigger();
    QVERIFY(QTest::qWaitFor(
        [this] {
          const EvaluationEntry* running = evaluations().running();
          return !m_window->jobs().isBusy() ||
                 (running && running->evaluation && running->evaluation->comparison.positions > 0);
        },
        120000));
    QVERIFY(page().figures().isVisible());
    QVERIFY(page().results().currentText().contains(QStringLiteral("running")));
    QTest::mouseClick(m_window->findChild<QToolButton*>(QStringLiteral("evaluateCancel")), Qt::LeftButton);
    QVERIFY(test::waitIdle(m_window->jobs(), 60000));
    if (m_window->jobs().jobs().back().state == JobState::Done) QSKIP("the machine was faster than the click");
    QCOMPARE(evaluations().entries().size(), std::size_t{1});
    const EvaluationEntry& kept = evaluations().entries().front();
    QVERIFY(!kept.complete() && kept.evaluation->comparison.positions > 0);
    QVERIFY(page().results().currentText().contains(QStringLiteral("stopped")));
    QVERIFY(!page().figures().text().isEmpty());
    const RunContents contents = readRun(m_window->document().runPath());
    QCOMPARE(contents.evaluations.size(), std::size_t{1});
  }

  void theStudyIsASecondJob() {
    openDemo();
    // A few layers are enough to see all of it.
    Document& document = m_window->document();
    document.setRank({test::layerNamed(document, "h.0.attn.attention.k_proj"),
                      test::layerNamed(document, "h.1.mlp.c_fc"), test::layerNamed(document, "h.2.mlp.c_proj")},
                     16);
    showPage();
    page().tabs().setCurrentIndex(2);
    auto* run = button("runStudy");
    run->parentWidget()->findChildren<QSpinBox*>().front()->setValue(512);
    action("study")->trigger();
    QVERIFY(test::waitIdle(m_window->jobs(), 120000));
    QCOMPARE(evaluations().entries().size(), std::size_t{1});
    const StudyReport& study = *evaluations().entries().front().study;
    QCOMPARE(study.layers.size(), std::size_t{3});
    QVERIFY(page().studyTab().sweep().hasDrawing());
    // The map is exported as every plot is, and its numbers are the study's.
    EvaluateStudy& tab = page().studyTab();
    QVERIFY(tab.mapMenu().isVisible() && tab.mapMenu().menu()->actions().size() == 2);
    const auto csv = [&tab] { return tab.map().csv(); };
    for (const char* kind : {"png", "svg", "pdf", "csv"}) {
      const auto file = *m_folder / (std::string("map.") + kind);
      QVERIFY2(saveWidget(tab.map(), csv, QString::fromStdString(file.string())), kind);
      QVERIFY2(std::filesystem::file_size(file) > 100, kind);
    }
    const QString lines = csv();
    for (const LayerEffect& layer : study.layers) {
      const qsizetype at = lines.indexOf(QString::fromStdString(layer.name));
      QVERIFY2(at >= 0, layer.name.c_str());
      QCOMPARE(lines.mid(at).section(QLatin1Char(','), 1, 1).section(QLatin1Char('\n'), 0, 0).toDouble(),
               effectOf(layer, ui::Effect::Kl));
    }
    tab.mapMenu().menu()->actions().front()->trigger();
    QVERIFY(!QApplication::clipboard()->pixmap().isNull());
    QTest::mouseClick(m_window->findChild<QToolButton*>(QStringLiteral("studyBars")), Qt::LeftButton);
    QVERIFY(!tab.mapMenu().isVisible());
    QVERIFY(page().studyTab().bars().isVisible());
    QCOMPARE(page().studyTab().bars().canvas()->plottableCount(), 1);
    const auto shown = page().figures().text();
    QVERIFY2(shown.contains(QStringLiteral("KL")), qPrintable(shown)); // of everything together
  }

  void textsStandSideBySide() {
    openDemo();
    action("presetUniform12.5")->trigger();
    showPage();
    page().tabs().setCurrentIndex(1);
    auto* prompt = m_window->findChild<QLineEdit*>(QStringLiteral("evaluatePrompt"));
    prompt->setFocus();
    prompt->selectAll();
    QTest::keyClicks(prompt, QStringLiteral("The dog"));
    QTest::keyClick(prompt, Qt::Key_Return);
    QVERIFY(test::waitIdle(m_window->jobs(), 120000));
    const GeneratedPair& pair = *evaluations().entries().back().texts;
    QCOMPARE(pair.prompt, std::string("The dog"));
    QVERIFY(pair.firstDifference);
    for (const QTextBrowser* text : page().findChildren<QTextBrowser*>()) {
      if (!text->accessibleName().startsWith(QStringLiteral("Text of"))) continue;
      QVERIFY(text->toPlainText().contains(QStringLiteral("The dog")));
      QVERIFY(text->toHtml().contains(QStringLiteral("background-color")));
    }
  }

  void aModelThatCannotRunSaysSo() {
    const auto bert = test::writeSmallModel(*m_folder / "bert", test::SmallFamily::Bert);
    QVERIFY(test::opened(m_window->files(), QString::fromStdString(bert.string())));
    QVERIFY(test::waitIdle(m_window->jobs()));
    action("presetUniform25")->trigger();
    showPage();
    QVERIFY2(page().hint().contains(QStringLiteral("can still be analysed and compressed")), qPrintable(page().hint()));
    QVERIFY(!button("evaluateRun")->isEnabled());
  }

  void aModelWithoutTokenizerFailsWithASentence() {
    const auto neo = test::writeSmallModel(*m_folder / "neo", test::SmallFamily::GptNeo, {.hidden = 64});
    QVERIFY(test::opened(m_window->files(), QString::fromStdString(neo.string())));
    QVERIFY(test::waitIdle(m_window->jobs()));
    action("presetUniform25")->trigger();
    action("evaluate")->trigger();
    QVERIFY(test::waitIdle(m_window->jobs()));
    QVERIFY(evaluations().entries().empty());
    QVERIFY2(m_window->banner().text().contains(QStringLiteral("neo")), qPrintable(m_window->banner().text()));
  }

 private:
  EvaluatePage& page() { return m_window->evaluatePage(); }
  Evaluations& evaluations() { return m_window->evaluations(); }
  QAction* action(const char* name) { return m_window->findChild<QAction*>(QLatin1String(name)); }
  QPushButton* button(const char* name) { return m_window->findChild<QPushButton*>(QLatin1String(name)); }
  void check(const char* name, bool on) { m_window->findChild<QCheckBox*>(QLatin1String(name))->setChecked(on); }

  void openDemo() {
    QVERIFY(test::opened(m_window->files(), QString::fromStdString(demoFolder().string())));
    QVERIFY(test::waitIdle(m_window->jobs(), 60000));
  }
  void clickTab(int index) {
    PageSwitch& tabs = m_window->pages();
    QTest::mouseClick(&tabs, Qt::LeftButton, {}, tabs.tabRect(index).center());
  }
  void showPage() { clickTab(1); }
  /// The next test begins without results of the demo.
  void removeRuns() {
    std::error_code ignored;
    std::filesystem::remove_all(usualRunPath(demoFolder()).parent_path(), ignored);
  }

  std::unique_ptr<test::TemporaryFolder> m_folder;
  std::unique_ptr<MainWindow> m_window;
};

RANKSCOPE_WINDOW_TEST_MAIN(TestEvaluatePage)
#include "tst_evaluate_page.moc"
