// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/kl_text.h"

#include <cmath>

#include "tests/support/test_main.h"

using rankscope::klText;

class TestKlText final : public QObject {
  Q_OBJECT

 private slots:
  void onlyNothingReadsAsNothing() {
    QCOMPARE(klText(0), std::string("0"));
    QCOMPARE(klText(1.23456), std::string("1.235"));
    QCOMPARE(klText(0.0104), std::string("0.010"));
    QCOMPARE(klText(0.0041), std::string("0.0041"));
    QCOMPARE(klText(0.004), std::string("0.0040"));
    QCOMPARE(klText(0.00041), std::string("0.00041"));
    QCOMPARE(klText(0.0000041), std::string("4.1e-06"));
    QCOMPARE(klText(NAN), std::string("-"));
  }
};

RANKSCOPE_TEST_MAIN(TestKlText)
#include "tst_kl_text.moc"
