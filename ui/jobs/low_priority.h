// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace rankscope::ui {

/// For the calling thread and, as Linux inherits it, for those it starts: from now on it gives way to the window at once.
/// It cannot be taken back without privileges.
void takeLowPriority();

} // namespace rankscope::ui
