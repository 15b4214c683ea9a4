// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>

#include <QColor>
#include <QPalette>

#include "core/compress/quality.h"

class QApplication;

namespace rankscope::ui {

enum class ThemeChoice { System, Light, Dark };

/// Every colour of the window that the palette does not have. One light and one dark; both reach a contrast of 4.5:1
/// for text on the base colour.
struct Theme {
  bool dark = false;
  QPalette palette;
  QColor axis; ///< plot axes and labels
  QColor grid;
  QColor cursor;    ///< the rank line
  QColor reference; ///< noise floor, break-even and other marks
  QColor stale;     ///< measured for a plan that has changed since
  QColor bar;       ///< in-cell rank bar
  QColor note;      ///< backgrounds of the banner
  QColor success;
  QColor problem;
  std::array<QColor, 5> verdict; ///< Okabe–Ito hues; shades chosen for contrast
  std::array<QColor, 8> series;  ///< curves, Okabe–Ito order

  QColor of(Verdict v) const { return verdict[static_cast<std::size_t>(v)]; }
};

const Theme& lightTheme();
const Theme& darkTheme();

/// The theme that belongs to a palette, so that a widget needs to know nothing but its own palette.
const Theme& themeFor(const QPalette& palette);

/// Sets style and palette of the application. System asks the desktop portal (org.freedesktop.appearance) and takes
/// light where there is no answer.
void applyTheme(QApplication& application, ThemeChoice choice);
bool systemPrefersDark();

/// Contrast ratio of two colours as WCAG 2 defines it, 1 … 21.
double contrast(const QColor& a, const QColor& b);

} // namespace rankscope::ui
