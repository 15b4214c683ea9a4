// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

/// What is open, noted so that a start after a crash can offer it again. Plans and results are in the run file anyway.
namespace rankscope::ui::session {

/// Notes what this process has open; an empty path: nothing any more.
void note(const QString& path);

/// What a process that is no longer there had open when it ended without closing; empty when there was none. Forgets
/// it.
QString takeLost();

} // namespace rankscope::ui::session
