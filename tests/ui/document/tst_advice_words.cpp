// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/advice_words.h"

#include <QLocale>

#include "tests/support/test_main.h"
#include "tests/ui/advice_fixture.h"
#include "ui/models/advice_model.h"
#include "ui/translations.h"

using namespace rankscope;
using namespace rankscope::ui;

namespace {

/// With everything that sentences may be about.
Advice fullAdvice() {
  Advice advice = test::advice();
  LayerChoice int4, corrected;
  int4.base = corrected.base = StorageFormat{Storage::Int4};
  corrected.rank = 8;
  AdviceOption& best = advice.options[1];
  best.choices.layers.insert(best.choices.layers.end(), {corrected, corrected, corrected, int4, {}});
  best.description = "for every layer the best of dense, low rank, quantised, and quantised with a low-rank correction";
  best.sample.emplace();
  best.sample->repetition.repeated4grams = 0.13;
  advice.originalSample.emplace();
  advice.originalSample->repetition.repeated4grams = 0.25;
  advice.prompt = "Once upon a time";
  for (PredictionCheck& check : advice.checks) check.kl = 0.25; // predicted 0.2
  advice.options[2].meanCosine = 0.95;                          // nearer in weights, and worse
  advice.options.push_back(test::option("plain-uniform", AdviceOption::Group::InBudget, 8, 1.5));
  advice.options.push_back(test::option("as-small-as-study-doubled", AdviceOption::Group::EqualBytes, 8, 0.004));
  advice.options[0].name = "study-doubled";
  advice.options[0].description = "plain SVD, the study's rank doubled: 12.5 % of every matrix's full rank";
  return advice;
}

AdviceView viewOf(const Advice& advice) {
  return adviceFrom(toJson(advice).dump());
}

QStringList coreWords(const Advice& advice) {
  QStringList all;
  for (const std::string& sentence : adviceSentences(advice)) all.append(QString::fromStdString(sentence));
  return all;
}

} // namespace

class TestAdviceWords final : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() { speak(*QCoreApplication::instance(), QLocale(QLocale::English, QLocale::UnitedStates)); }

  void inEnglishTheWindowSaysWhatReportsSay() {
    Advice advice = fullAdvice();
    QCOMPARE(adviceWords(viewOf(advice)), coreWords(advice));
    QCOMPARE(adviceWords(viewOf(advice)).size(), 8);
    advice.options[1].measured.kl.mean = 0.6;
    advice.calibrationCovers = false;
    advice.checks.clear();
    advice.originalSample.reset();
    LayerChoice int3;
    int3.base = StorageFormat{Storage::Int3};
    advice.options[1].choices.layers = {int3};
    QCOMPARE(adviceWords(viewOf(advice)), coreWords(advice));
    QVERIFY(coreWords(advice)[1].startsWith(QStringLiteral("In it, 1 layer is stored in int3;")));
    advice.options[1].measured.kl.mean = 0.000001;
    advice.options[2].meanCosine = 0.5; // agrees now
    QCOMPARE(adviceWords(viewOf(advice)), coreWords(advice));
    advice.recommended.reset();
    QCOMPARE(adviceWords(viewOf(advice)), coreWords(advice));
  }

  void notesAreSaidAsInReports() {
    Advice advice = test::advice();
    advice.notes.push_back({AdviceNote::Why::ChangesNothing, "study-hybrid"});
    QStringList core;
    for (const AdviceNote& note : advice.notes) core.append(QString::fromStdString(words(note)));
    QCOMPARE(adviceNotes(viewOf(advice)), core);
  }

  /// Every option of `advise` is described by its name; another one as the advice itself describes it.
  void optionsAreDescribedByName() {
    AdviceRow row;
    row.description = QStringLiteral("stored");
    row.method = QStringLiteral("aware");
    for (const char* name :
         {"study-doubled", "study-selective", "study-hybrid", "plain-uniform", "plain-energy", "aware-uniform",
          "aware-energy", "fisher-uniform", "low-rank", "int8", "int4", "int3", "mixed", "as-small-as-study-hybrid"}) {
      row.name = QString::fromLatin1(name);
      QVERIFY2(optionWords(row) != row.description, name);
      QCOMPARE(optionName(row.name), row.name); // in English; plan files have these names
    }
    row.name = QStringLiteral("low-rank-sequential");
    QCOMPARE(optionWords(row), QStringLiteral("activation-aware factors, ranks by measured sensitivity; fitted layer "
                                              "after layer on what the compressed model gives it"));
    row.name = QStringLiteral("tomorrow");
    QCOMPARE(optionWords(row), row.description);
  }

  void whatAnOlderRunFileDoesNotKnowIsLeftOut() {
    nlohmann::ordered_json json = toJson(fullAdvice());
    for (const char* key : {"tokens", "prompt", "repeated_4grams_original", "note_facts"}) json.erase(key);
    for (auto& option : json["options"]) option.erase("storage");
    const AdviceView view = adviceFrom(json.dump());
    const QStringList all = adviceWords(view);
    QCOMPARE(all.size(), 6);
    QVERIFY(all.last().contains(QStringLiteral("measured on a part of stories.txt that took no part")));
    for (const QString& sentence : all) {
      QVERIFY(!sentence.contains(QStringLiteral("stored")) && !sentence.contains(QStringLiteral("4-grams")));
      QVERIFY2(!sentence.contains(QStringLiteral("nan"), Qt::CaseInsensitive), qPrintable(sentence));
    }
    QCOMPARE(adviceNotes(view).size(), 2);
    QVERIFY(adviceNotes(view).first().contains(QStringLiteral("pinned")));
  }

  void inPortugueseItSpeaksPortuguese() {
    speak(*QCoreApplication::instance(), QLocale(QLocale::Portuguese, QLocale::Brazil));
    const AdviceView view = viewOf(fullAdvice());
    const QStringList all = adviceWords(view) + adviceNotes(view);
    QVERIFY2(all[0].contains(QStringLiteral("9,00 ± 0,25")) && all[0].contains(QStringLiteral("0,200")),
             qPrintable(all[0]));
    QVERIFY2(all[1].contains(QStringLiteral("3 em int4 com")), qPrintable(all[1]));
    QVERIFY2(all.last().startsWith(QStringLiteral("int8: ")), qPrintable(all.last()));
    for (const QString& sentence : all)
      for (const char* english : {" the ", "layer", " and ", "factors", "pinned", "small enough"})
        QVERIFY2(!sentence.contains(QLatin1String(english)), qPrintable(sentence));
    QCOMPARE(stageWords(QStringLiteral("checking the prediction")), QStringLiteral("conferindo a previsão"));
    QCOMPARE(stageWords(QStringLiteral("h.0.attn")), QStringLiteral("h.0.attn"));
    AdviceModel model;
    model.show(view);
    const QString tip = model.index(1, AdviceModel::Name).data(Qt::ToolTipRole).toString();
    QVERIFY2(tip.startsWith(QStringLiteral("para cada camada")), qPrintable(tip));
  }
};

RANKSCOPE_TEST_MAIN(TestAdviceWords)
#include "tst_advice_words.moc"
