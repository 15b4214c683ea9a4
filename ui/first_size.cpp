// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/first_size.h"

namespace rankscope::ui {

QSize firstSize(const QSize& wished, const QSize& available, const QMargins& frame) {
  return wished.boundedTo(available.shrunkBy(frame).expandedTo({1, 1}));
}

} // namespace rankscope::ui
