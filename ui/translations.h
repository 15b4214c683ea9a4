// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLocale>

class QCoreApplication;

namespace rankscope::ui {

/// Makes the program speak the locale's language where there is a translation (English and Brazilian Portuguese; any
/// Portuguese gets the latter), Qt's own dialogs included, and the default locale for numbers. Before the first window.
void speak(QCoreApplication& application, const QLocale& locale);

/// The locale of a language that was chosen: "" the system's, "en", "pt_BR". The system's own where it speaks that
/// language, with its way of writing numbers.
QLocale localeFor(const QString& language);

} // namespace rankscope::ui
