// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/study_words.h"

#include <QLocale>

#include "core/evaluate/study_words.h"
#include "tests/support/test_main.h"
#include "ui/translations.h"

using namespace rankscope;
using namespace rankscope::ui;

namespace {

StudyReport report(double exponent, double halfWidth, bool saturated, double last) {
  StudyReport report;
  PowerFit fit;
  fit.exponent = exponent;
  fit.halfWidth95 = halfWidth;
  fit.points = 7;
  fit.saturated = saturated;
  report.errorFit = fit;
  report.singleError = 0.071;
  report.sweepMeans = {{1, 0.071, 0.01}, {36, last, 0.9}};
  LayerEffect layer;
  layer.weights.cosine = 0.811;
  layer.outputs.cosine = last > 0.3 ? 0.931 : 0.7;
  report.layers = {layer, layer};
  Nearness first, deep;
  first.relativeError = 0.32;
  deep.relativeError = last;
  report.depth = {first, deep};
  report.together.emplace();
  report.together->logits.cosine = 0.943;
  report.together->centeredLogits.cosine = 0.922;
  report.together->kl.mean = 0.562;
  report.together->original.value = 6.531;
  report.together->compressed.value = 11.534;
  return report;
}

} // namespace

class TestStudyWords final : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }

  void inEnglishTheWindowSaysWhatReportsSay() {
    const double never = std::numeric_limits<double>::infinity();
    for (const StudyReport& study :
         {report(0.53, 0.06, false, 0.53), report(0.3, 0.9, true, 0.05), report(0.25, 0.01, false, 0.6),
          report(0.8, never, false, 0.4), report(-0.45, 0.3, false, 0.02)}) {
      QStringList core;
      for (const std::string& sentence : studySentences(study)) core.append(QString::fromStdString(sentence));
      QCOMPARE(studyWords(study), core);
    }
  }

  void inPortugueseItSpeaksPortuguese() {
    speak(*QCoreApplication::instance(), QLocale(QLocale::Portuguese, QLocale::Brazil));
    const QStringList all = studyWords(report(0.53, 0.06, false, 0.53));
    QCOMPARE(all.size(), 6);
    QVERIFY2(all[0].contains(QStringLiteral("N^0,53 ± 0,06")) && all[0].contains(QStringLiteral("ruído")),
             qPrintable(all[0]));
    for (const QString& sentence : all)
      QVERIFY2(!sentence.contains(QStringLiteral(" the ")) && !sentence.contains(QStringLiteral("layer")),
               qPrintable(sentence));
  }
};

RANKSCOPE_TEST_MAIN(TestStudyWords)
#include "tst_study_words.moc"
