// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/translations.h"

#include <QFile>
#include <QLocale>
#include <QRegularExpression>
#include <QXmlStreamReader>

#include "tests/support/test_main.h"
#include "ui/document/advice_words.h"
#include "ui/document/words.h"
#include "ui/help.h"

using namespace rankscope;
using namespace rankscope::ui;

namespace {

struct Message {
  QString source;
  QStringList translations;
  bool unfinished = false;
};

QList<Message> messages(const QString& language) {
  QFile file(QStringLiteral(RANKSCOPE_SOURCE_DIR "/resources/translations/rankscope_%1.ts").arg(language));
  if (!file.open(QIODevice::ReadOnly)) return {};
  QList<Message> all;
  QXmlStreamReader xml(&file);
  while (!xml.atEnd()) {
    if (xml.readNext() != QXmlStreamReader::StartElement) continue;
    if (xml.name() == u"message")
      all.append(Message{});
    else if (xml.name() == u"source")
      all.last().source = xml.readElementText();
    else if (xml.name() == u"translation") {
      all.last().unfinished = xml.attributes().hasAttribute(QStringLiteral("type"));
      if (xml.readNext() == QXmlStreamReader::Characters && !xml.text().trimmed().isEmpty())
        all.last().translations.append(xml.text().toString());
    } else if (xml.name() == u"numerusform")
      all.last().translations.append(xml.readElementText());
  }
  return all;
}

QStringList placeholders(const QString& text) {
  QStringList found;
  static const QRegularExpression form(QStringLiteral("%(?:\\d|n)"));
  for (auto it = form.globalMatch(text); it.hasNext();) found.append(it.next().captured());
  found.sort();
  return found;
}

} // namespace

class TestTranslations final : public QObject {
  Q_OBJECT

 private slots:
  void everyStringIsTranslated() {
    const auto all = messages(QStringLiteral("pt_BR"));
    QVERIFY(all.size() > 400);
    for (const Message& message : all) {
      QVERIFY2(!message.unfinished && !message.translations.isEmpty(), qPrintable(message.source));
      for (const QString& translation : message.translations) {
        QVERIFY2(!translation.trimmed().isEmpty() || message.source.trimmed().isEmpty(), qPrintable(message.source));
        QCOMPARE(placeholders(translation), placeholders(message.source));
      }
    }
  }

  void verdictsAreTheStudysWords() {
    speak(*QCoreApplication::instance(), QLocale(QLocale::Portuguese, QLocale::Brazil));
    QCOMPARE(words::verdict(Verdict::Poor), QStringLiteral("RUIM"));
    QCOMPARE(words::verdict(Verdict::Critical), QStringLiteral("CRÍTICO"));
    QCOMPARE(words::rank(std::nullopt), QStringLiteral("densa"));
    QCOMPARE(words::cosine(0.5), QStringLiteral("0,500"));
  }

  void optionsOfAnAdviceAreNamedInWords() {
    speak(*QCoreApplication::instance(), QLocale(QLocale::Portuguese, QLocale::Brazil));
    const auto named = [](const char* name) { return optionName(QLatin1String(name)); };
    for (const char* name : {"study-doubled", "study-selective", "study-hybrid", "plain-uniform", "plain-energy",
                             "aware-uniform", "aware-energy", "fisher-uniform", "low-rank", "mixed"})
      QVERIFY2(named(name) != QLatin1String(name), name);
    QCOMPARE(named("low-rank-sequential"), QStringLiteral("posto-baixo-sequencial"));
    QCOMPARE(named("as-small-as-study-hybrid"), QStringLiteral("do-tamanho-de-estudo-híbrido"));
    QCOMPARE(named("int4"), QStringLiteral("int4")); // a term
    QCOMPARE(named("int4-sequential"), QStringLiteral("int4-sequencial"));
  }

  void everyHelpPageHasATitleAndText() {
    for (const QString& page : Help::pages()) {
      const QString text = Help::text(page);
      QVERIFY2(text.startsWith(QLatin1String("# ")), qPrintable(page));
      QVERIFY2(text.size() > 200, qPrintable(page));
    }
  }
};

RANKSCOPE_TEST_MAIN(TestTranslations)
#include "tst_translations.moc"
