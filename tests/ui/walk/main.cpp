// SPDX-License-Identifier: GPL-3.0-or-later
// ui_walk THEME LANGUAGE WIDTHxHEIGHT FOLDER: walks through the window on a real display and saves pictures.
#include <cstdio>

#include <QApplication>

#include "core/linalg/blas_core_type.h"
#include "tests/support/temporary.h"
#include "tests/ui/walk/walk.h"
#include "ui/main_window.h"
#include "ui/theme.h"
#include "ui/translations.h"

#include <QtTest>

using namespace rankscope;

int main(int argc, char** argv) {
  useBestBlasCoreType(argv);
  if (argc != 5) {
    std::fputs("usage: ui_walk light|dark en|pt_BR 1280x800 FOLDER\n", stderr);
    return 2;
  }
  const test::TemporaryFolder home;
  for (const char* place : {"XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HF_HOME"})
    qputenv(place, home.path().string().c_str());
  QApplication application(argc, argv);
  QApplication::setApplicationName(QStringLiteral("rankscope-walk"));
  QApplication::setOrganizationName(QStringLiteral("rankscope-walk"));
  ui::speak(application, QLocale(QString::fromLocal8Bit(argv[2])));
  ui::applyTheme(application,
                 QLatin1String(argv[1]) == QLatin1String("dark") ? ui::ThemeChoice::Dark : ui::ThemeChoice::Light);
  const QStringList sides = QString::fromLocal8Bit(argv[3]).split(QLatin1Char('x'));
  const QDir pictures(QString::fromLocal8Bit(argv[4]));
  if (sides.size() != 2 || !pictures.mkpath(QStringLiteral("."))) return 2;
  ui::MainWindow window;
  window.setGeometry(0, 0, sides[0].toInt(), sides[1].toInt());
  window.show();
  if (!QTest::qWaitForWindowExposed(&window)) return 1;
  walk::Walk walk(window, pictures);
  walk.all();
  std::printf("%s: %d failure(s)\n", argv[4], walk.failures());
  return walk.failures() == 0 ? 0 : 1;
}
