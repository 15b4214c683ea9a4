// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/label_places.h"

#include <cassert>
#include <limits>

namespace rankscope::ui {

namespace {

constexpr double kWeightOfWords = 1e4;

double area(const QRectF& rect) {
  return rect.isEmpty() ? 0 : rect.width() * rect.height();
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

} // namespace rankscope::ui
