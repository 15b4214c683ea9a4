// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>

#include "core/evaluate/study.h"

namespace rankscope::ui {

/// What a study says, in the user's language: in English the same as studySentences() of the core, which is what
/// reports and the command line say.
QStringList studyWords(const StudyReport& report);

} // namespace rankscope::ui
