// SPDX-License-Identifier: GPL-3.0-or-later
#include <QComboBox>

#include "tests/ui/advised_window.h"
#include "tests/ui/window_test.h"
#include "ui/panels/map_panel.h"
#include "ui/panels/totals_bar.h"

using namespace rankscope;
using namespace rankscope::ui;

/// The live prediction of a plan's cost, on the demo with a predictor that its run file holds.
class TestPrediction final : public QObject, test::AdvisedWindow {
  Q_OBJECT

 private slots:
  void init() { openDemo(false); }
  void cleanup() { closeDemo(); }

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
    QCOMPARE(*advising().effect(layer), 0.02);
    QVERIFY(!advising().effect(test::layerNamed(document(), "wte")).value_or(0));
  }
};

RANKSCOPE_WINDOW_TEST_MAIN(TestPrediction)
#include "tst_prediction.moc"
