// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>

#include "ui/document/advice_view.h"

namespace rankscope::ui {

/// The recommendation and what supports it, in the user's language: in English what adviceSentences() of the core says
/// in reports and on the command line. What an older run file does not know is left out.
QStringList adviceWords(const AdviceView& view);

/// Options that could not be made, and layers that are left alone.
QStringList adviceNotes(const AdviceView& view);

/// What an advice that runs is at: a stage of it, or the item as it is (a layer, an option).
QString stageWords(const QString& item);

/// An option's name in the user's language; in English as plan files and the command line have it.
QString optionName(const QString& name);

/// What an option is.
QString optionWords(const AdviceRow& row);

} // namespace rankscope::ui
