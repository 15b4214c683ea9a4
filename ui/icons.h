// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QIcon>

namespace rankscope::ui {

/// Makes icons and help pages, which lie in a static library, known. icon() does it by itself.
void registerResources();

/// One of resources/icons by name, drawn in the colour that button text has at the moment of painting, so that a change
/// of theme needs no new icons.
QIcon icon(const char* name);

} // namespace rankscope::ui
