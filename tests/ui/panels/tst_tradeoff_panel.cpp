// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/tradeoff_panel.h"

#include <qcustomplot.h>

#include <QComboBox>
#include <QStandardItemModel>

#include "tests/ui/advised_window.h"
#include "tests/ui/window_test.h"
#include "ui/document/evaluation_entry.h"
#include "ui/plots/trade_off_plot.h"

using namespace rankscope;
using namespace rankscope::ui;

using Kind = TradeOffMark::Kind;

/// The trade-off on the demo, with an advice, a predictor and an evaluation that its run file holds.
class TestTradeOffPanel final : public QObject, test::AdvisedWindow {
  Q_OBJECT

 private slots:
  void init() {
    const auto checkpoint = openCheckpoint(demoFolder());
    {
      // Of the plan that gives one layer rank 16.
      RankPlan plan;
      plan.factorDtype = Storage::F16;
      for (const LayerInfo& layer : checkpoint->layers())
        if (layer.name.find("h.0.attn.attention.k_proj") != std::string::npos) plan.overrides[layer.name] = 16;
      EvaluationEntry entry;
      entry.planJson = normalisedPlan(rankscope::toJson(plan));
      entry.bytes = {checkpoint->bytes(), checkpoint->bytes() - 1000};
      entry.evaluation.emplace();
      entry.evaluation->comparison.positions = 100;
      entry.evaluation->comparison.kl.mean = 0.025;
      entry.evaluation->comparison.logits.cosine = 0.97;
      RunFile::open(usualRunPath(checkpoint->path()), *checkpoint)->addEvaluation(toJson(entry));
    }
    openDemo(true);
    auto* dock = m_window->findChild<QDockWidget*>(QStringLiteral("dockTradeOff"));
    dock->show();
    dock->raise();
    m_layer = test::layerNamed(document(), "h.0.attn.attention.k_proj");
  }
  void cleanup() { closeDemo(); }

  void theAxisIsKlOnceItIsKnown() {
    document().setRank({m_layer}, 4);
    QTRY_VERIFY(panel().shown().plan());
    QVERIFY2(panel().canvas()->yAxis->label().startsWith(QStringLiteral("KL")),
             qPrintable(panel().canvas()->yAxis->label()));
    const auto predicted = advising().prediction();
    const TradeOffMark& plan = *panel().shown().plan();
    QCOMPARE(plan.value, predicted->kl);
    QVERIFY(!plan.measured && plan.low < plan.value && plan.value < plan.high);
    QCOMPARE(plan.bytes, document().totals().model.after);
    // What the run file's advice measured, and what it found possible.
    const TradeOffMark* best = find(Kind::Recommended);
    QVERIFY(best && best->measured);
    QCOMPARE(best->name, QStringLiteral("mixed"));
    QCOMPARE(best->value, 0.2);
    QCOMPARE(best->bytes, 5'000'024 - (12'000'000 - document().totals().model.before));
    QCOMPARE(find(Kind::Study)->value, 0.9);
    const auto& lines = panel().shown().lines;
    const auto frontier = std::find_if(lines.begin(), lines.end(), [](const TradeOffLine& line) {
      return line.kind == TradeOffLine::Kind::Quantised;
    });
    QVERIFY(frontier != lines.end());
    QCOMPARE(frontier->bytes.front(), static_cast<double>(document().totals().model.before) - 4000 + 1000);
    QCOMPARE(frontier->values.front(), 0.2);
  }

  void anEvaluationPlacesItsPlan() {
    document().setRank({m_layer}, 16);
    QTRY_VERIFY(panel().shown().plan() && panel().shown().plan()->measured);
    QCOMPARE(panel().shown().plan()->value, 0.025);
    QVERIFY(!find(Kind::Evaluated));
    document().setRank({m_layer}, 8);
    QTRY_VERIFY(panel().shown().plan() && !panel().shown().plan()->measured);
    QVERIFY(find(Kind::Evaluated));
    QCOMPARE(find(Kind::Evaluated)->value, 0.025);
    choose(ModelQuality::OutputCosine);
    QTRY_VERIFY(find(Kind::Evaluated) && find(Kind::Evaluated)->value == 0.97);
    QVERIFY(!panel().shown().plan()); // nothing predicts it
  }

  void energyFollowsFromTheSpectra() {
    choose(ModelQuality::KeptEnergy);
    document().setRank({m_layer}, 16);
    const double missing = 1 - document().spectrum(m_layer)->energyAt(16);
    const double expected = 1 - missing / static_cast<double>(document().scope().size());
    QTRY_VERIFY(panel().shown().plan() && std::abs(panel().shown().plan()->value - expected) < 1e-12);
    QVERIFY(panel().canvas()->yAxis->label().contains(QStringLiteral("energy")));
    QCOMPARE(find(Kind::Original)->value, 1.0);
    panel().measureQuantisation();
    QVERIFY(test::waitIdle(m_window->jobs(), 60000));
    QTRY_VERIFY(find(Kind::Quantised));
    QVERIFY(find(Kind::Quantised)->measured);
    QVERIFY(find(Kind::Quantised)->value > 0.99 && find(Kind::Quantised)->value < 1);
    // What the user chose stays when the advice tells its news again.
    emit advising().changed();
    QCOMPARE(panel().qualityBox()->currentData().toInt(), static_cast<int>(ModelQuality::KeptEnergy));
  }

  void aPointSaysWhatItIs() {
    document().setRank({m_layer}, 4);
    QTRY_VERIFY(panel().shown().plan());
    panel().canvas()->replot(QCustomPlot::rpImmediateRefresh);
    const TradeOffMark& best = *find(Kind::Recommended);
    const QPointF at(panel().canvas()->xAxis->coordToPixel(static_cast<double>(best.bytes) / 1048576),
                     panel().canvas()->yAxis->coordToPixel(best.value));
    QCOMPARE(markAt(*panel().canvas(), panel().shown(), at + QPointF(3, -3)), &best);
    QVERIFY(!markAt(*panel().canvas(), panel().shown(), QPointF(1, 1)));
    const QString words = describe(best, ModelQuality::Kl);
    QVERIFY2(words.contains(QStringLiteral("mixed")) && words.contains(QStringLiteral("0.200")) &&
                 words.contains(QStringLiteral("measured")),
             qPrintable(words));
  }

  void theLegendCoversNoPoint() {
    document().setRank({m_layer}, 4);
    QTRY_VERIFY(panel().shown().plan());
    QCustomPlot& plot = *panel().canvas();
    plot.replot(QCustomPlot::rpImmediateRefresh);
    QVERIFY(plot.legend->visible());
    for (const TradeOffMark& mark : panel().shown().marks) {
      const QPoint at(static_cast<int>(plot.xAxis->coordToPixel(static_cast<double>(mark.bytes) / 1048576)),
                      static_cast<int>(plot.yAxis->coordToPixel(mark.value)));
      QVERIFY2(!plot.legend->outerRect().contains(at), qPrintable(mark.name));
    }
  }

  /// Where curves leave no free place, the legend goes below the axes, and comes back when there is room again.
  void theLegendLeavesPlotsThatAreFull() {
    m_window->resize(1280, 1200); // a lower plot would have no height to spare
    document().setRank({m_layer}, 4);
    QTRY_VERIFY(panel().shown().plan());
    QCustomPlot& plot = *panel().canvas();
    const auto isBelow = [&plot] { return plot.legend->outerRect().top() >= plot.axisRect()->rect().bottom(); };
    const auto coversACurve = [&plot] {
      for (int i = 0; i < plot.graphCount(); ++i) {
        const QCPGraph& graph = *plot.graph(i);
        for (const QCPGraphData& point : *graph.data())
          if (plot.legend->outerRect().contains(graph.coordsToPixels(point.key, point.value).toPoint())) return true;
      }
      return false;
    };
    plot.replot(QCustomPlot::rpImmediateRefresh);
    QVERIFY(!isBelow() && !coversACurve());
    QCPGraph* zigzag = plot.addGraph(); // all over the axes
    zigzag->removeFromLegend();
    const QCPRange x = plot.xAxis->range(), y = plot.yAxis->range();
    for (int i = 0; i <= 200; ++i) zigzag->addData(x.lower + x.size() * i / 200, i % 2 == 0 ? y.lower : y.upper);
    plot.replot(QCustomPlot::rpImmediateRefresh);
    QTRY_VERIFY(isBelow());
    plot.replot(QCustomPlot::rpImmediateRefresh);
    QVERIFY(isBelow() && !coversACurve());
    QVERIFY(plot.axisRect()->height() > plot.height() / 3);
    QVERIFY(plot.legend->outerRect().right() <= plot.width());
    document().setRank({m_layer}, 5); // is drawn anew
    QTRY_VERIFY(!isBelow());
  }

  void withoutEvaluationOnlyEnergyIsOffered() {
    const test::TemporaryFolder folder;
    const auto other = test::writeSmallModel(folder / "neo", test::SmallFamily::GptNeo);
    open(other);
    QCOMPARE(panel().qualityBox()->currentData().toInt(), static_cast<int>(ModelQuality::KeptEnergy));
    const auto& items = *static_cast<QStandardItemModel*>(panel().qualityBox()->model());
    QVERIFY(items.item(0)->isEnabled() && !items.item(1)->isEnabled() && !items.item(2)->isEnabled());
  }

 private:
  TradeOffPanel& panel() { return *m_window->findChild<TradeOffPanel*>(); }
  void choose(ModelQuality quality) {
    QComboBox& box = *panel().qualityBox();
    box.setCurrentIndex(box.findData(static_cast<int>(quality)));
    emit box.activated(box.currentIndex());
  }
  const TradeOffMark* find(Kind kind) {
    const auto& marks = panel().shown().marks;
    const auto found = std::find_if(marks.begin(), marks.end(), [kind](const auto& mark) { return mark.kind == kind; });
    return found == marks.end() ? nullptr : &*found;
  }

  LayerId m_layer{};
};

RANKSCOPE_WINDOW_TEST_MAIN(TestTradeOffPanel)
#include "tst_tradeoff_panel.moc"
