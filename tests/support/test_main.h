// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QCoreApplication>
#include <QtTest>

#include "core/linalg/blas_core_type.h"

/// main() of a test without a window; as the programs do, it lets OpenBLAS use what the processor can do.
#define RANKSCOPE_TEST_MAIN(TestClass)          \
  int main(int argc, char** argv) {             \
    rankscope::useBestBlasCoreType(argv);       \
    QCoreApplication application(argc, argv);   \
    TestClass test;                             \
    return QTest::qExec(&test, argc, argv);     \
  }
