// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMargins>
#include <QSize>

namespace rankscope::ui {

/// The size of a window without its frame: as wished, but no larger than a screen has room for with the frame around
/// it.
QSize firstSize(const QSize& wished, const QSize& available, const QMargins& frame);

/// What a window manager usually puts around a window; what it really is shows only once the window is there.
inline constexpr QMargins kUsualFrame{4, 40, 4, 4};

} // namespace rankscope::ui
