// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointF>

#include "ui/document/trade_off.h"

class QCustomPlot;

namespace rankscope::ui {

struct Theme;

/// Bytes of the whole model across, the quality up (KL on a logarithmic axis). What is predicted is hollow or a line,
/// what was measured filled; the plan carries the range of its prediction. Names stand where they cover none another.
void drawTradeOff(QCustomPlot& plot, const Theme& theme, const TradeOff& tradeOff, ModelQuality quality);

/// What a mark is, in words: name, size, quality, and whether that was measured.
QString describe(const TradeOffMark& mark, ModelQuality quality);

/// The mark under a pixel; null where there is none.
const TradeOffMark* markAt(const QCustomPlot& plot, const TradeOff& tradeOff, const QPointF& at);

} // namespace rankscope::ui
