// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/words.h"

#include <QLocale>

#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::ui;

class TestWords final : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }

  void onlyNoDivergenceReadsAsZero() {
    QCOMPARE(words::nats(0), QStringLiteral("0"));
    QCOMPARE(words::nats(1.23456), QStringLiteral("1.235"));
    QCOMPARE(words::nats(0.0041), QStringLiteral("0.0041"));
    QCOMPARE(words::nats(0.00041), QStringLiteral("0.00041"));
    QCOMPARE(words::nats(0.0000041), QStringLiteral("4.1e-06"));
    const QLocale before;
    QLocale::setDefault(QLocale(QLocale::Portuguese, QLocale::Brazil));
    QCOMPARE(words::nats(0.00041), QStringLiteral("0,00041"));
    QLocale::setDefault(before);
  }

  void cosinesNeverRoundUpToOne() {
    QCOMPARE(words::cosine(0.74651), QStringLiteral("0.747"));
    QCOMPARE(words::cosine(1.0), QStringLiteral("1.000"));
    QCOMPARE(words::cosine(0.99997), QStringLiteral("0.99997"));
    QCOMPARE(words::cosine(0.99999999), QStringLiteral("0.99999"));
  }

  void errorsAreInPercent() {
    QCOMPARE(words::relativeError(0.8381), QStringLiteral("83.8 %"));
    QCOMPARE(words::relativeError(0.0077), QStringLiteral("0.77 %"));
    QCOMPARE(words::relativeError(0.00012), QStringLiteral("0.012 %"));
    QCOMPARE(words::relativeError(0), QStringLiteral("0.0 %"));
  }

  void bytesHaveBinaryUnits() {
    QCOMPARE(words::bytes(0), QStringLiteral("0 B"));
    QCOMPARE(words::bytes(1023), QStringLiteral("1,023 B"));
    QCOMPARE(words::bytes(1536), QStringLiteral("1.5 KiB"));
    QCOMPARE(words::bytes(56623104), QStringLiteral("54.0 MiB"));
    QCOMPARE(words::bytes(std::uint64_t{5} << 40), QStringLiteral("5.0 TiB"));
  }

  void numbersFollowTheLocale() {
    QLocale::setDefault(QLocale(QLocale::Portuguese, QLocale::Brazil));
    QCOMPARE(words::cosine(0.74651), QStringLiteral("0,747"));
    QCOMPARE(words::count(50257), QStringLiteral("50.257"));
    QCOMPARE(words::shape(768, 50257), QStringLiteral("768 × 50257"));
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
  }

  void durationsAreRoundedUp() {
    QCOMPARE(words::duration(0.2), QStringLiteral("1 s"));
    QCOMPARE(words::duration(61), QStringLiteral("1 min 1 s"));
    QCOMPARE(words::duration(3900), QStringLiteral("1 h 5 min"));
  }

  void namesLoseWhatAllShare() {
    LayerInfo layer;
    layer.name = "transformer.h.5.attn.attention.k_proj.weight";
    QCOMPARE(words::shortName(layer), QStringLiteral("h.5.attn.attention.k_proj"));
    layer.name = "model.layers.0.mlp.up_proj.weight";
    QCOMPARE(words::shortName(layer), QStringLiteral("layers.0.mlp.up_proj"));
  }

  void troubleSaysWhatCanBeDone() {
    const auto trouble = words::trouble(Error(ErrorKind::NoSpace, "cannot write run.h5: no space left"));
    QCOMPARE(trouble.what, QStringLiteral("Cannot write run.h5: no space left"));
    QVERIFY(trouble.advice.contains(QStringLiteral("space")));
    QVERIFY(words::trouble(Error(ErrorKind::Unsupported, "x.bin is a pickle: convert it")).advice.isEmpty());
  }

  void marksDifferWithoutColour() {
    QStringList marks;
    for (const Verdict verdict : kVerdicts) marks.append(words::verdictMark(verdict));
    marks.removeDuplicates();
    QCOMPARE(marks.size(), 5);
  }
};

RANKSCOPE_TEST_MAIN(TestWords)
#include "tst_words.moc"
