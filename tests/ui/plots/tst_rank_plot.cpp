// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/rank_plot.h"

#include <cmath>

#include <qcustomplot.h>

#include "tests/ui/window_test.h"
#include "ui/plots/plot_files.h"

using namespace rankscope;
using namespace rankscope::ui;

namespace {

/// σ like those of a 768 × 768 attention matrix, and the random matrix of the same norm.
std::vector<Series> spectra(int layers) {
  std::vector<Series> all;
  for (int layer = 0; layer < layers; ++layer) {
    Series one;
    one.name = QStringLiteral("h.%1.attn.attention.out_proj").arg(layer);
    for (int i = 1; i <= 768; ++i) {
      one.curve.x.push_back(i);
      one.curve.y.push_back(8 * std::exp(-i / (150.0 + 20 * layer)) + 0.01);
    }
    all.push_back(one);
  }
  Series noise;
  noise.name = QStringLiteral("random matrix of this norm");
  noise.reference = true;
  for (int i = 1; i <= 768; ++i) {
    noise.curve.x.push_back(i);
    noise.curve.y.push_back(3.2 * std::sqrt(std::max(1e-4, 1 - i / 769.0)));
  }
  all.push_back(noise);
  return all;
}

/// What a rank keeps of such matrices: steep at the start, where few points lie far apart.
std::vector<Series> cosines(int layers) {
  std::vector<Series> all = spectra(layers);
  for (Series& one : all) {
    double whole = 0, sum = 0;
    for (const double sigma : one.curve.y) whole += sigma * sigma;
    for (double& y : one.curve.y) {
      sum += y * y;
      y = std::sqrt(sum / whole);
    }
  }
  return all;
}

QString told(const QRectF& rect) {
  return QStringLiteral("[%1 %2 %3×%4] ").arg(rect.x()).arg(rect.y()).arg(rect.width()).arg(rect.height());
}

const std::vector<Mark> kMarks{{384, QStringLiteral("break-even"), true, true},
                               {1.8, QStringLiteral("noise edge"), false, false, false, true},
                               {2.1, QStringLiteral("Gavish–Donoho"), false, false}};

} // namespace

class TestRankPlot final : public QObject {
  Q_OBJECT

 private slots:
  void wordsDoNotCoverEachOther_data() {
    QTest::addColumn<QSize>("size");
    QTest::addColumn<int>("layers");
    for (const QSize& size : {QSize(900, 320), QSize(620, 200), QSize(470, 190), QSize(420, 300)})
      for (const int layers : {1, 3, 24})
        QTest::addRow("%dx%d, %d layers", size.width(), size.height(), layers) << size << layers;
  }

  void wordsDoNotCoverEachOther() {
    QFETCH(QSize, size);
    QFETCH(int, layers);
    RankPlot plot;
    plot.resize(size);
    plot.setTitles(QStringLiteral("σ"), QStringLiteral("rank"));
    plot.setScales(RankPlot::Scale::Linear, RankPlot::Scale::Log);
    plot.setLegendCorner(Qt::AlignBottom | Qt::AlignLeft);
    plot.QWidget::show();
    QVERIFY(QTest::qWaitForWindowExposed(&plot));
    plot.show(spectra(layers), kMarks, {-8, 776}, {0.008, 12}, false);
    plot.canvas()->replot(QCustomPlot::rpImmediateRefresh);
    const std::vector<QRectF> rects = plot.labelRects();
    QVERIFY(plot.canvas()->height() > 100);
    QCOMPARE(rects.size(), kMarks.size() + 1); // the marks, and a legend or the reference curve's name
    const QRectF room = plot.canvas()->axisRect()->rect();
    for (std::size_t i = 0; i < rects.size(); ++i) {
      QVERIFY2(room.adjusted(-2, -2, 2, 2).contains(rects[i]), qPrintable(QStringLiteral("word %1").arg(i)));
      for (std::size_t j = 0; j < i; ++j)
        QVERIFY2(!rects[i].intersects(rects[j]), qPrintable(told(rects[i]) + told(rects[j]) + told(room)));
    }
    QCOMPARE(plot.canvas()->legend->visible(), layers > 1);
  }

  /// Both lines lie where the curve begins, as close to each other as a model's are.
  void wordsOfLinesKeepClearOfTheCurve() {
    RankPlot plot;
    plot.resize(560, 270);
    plot.setScales(RankPlot::Scale::Linear, RankPlot::Scale::Log);
    plot.QWidget::show();
    QVERIFY(QTest::qWaitForWindowExposed(&plot));
    Series one;
    for (int i = 1; i <= 256; ++i) {
      one.curve.x.push_back(i);
      one.curve.y.push_back(i < 250 ? 0.75 * std::exp(-i / 120.0) : 0.1 * std::exp(250.0 - i));
    }
    const std::vector<Mark> lines{{0.75, QStringLiteral("noise edge"), false, false, false, true},
                                  {0.85, QStringLiteral("Gavish–Donoho"), false, false}};
    plot.show({one}, lines, {-3, 259}, {0.0002, 1.2}, false);
    plot.canvas()->replot(QCustomPlot::rpImmediateRefresh);
    for (const QRectF& word : plot.labelRects())
      for (std::size_t i = 0; i < one.curve.x.size(); ++i)
        QVERIFY2(!word.contains(plot.pixelOf(one.curve.x[i], one.curve.y[i])), qPrintable(told(word)));
  }

  void aLegendKeepsClearOfTheCurves_data() {
    QTest::addColumn<QSize>("size");
    QTest::addColumn<bool>("cosine");
    for (const QSize& size : {QSize(900, 320), QSize(470, 190), QSize(330, 180), QSize(300, 420)})
      for (const bool cosine : {false, true})
        QTest::addRow("%dx%d, %s", size.width(), size.height(), cosine ? "cosine" : "sigma") << size << cosine;
  }

  void aLegendKeepsClearOfTheCurves() {
    QFETCH(QSize, size);
    QFETCH(bool, cosine);
    RankPlot plot;
    plot.resize(size);
    plot.setScales(RankPlot::Scale::Linear, RankPlot::Scale::Linear);
    plot.setLegendCorner(Qt::AlignBottom | (cosine ? Qt::AlignRight : Qt::AlignLeft));
    plot.QWidget::show();
    QVERIFY(QTest::qWaitForWindowExposed(&plot));
    const std::vector<Series> series = cosine ? cosines(3) : spectra(3);
    plot.show(series, {{384, QStringLiteral("break-even"), true, true}}, {-8, 776}, {0, cosine ? 1.03 : 8.2}, false);
    plot.canvas()->replot(QCustomPlot::rpImmediateRefresh);
    const QRectF legend = plot.labelRects().back();
    QVERIFY(legend.width() > 50 && legend.height() > 20);
    for (const Series& one : series)
      for (std::size_t i = 0; i + 1 < one.curve.x.size(); ++i) {
        // Both ends and the way between them, which is long where a curve is steep.
        for (const double part : {0.0, 0.25, 0.5, 0.75, 1.0}) {
          const QPoint at = plot.pixelOf(std::lerp(one.curve.x[i], one.curve.x[i + 1], part),
                                         std::lerp(one.curve.y[i], one.curve.y[i + 1], part));
          QVERIFY2(!legend.contains(at), qPrintable(told(legend) + QStringLiteral("%1 %2").arg(at.x()).arg(at.y())));
        }
      }
  }

  void aLongLegendSaysHowManyItLeavesOut() {
    RankPlot plot;
    plot.resize(360, 200);
    plot.QWidget::show();
    QVERIFY(QTest::qWaitForWindowExposed(&plot));
    plot.show(spectra(24), kMarks, {0, 770}, {0.01, 10}, false);
    const QCPLegend& legend = *plot.canvas()->legend;
    const auto lastLine = [&] { return qobject_cast<QCPTextElement*>(legend.elementAt(legend.elementCount() - 1)); };
    const auto named = [&] {
      int count = 0;
      for (int i = 0; i < plot.canvas()->graphCount(); ++i)
        count += legend.hasItemWithPlottable(plot.canvas()->graph(i)) ? 1 : 0;
      return count;
    };
    QVERIFY(lastLine());
    QVERIFY(named() > 1 && named() < 24);
    QVERIFY(plot.canvas()->graph(0)->name() != spectra(1).front().name); // cut short
    QVERIFY(plotCsv(*plot.canvas()).contains(spectra(1).front().name));
    QCOMPARE(lastLine()->text(), QStringLiteral("and %1 more").arg(25 - named()));
    plot.resize(900, 1000);
    QCoreApplication::processEvents();
    QCOMPARE(named(), 25);
    QVERIFY(!lastLine());
    plot.show(spectra(2), kMarks, {0, 770}, {0.01, 10}, false);
    QCOMPARE(named(), 3);
    QCOMPARE(legend.elementCount(), 3);
  }
};

RANKSCOPE_WINDOW_TEST_MAIN(TestRankPlot)
#include "tst_rank_plot.moc"
