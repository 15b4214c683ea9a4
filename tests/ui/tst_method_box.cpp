// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/method_box.h"

#include <QAction>
#include <QComboBox>
#include <QPushButton>
#include <QSpinBox>

#include "core/evaluate/default_text.h"
#include "tests/ui/ui_models.h"
#include "tests/ui/window_test.h"
#include "ui/document/calibrator.h"
#include "ui/document/evaluations.h"
#include "ui/document/run_storage.h"
#include "ui/document/words.h"
#include "ui/file_actions.h"
#include "ui/main_window.h"
#include "ui/models/layer_table_model.h"

using namespace rankscope;
using namespace rankscope::ui;

/// Methods fitted to a text and quantised bases, chosen in the window, on the demo model.
class TestMethodBox final : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    m_window = std::make_unique<MainWindow>();
    m_window->resize(1280, 800);
    m_window->show();
    openDemo();
    document().calibrator().choose({{}, 2048});
  }
  void cleanup() {
    m_window.reset();
    std::error_code ignored;
    std::filesystem::remove_all(usualRunPath(demoFolder()).parent_path(), ignored);
  }

  void aFittedMethodLosesLess() {
    action("presetUniform25")->trigger();
    const double plain = measuredKl();
    choose(Method::Aware);
    QVERIFY(document().needsCalibration());
    QVERIFY(!document().calibrator().fitted());
    action("presetUniform25")->trigger();
    const double aware = measuredKl();
    QVERIFY2(aware < 0.8 * plain, qPrintable(QStringLiteral("%1 %2").arg(aware).arg(plain)));
    QVERIFY(document().calibrator().fitted()->tokens > 1000);
    QVERIFY2(box().state().contains(QStringLiteral("Calibrated on")), qPrintable(box().state()));
    // What was fitted to the text stands as measured, now and after reopening, and predicts no cosine.
    const LayerId layer = test::layerNamed(document(), "h.1.attn.attention.k_proj");
    QCOMPARE(document().standing(layer), Standing::Measured);
    action("close")->trigger();
    openDemo();
    QCOMPARE(document().plan().method, Method::Aware);
    QCOMPARE(document().standing(layer), Standing::Measured);
    QVERIFY(!document().predictedCosine(layer));
    const LayerResult& result = *document().result(layer);
    QVERIFY(result.outputs && result.outputs->cosine > result.quality.cosine); // that is what the factors are for
    LayerTableModel table(document());
    const int row = static_cast<int>(layer.value);
    QCOMPARE(table.index(row, LayerTableModel::OutputCosine).data().toString(), words::cosine(result.outputs->cosine));
  }

  void calibrateIsAJobOfItsOwn() {
    action("presetUniform25")->trigger();
    choose(Method::Fisher);
    QVERIFY(box().calibrateButton().isEnabled());
    QTest::mouseClick(&box().calibrateButton(), Qt::LeftButton);
    QVERIFY(test::waitIdle(m_window->jobs(), 120000));
    QVERIFY(document().calibrator().fitted());
    choose(Method::Plain);
    QVERIFY(!box().calibrateButton().isEnabled());
  }

  /// Sequential layers and refinement are found in the compression's own job; a change of one layer makes all of them
  /// stale.
  void layersFoundTogether() {
    action("presetUniform25")->trigger();
    choose(Method::Sequential);
    QVERIFY(box().refineSteps().isEnabled());
    box().refineSteps().setValue(2);
    QCOMPARE(document().plan().refineSteps, 2);
    const LayerId layer = test::layerNamed(document(), "h.1.attn.attention.k_proj"),
                  other = test::layerNamed(document(), "h.2.mlp.c_fc");
    document().compress();
    QVERIFY(test::waitIdle(m_window->jobs(), 240000));
    QCOMPARE(document().standing(layer), Standing::Measured);
    document().setRank({other}, 10);
    QCOMPARE(document().standing(layer), Standing::Stale);
    action("undo")->trigger();
    QCOMPARE(document().standing(layer), Standing::Measured);
    box().refineSteps().setValue(3);
    QCOMPARE(document().standing(layer), Standing::Stale);
    action("undo")->trigger();
    QCOMPARE(box().refineSteps().value(), 2);
    QVERIFY(measuredKl() > 0); // from the run file, without finding them again
    choose(Method::Plain);
    QVERIFY(!box().refineSteps().isEnabled());
  }

  void aBaseIsChosenForSomeOrAll() {
    const LayerId layer = test::layerNamed(document(), "h.1.attn.attention.k_proj");
    document().select({layer}, layer);
    document().setRank({layer}, 8);
    action("base-int4")->trigger();
    QCOMPARE(document().choice(layer).base->storage, Storage::Int4);
    QCOMPARE(*document().choice(layer).rank, 8);
    action("quantise-int8")->trigger();
    for (const LayerId id : document().scope()) QCOMPARE(document().choice(id).base->storage, Storage::Int8);
    QVERIFY(measuredKl() < 0.02);
    action("undo")->trigger();
    QCOMPARE(document().choice(layer).base->storage, Storage::Int4);
    action("base-none")->trigger();
    QVERIFY(!document().choice(layer).base);
    QCOMPARE(*document().choice(layer).rank, 8);
  }

 private:
  Document& document() { return m_window->document(); }
  MethodBox& box() { return *m_window->findChild<MethodBox*>(); }
  QAction* action(const char* name) { return m_window->findChild<QAction*>(QLatin1String(name)); }
  void openDemo() {
    QVERIFY(test::opened(m_window->files(), QString::fromStdString(demoFolder().string())));
    QVERIFY(test::waitIdle(m_window->jobs(), 60000));
  }
  void choose(Method method) { box().method().setCurrentIndex(box().method().findData(static_cast<int>(method))); }

  double measuredKl() {
    EvaluationOptions options;
    options.controlTokens = 0;
    options.speed = false;
    m_window->evaluations().evaluate({{}, 600}, options);
    if (!test::waitIdle(m_window->jobs(), 180000) || m_window->evaluations().entries().empty()) return -1;
    return m_window->evaluations().entries().back().evaluation->comparison.kl.mean;
  }

  std::unique_ptr<MainWindow> m_window;
};

RANKSCOPE_WINDOW_TEST_MAIN(TestMethodBox)
#include "tst_method_box.moc"
