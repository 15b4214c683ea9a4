// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QSettings;

/// Where the window's settings lie. Writing them waits for the disk, which can take long while it is busy: that is done
/// a moment later on a thread of its own, and when the program ends. Belongs to the GUI thread.
namespace rankscope::ui::settings {

const QSettings& file();
/// To be changed now: what follows is read by file() at once.
QSettings& changedFile();

} // namespace rankscope::ui::settings
