// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/label_places.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <optional>

#include <QStringList>

namespace rankscope::ui {

namespace {

constexpr double kWeightOfWords = 1e4;

double area(const QRectF& rect) {
  return rect.isEmpty() ? 0 : rect.width() * rect.height();
}

/// The part of the way from `from` to `to`, between 0 and 1, that lies in `room`; empty where upper < lower (Liang and
/// Barsky).
struct Part {
  double lower = 0, upper = 1;
};
Part partWithin(const QRectF& room, const QPointF& from, const QPointF& to) {
  Part part;
  const auto keep = [&part](double start, double way, double low, double high) {
    if (way == 0) {
      if (start < low || start > high) part.upper = -1;
      return;
    }
    const double a = (low - start) / way, b = (high - start) / way;
    part.lower = std::max(part.lower, std::min(a, b));
    part.upper = std::min(part.upper, std::max(a, b));
  };
  keep(from.x(), to.x() - from.x(), room.left(), room.right());
  keep(from.y(), to.y() - from.y(), room.top(), room.bottom());
  return part;
}

} // namespace

QRectF freePlace(const std::vector<QRectF>& places, const std::vector<QRectF>& words, const QRectF& room,
                 const std::vector<QRectF>& spots) {
  assert(!places.empty());
  QRectF best;
  double least = std::numeric_limits<double>::infinity();
  for (const QRectF& place : places) {
    double lost = area(place) - area(place & room), covered = 0;
    for (const QRectF& word : words) lost += area(place & word);
    for (const QRectF& spot : spots) covered += area(place & spot);
    const double cost = kWeightOfWords * lost + covered;
    if (cost < least) {
      least = cost;
      best = place;
    }
    if (least <= 0) break;
  }
  return best;
}

bool isFree(const QRectF& place, const std::vector<QRectF>& words, const QRectF& room,
            const std::vector<QRectF>& spots) {
  const auto touches = [&](const QRectF& other) { return area(place & other) > 0; };
  return area(place) - area(place & room) <= 0 && std::ranges::none_of(words, touches) &&
         std::ranges::none_of(spots, touches);
}

std::vector<QRectF> placesWithin(const QRectF& room, const QSizeF& size, Qt::Alignment first) {
  constexpr int kSteps = 12; // along each side
  const QSizeF free(std::max(0.0, room.width() - size.width()), std::max(0.0, room.height() - size.height()));
  const auto at = [&](int column, int row) {
    const QPointF from(free.width() * column / kSteps, free.height() * row / kSteps);
    return QRectF(room.topLeft() + from, size);
  };
  const QRectF wanted = at(first & Qt::AlignRight ? kSteps : 0, first & Qt::AlignBottom ? kSteps : 0);
  std::vector<QRectF> places{wanted, at(kSteps, 0), at(0, kSteps), at(kSteps, kSteps), at(0, 0)};
  for (int ring = 0; ring <= kSteps / 2; ++ring) {
    const auto outer = static_cast<std::ptrdiff_t>(places.size());
    for (int row = ring; row <= kSteps - ring; ++row)
      for (int column = ring; column <= kSteps - ring; ++column)
        if (std::min({row, column, kSteps - row, kSteps - column}) == ring) places.push_back(at(column, row));
    std::stable_sort(places.begin() + outer, places.end(), [&](const QRectF& a, const QRectF& b) {
      return (a.topLeft() - wanted.topLeft()).manhattanLength() < (b.topLeft() - wanted.topLeft()).manhattanLength();
    });
  }
  return places;
}

std::vector<QRectF> spotsAlong(std::span<const QPointF> points, double side, const QRectF& room) {
  std::vector<QRectF> spots;
  const auto add = [&](const QPointF& at) {
    const QRectF spot(at.x() - side / 2, at.y() - side / 2, side, side);
    if (room.intersects(spot)) spots.push_back(spot);
  };
  std::optional<QPointF> last;
  for (const QPointF& point : points) {
    if (!std::isfinite(point.x()) || !std::isfinite(point.y())) {
      last.reset();
      continue;
    }
    if (!last) add(point);
    const QPointF from = last.value_or(point);
    const double length = std::hypot(point.x() - from.x(), point.y() - from.y());
    if (last && length < side) continue; // too near to say more
    if (length > 0) {
      const Part part = partWithin(room, from, point);
      for (double way = std::max(side, std::ceil(part.lower * length / side) * side); way < part.upper * length;
           way += side)
        add(from + (point - from) * (way / length));
      add(point);
    }
    last = point;
  }
  return spots;
}

std::vector<QRectF> placesBeside(const QPointF& point, const QSizeF& size, double gap) {
  const double right = point.x() + gap, left = point.x() - gap - size.width();
  const double above = point.y() - gap / 2 - size.height(), below = point.y() + gap / 2;
  std::vector<QRectF> places;
  for (const QPointF& corner :
       {QPointF(right, above), QPointF(left, above), QPointF(right, below), QPointF(left, below)})
    places.emplace_back(corner, size);
  const double middle = point.x() - size.width() / 2;
  places.emplace_back(QPointF(middle, point.y() - gap - size.height()), size);
  places.emplace_back(QPointF(middle, point.y() + gap), size);
  return places;
}

QString wrapped(const QString& text, int width, const QFontMetrics& font) {
  QStringList lines;
  for (const QString& word : text.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
    if (!lines.isEmpty() && font.horizontalAdvance(lines.back() + QLatin1Char(' ') + word) <= width)
      lines.back() += QLatin1Char(' ') + word;
    else
      lines.append(word);
  }
  return lines.join(QLatin1Char('\n'));
}

} // namespace rankscope::ui
