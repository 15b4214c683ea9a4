// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QRectF>

namespace rankscope::ui {

/// Of `places` the first that lies inside `room` and touches neither `words` nor `spots` (pieces of curves); where there
/// is none, the one with the least area on them or outside. A word that is covered or cut off is lost, a piece of a
/// curve is not: words and the outside weigh far more. `places` must not be empty.
QRectF freePlace(const std::vector<QRectF>& places, const std::vector<QRectF>& words, const QRectF& room,
                 const std::vector<QRectF>& spots = {});

/// The places of a label of `size` beside a point, `gap` pixels away: above and below, right and left of it.
std::vector<QRectF> placesBeside(const QPointF& point, const QSizeF& size, double gap);

} // namespace rankscope::ui
