// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/advising.h"

#include <QComboBox>

#include "core/evaluate/default_text.h"
#include "tests/ui/advice_fixture.h"
#include "tests/ui/ui_models.h"
#include "tests/ui/window_test.h"
#include "ui/document/run_storage.h"
#include "ui/file_actions.h"
#include "ui/main_window.h"
#include "ui/panels/map_panel.h"
#include "ui/panels/totals_bar.h"

using namespace rankscope;
using namespace rankscope::ui;

/// The live prediction of a plan's cost, on the demo with a predictor that its run file holds.
class TestPrediction final : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    test::fillRun(demoFolder(), false);
    m_window = std::make_unique<MainWindow>();
    m_window->resize(1280, 800);
    m_window->show();
    QVERIFY(test::opened(m_window->files(), QString::fromStdString(demoFolder().string())));
    QVERIFY(test::waitIdle(m_window->jobs(), 60000));
  }
  void cleanup() {
    m_window.reset();
    std::error_code ignored;
    std::filesystem::remove_all(usualRunPath(demoFolder()).parent_path(), ignored);
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

  void theMapShowsWhatEachLayerCosts() {
    auto* map = m_window->findChild<MapPanel*>();
    map->quantity()->setCurrentIndex(map->quantity()->count() - 1);
    const LayerId layer = test::layerNamed(document(), "h.0.attn.attention.k_proj");
    document().setRank({layer}, 16);
    QCOMPARE(*m_window->findChild<Advising*>()->effect(layer), 0.02);
    QVERIFY(!m_window->findChild<Advising*>()->effect(test::layerNamed(document(), "wte")).value_or(0));
  }

 private:
  Document& document() { return m_window->document(); }

  std::unique_ptr<MainWindow> m_window;
};

RANKSCOPE_WINDOW_TEST_MAIN(TestPrediction)
#include "tst_prediction.moc"
