// SPDX-License-Identifier: GPL-3.0-or-later
#include <set>

#include <QComboBox>
#include <QSignalSpy>

#include "tests/ui/advised_window.h"
#include "tests/ui/window_test.h"
#include "ui/panels/map_panel.h"
#include "ui/panels/totals_bar.h"
#include "ui/document/plan_tools.h"

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

  void aBudgetGoesByWhatWasMeasured() {
    QSignalSpy notices(&document(), &Document::notice);
    m_window->tools().applyBudget(KeepShare{0.6});
    QCOMPARE(notices.size(), 1);
    QVERIFY(notices.takeFirst().front().toString().contains("energy")); // not every layer was measured

    std::vector<LayerId> attention, others;
    for (const LayerId id : document().scope())
      (document().checkpoint()->layer(id).name.find("attn") != std::string::npos ? attention : others).push_back(id);
    document().setRank(others, 16);
    document().setPinned(others, true);
    m_window->tools().applyBudget(KeepShare{0.15});
    QCOMPARE(notices.size(), 1);
    QVERIFY(notices.front().front().toString().contains("measured"));
    // All of one shape and measured to cost the same: none is worth more than another.
    std::set<std::int64_t> ranks;
    for (const LayerId id : attention) ranks.insert(document().choice(id).rank.value_or(-1));
    QString met;
    for (const std::int64_t rank : ranks) met += QStringLiteral("%1 ").arg(rank);
    QVERIFY2(*ranks.begin() > 1 && *ranks.rbegin() - *ranks.begin() <= 1, qPrintable(met));
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
