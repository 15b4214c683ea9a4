// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include <QFontMetrics>
#include <QRectF>
#include <QString>

namespace rankscope::ui {

/// Of `places` the first that lies inside `room` and touches neither `words` nor `spots` (pieces of curves); where
/// there is none, the one with the least area on them or outside. A word that is covered or cut off is lost, a piece of
/// a curve is not: words and the outside weigh far more. `places` must not be empty.
QRectF freePlace(const std::vector<QRectF>& places, const std::vector<QRectF>& words, const QRectF& room,
                 const std::vector<QRectF>& spots = {});

/// Whether `place` lies inside `room` and touches neither.
bool isFree(const QRectF& place, const std::vector<QRectF>& words, const QRectF& room,
            const std::vector<QRectF>& spots = {});

/// Where a box of `size` can stand in `room`: in the corners, `first` before the others, then along the edges, then
/// further inside, near that corner first.
std::vector<QRectF> placesWithin(const QRectF& room, const QSizeF& size, Qt::Alignment first);

/// Squares of `side` one beside the other along the curve through `points`, as far as it lies in `room`: what words
/// keep clear of, also where a steep curve has points far apart.
std::vector<QRectF> spotsAlong(std::span<const QPointF> points, double side, const QRectF& room);

/// The places of a label of `size` beside a point, `gap` pixels away: above and below, right and left of it.
std::vector<QRectF> placesBeside(const QPointF& point, const QSizeF& size, double gap);

/// Words in lines no wider than `width` pixels; a word that is wider by itself has a line of its own.
QString wrapped(const QString& text, int width, const QFontMetrics& font);

} // namespace rankscope::ui
