// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme.h"

#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::ui;

class TestTheme final : public QObject {
  Q_OBJECT

 private slots:
  void contrastIsThatOfWcag() {
    QCOMPARE(contrast(Qt::black, Qt::white), 21.0);
    QCOMPARE(contrast(Qt::white, Qt::white), 1.0);
    // #767676 on white is the well-known lightest grey that passes 4.5:1.
    QVERIFY(std::abs(contrast(QColor(0x767676), Qt::white) - 4.54) < 0.01);
  }

  void everyTextHasEnoughContrast() {
    for (const Theme* theme : {&lightTheme(), &darkTheme()}) {
      const QPalette& p = theme->palette;
      for (const auto back : {QPalette::Base, QPalette::AlternateBase, QPalette::Window}) {
        const QColor paper = p.color(back);
        QVERIFY(contrast(p.color(QPalette::Text), paper) >= 4.5);
        QVERIFY2(contrast(p.color(QPalette::PlaceholderText), paper) >= 4.5, qPrintable(paper.name()));
        QVERIFY(contrast(p.color(QPalette::Link), paper) >= 4.5);
        QVERIFY(contrast(theme->axis, paper) >= 4.5);
        QVERIFY(contrast(theme->reference, paper) >= 4.5);
        QVERIFY(contrast(theme->stale, paper) >= 4.5);
        for (const Verdict verdict : kVerdicts) {
          QVERIFY2(contrast(theme->of(verdict), paper) >= 4.5, name(verdict).data());
        }
      }
      QVERIFY(contrast(p.color(QPalette::HighlightedText), p.color(QPalette::Highlight)) >= 4.5);
      for (const QColor& paper : {theme->note, theme->success, theme->problem}) {
        QVERIFY2(contrast(p.color(QPalette::WindowText), paper) >= 4.5, qPrintable(paper.name()));
      }
      QVERIFY(theme->note != theme->success && theme->success != theme->problem && theme->problem != theme->note);
    }
  }

  void verdictsDifferFromEachOther() {
    for (const Theme* theme : {&lightTheme(), &darkTheme()}) {
      for (const Verdict a : kVerdicts) {
        for (const Verdict b : kVerdicts) QCOMPARE(theme->of(a) == theme->of(b), a == b);
      }
    }
  }

  void themeFollowsThePalette() {
    QVERIFY(!themeFor(lightTheme().palette).dark);
    QVERIFY(themeFor(darkTheme().palette).dark);
  }
};

RANKSCOPE_TEST_MAIN(TestTheme)
#include "tst_theme.moc"
