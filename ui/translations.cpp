// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/translations.h"

#include <QCoreApplication>
#include <QLibraryInfo>
#include <QLocale>
#include <QTranslator>

/// They lie in a static library, whose resources are not there by themselves.
static void registerTranslations() {
  Q_INIT_RESOURCE(translations);
}

namespace rankscope::ui {

void speak(QCoreApplication& application, const QLocale& locale) {
  registerTranslations();
  QLocale::setDefault(locale);
  const QString language = locale.language() == QLocale::Portuguese ? QStringLiteral("pt_BR") : QStringLiteral("en");
  auto* own = new QTranslator(&application);
  if (own->load(QStringLiteral(":/translations/rankscope_%1.qm").arg(language))) application.installTranslator(own);
  auto* base = new QTranslator(&application);
  if (base->load(locale, QStringLiteral("qtbase"), QStringLiteral("_"),
                 QLibraryInfo::path(QLibraryInfo::TranslationsPath))) {
    application.installTranslator(base);
  }
}

QLocale localeFor(const QString& language) {
  const QLocale system = QLocale::system();
  const QLocale chosen(language);
  return language.isEmpty() || chosen.language() == system.language() ? system : chosen;
}

} // namespace rankscope::ui
