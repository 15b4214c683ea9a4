// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QCoreApplication;
class QLocale;

namespace rankscope::ui {

/// Makes the program speak the locale's language where there is a translation (English and Brazilian Portuguese; any
/// Portuguese gets the latter), Qt's own dialogs included, and the default locale for numbers. Before the first window.
void speak(QCoreApplication& application, const QLocale& locale);

} // namespace rankscope::ui
