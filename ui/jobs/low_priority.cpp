// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/jobs/low_priority.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace rankscope::ui {

namespace {
constexpr int kNiceness = 10;
}

void takeLowPriority() {
  const sched_param none{};
  sched_setscheduler(0, SCHED_BATCH, &none);
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
}

} // namespace rankscope::ui
