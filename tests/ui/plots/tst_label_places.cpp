// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/label_places.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/ui/window_test.h"

using namespace rankscope::ui;

/// Where words, legends and names stand, as geometry alone.
class TestLabelPlaces final : public QObject {
  Q_OBJECT

 private slots:
  void theFirstFreePlaceIsTaken() {
    const QRectF room(0, 0, 100, 100);
    const std::vector<QRectF> places{{0, 0, 40, 10}, {50, 0, 40, 10}, {0, 50, 40, 10}};
    QCOMPARE(freePlace(places, {}, room), places[0]);
    QCOMPARE(freePlace(places, {{10, 5, 5, 5}}, room), places[1]);
    QCOMPARE(freePlace(places, {{10, 5, 5, 5}, {0, 0, 100, 20}}, room), places[2]);
    // Nothing is free: the least is covered; outside of the room counts as covered.
    QCOMPARE(freePlace({{0, 0, 40, 10}, {0, 50, 40, 10}}, {{0, 0, 40, 10}, {0, 50, 4, 4}}, room),
             QRectF(0, 50, 40, 10));
    QCOMPARE(freePlace({{80, 0, 40, 10}, {0, 0, 40, 10}}, {}, room), QRectF(0, 0, 40, 10));
  }

  void wordsAreBrokenIntoLines() {
    const QFontMetrics font{QFont()};
    const QString text = QStringLiteral("No tokenizer is known for this family, so the model cannot be run here");
    const int width = font.horizontalAdvance(text) / 3;
    const QStringList lines = wrapped(text, width, font).split(QLatin1Char('\n'));
    QVERIFY(lines.size() >= 3);
    for (const QString& line : lines) QVERIFY(font.horizontalAdvance(line) <= width);
    QCOMPARE(lines.join(QLatin1Char(' ')), text);
    QCOMPARE(wrapped(text, 10000, font), text);
    QCOMPARE(wrapped(QStringLiteral("a word"), 0, font), QStringLiteral("a\nword"));
  }

  void cornersComeFirst() {
    const QRectF room(10, 20, 200, 100);
    const QSizeF size(60, 30);
    const std::vector<QRectF> places = placesWithin(room, size, Qt::AlignBottom | Qt::AlignLeft);
    QCOMPARE(places.front(), QRectF(QPointF(10, 90), size));
    for (const QRectF& place : places) {
      QVERIFY(room.contains(place));
      QCOMPARE(place.size(), size);
    }
    // Nearest to the wanted corner, along an edge, where no corner is free.
    const std::vector<QRectF> corners(places.begin(), places.begin() + 5);
    const QRectF next = freePlace(places, corners, room);
    QCOMPARE(next.left(), 10.0);
    QVERIFY(next.bottom() < 90 && next.bottom() > 80);
    // A room that is too small has one place, which sticks out of it.
    for (const QRectF& place : placesWithin({0, 0, 20, 20}, size, {})) QCOMPARE(place, QRectF(QPointF(0, 0), size));
  }

  void aSteepCurveHasNoGaps() {
    const QRectF room(0, 0, 100, 100);
    const std::vector<QPointF> steep{{0, 100}, {10, 0}, {100, 0}};
    const std::vector<QRectF> spots = spotsAlong(steep, 4, room);
    for (double y = 0; y <= 100; ++y) {
      const QPointF on(10 * (1 - y / 100), y);
      QVERIFY2(std::any_of(spots.begin(), spots.end(), [&](const QRectF& spot) { return spot.contains(on); }),
               qPrintable(QString::number(y)));
    }
    QVERIFY(spots.size() < 60);
  }

  void whatLiesOutsideIsLeftOut() {
    const QRectF room(0, 0, 100, 100);
    // Zoomed far in: a segment that is a million pixels long.
    QVERIFY(spotsAlong(std::vector<QPointF>{{-5e5, 50}, {5e5, 50}}, 4, room).size() <= 27);
    QVERIFY(spotsAlong(std::vector<QPointF>{{-5e5, 200}, {5e5, 200}}, 4, room).empty());
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    QCOMPARE(spotsAlong(std::vector<QPointF>{{10, 10}, {kNaN, 20}, {90, 10}}, 4, room).size(), std::size_t{2});
  }

  /// A legend beside cosines, which rise steeply from the corner that it prefers.
  void aLegendGoesWhereNoCurveIs() {
    const QRectF room(0, 0, 240, 120);
    std::vector<QPointF> rising;
    for (int rank = 0; rank <= 12; ++rank) rising.emplace_back(20 * rank, 118 - 110 * std::sqrt(rank / 12.0));
    const std::vector<QRectF> spots = spotsAlong(rising, 6, room);
    const QRectF word(100, 90, 60, 16); // in the corner that is free of curves
    const QRectF legend = freePlace(placesWithin(room, {100, 46}, Qt::AlignTop | Qt::AlignLeft), {word}, room, spots);
    QVERIFY(room.contains(legend) && !legend.intersects(word));
    for (const QRectF& spot : spots) QVERIFY(!legend.intersects(spot));
  }
};

RANKSCOPE_WINDOW_TEST_MAIN(TestLabelPlaces)
#include "tst_label_places.moc"
