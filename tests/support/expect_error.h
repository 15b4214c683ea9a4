// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include <QtTest>

#include "core/base/error.h"

/// Fails the test unless `expression` throws an Error of this kind whose sentence contains `part`.
#define EXPECT_ERROR(expression, expectedKind, part)                                                                   \
  do {                                                                                                                 \
    std::string outcome = "no error";                                                                                  \
    try {                                                                                                              \
      static_cast<void>(expression);                                                                                   \
    } catch (const rankscope::Error& error) {                                                                          \
      outcome = std::string(name(error.kind())) + ": " + error.what();                                                 \
      if (error.kind() == (expectedKind) && outcome.find(part) != std::string::npos) outcome.clear();                  \
    }                                                                                                                  \
    QVERIFY2(                                                                                                          \
        outcome.empty(),                                                                                               \
        ("expected " + std::string(name(expectedKind)) + ": …" + std::string(part) + "… but got " + outcome).c_str()); \
  } while (false)
