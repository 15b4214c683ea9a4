// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QApplication>
#include <QtTest>

#include "core/linalg/blas_core_type.h"
#include "tests/support/temporary.h"
#include "ui/theme.h"

/// main() of a test with widgets. Settings and run files of the program go to a folder that is removed at the end.
#define RANKSCOPE_WINDOW_TEST_MAIN(TestClass)                                                                          \
  int main(int argc, char** argv) {                                                                                    \
    rankscope::useBestBlasCoreType(argv);                                                                              \
    const rankscope::test::TemporaryFolder home;                                                                       \
    for (const char* place : {"XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HF_HOME"})                        \
      qputenv(place, home.path().string().c_str());                                                                    \
    QApplication application(argc, argv);                                                                              \
    QApplication::setApplicationName(QStringLiteral("rankscope-test"));                                                \
    QApplication::setOrganizationName(QStringLiteral("rankscope-test"));                                               \
    rankscope::ui::applyTheme(application, rankscope::ui::ThemeChoice::Light);                                         \
    TestClass test;                                                                                                    \
    return QTest::qExec(&test, argc, argv);                                                                            \
  }
