// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme.h"

#include <cmath>

#include <QApplication>
#include <QDBusConnection>
#include <QDBusInterface>
#include <QDBusReply>
#include <QDBusVariant>
#include <QStyleFactory>

namespace rankscope::ui {

namespace {

struct Shades {
  QColor window, base, alternate, text, faint, button, border, highlight, highlightedText, link;
};

QPalette paletteOf(const Shades& s) {
  QPalette p;
  p.setColor(QPalette::Window, s.window);
  p.setColor(QPalette::WindowText, s.text);
  p.setColor(QPalette::Base, s.base);
  p.setColor(QPalette::AlternateBase, s.alternate);
  p.setColor(QPalette::Text, s.text);
  p.setColor(QPalette::PlaceholderText, s.faint);
  p.setColor(QPalette::Button, s.button);
  p.setColor(QPalette::ButtonText, s.text);
  p.setColor(QPalette::BrightText, Qt::white);
  p.setColor(QPalette::ToolTipBase, s.base);
  p.setColor(QPalette::ToolTipText, s.text);
  p.setColor(QPalette::Highlight, s.highlight);
  p.setColor(QPalette::HighlightedText, s.highlightedText);
  p.setColor(QPalette::Link, s.link);
  p.setColor(QPalette::LinkVisited, s.link);
  p.setColor(QPalette::Light, s.button.lighter(125));
  p.setColor(QPalette::Midlight, s.button.lighter(110));
  p.setColor(QPalette::Mid, s.border);
  p.setColor(QPalette::Dark, s.border.darker(120));
  p.setColor(QPalette::Shadow, s.border.darker(160));
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText}) {
    p.setColor(QPalette::Disabled, role, s.faint);
  }
  p.setColor(QPalette::Disabled, QPalette::Highlight, s.border);
  return p;
}

Theme makeLight() {
  Theme t;
  t.palette = paletteOf({.window = 0xf4f5f7,
                         .base = 0xffffff,
                         .alternate = 0xf7f8fa,
                         .text = 0x1d2430,
                         .faint = 0x5c6470,
                         .button = 0xf0f1f4,
                         .border = 0xc4c9d1,
                         .highlight = 0xcfe3f7,
                         .highlightedText = 0x10233a,
                         .link = 0x0b5fa5});
  t.axis = 0x4b5563;
  t.grid = 0xe3e6ea;
  t.cursor = 0xb3440a;
  t.reference = 0x5c6470;
  t.stale = 0x5c6470;
  t.bar = 0xa9cdec;
  t.note = 0xe1ecf8;
  t.success = 0xdcf1e4;
  t.problem = 0xfbe3dc;
  t.verdict = {QColor(0x0b5fa5), QColor(0x00704f), QColor(0x84600a), QColor(0xb3440a), QColor(0x93356b)};
  t.series = {QColor(0x0072b2), QColor(0xd55e00), QColor(0x009e73), QColor(0xcc79a7),
              QColor(0xb58900), QColor(0x56b4e9), QColor(0x5b4b9a), QColor(0x444444)};
  return t;
}

Theme makeDark() {
  Theme t;
  t.dark = true;
  t.palette = paletteOf({.window = 0x23272e,
                         .base = 0x1b1e24,
                         .alternate = 0x20242b,
                         .text = 0xe3e6ea,
                         .faint = 0x98a1ae,
                         .button = 0x2d323a,
                         .border = 0x454c57,
                         .highlight = 0x27496b,
                         .highlightedText = 0xf4f7fa,
                         .link = 0x6cb8f0});
  t.axis = 0xb4bbc6;
  t.grid = 0x2f353e;
  t.cursor = 0xf0915a;
  t.reference = 0x98a1ae;
  t.stale = 0x98a1ae;
  t.bar = 0x2d5f8c;
  t.note = 0x22364c;
  t.success = 0x1f3d30;
  t.problem = 0x4a2b24;
  t.verdict = {QColor(0x6cb8f0), QColor(0x3cc79c), QColor(0xe6b422), QColor(0xf0915a), QColor(0xe08fbc)};
  t.series = {QColor(0x56b4e9), QColor(0xe6823c), QColor(0x2fc498), QColor(0xdc93bd),
              QColor(0xf0e442), QColor(0x7f9cf5), QColor(0xb9a3e3), QColor(0xd0d4da)};
  return t;
}

double luminance(const QColor& colour) {
  const auto linear = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
  return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF());
}

} // namespace

const Theme& lightTheme() {
  static const Theme theme = makeLight();
  return theme;
}

const Theme& darkTheme() {
  static const Theme theme = makeDark();
  return theme;
}

const Theme& themeFor(const QPalette& palette) {
  return palette.color(QPalette::Base).lightness() < 128 ? darkTheme() : lightTheme();
}

bool systemPrefersDark() {
  QDBusInterface portal(QStringLiteral("org.freedesktop.portal.Desktop"),
                        QStringLiteral("/org/freedesktop/portal/desktop"),
                        QStringLiteral("org.freedesktop.portal.Settings"), QDBusConnection::sessionBus());
  if (!portal.isValid()) return false;
  portal.setTimeout(500);
  const QDBusReply<QDBusVariant> reply =
      portal.call(QStringLiteral("Read"), QStringLiteral("org.freedesktop.appearance"), QStringLiteral("color-scheme"));
  if (!reply.isValid()) return false;
  QVariant value = reply.value().variant();
  if (value.canConvert<QDBusVariant>()) value = value.value<QDBusVariant>().variant();
  return value.toUInt() == 1; // 1: prefer dark, 2: prefer light, 0: no preference
}

void applyTheme(QApplication& application, ThemeChoice choice) {
  const bool dark = choice == ThemeChoice::Dark || (choice == ThemeChoice::System && systemPrefersDark());
  application.setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
  application.setPalette(dark ? darkTheme().palette : lightTheme().palette);
}

double contrast(const QColor& a, const QColor& b) {
  const double la = luminance(a), lb = luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

} // namespace rankscope::ui
