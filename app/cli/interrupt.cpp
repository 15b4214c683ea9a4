// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/interrupt.h"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

#include "core/base/error.h"

namespace rankscope::cli {
namespace {

constexpr char kStop = 's';
constexpr char kEnd = 'e';
int writeEnd = -1; // a handler has no other way to know it

void tell(char what) {
  const int before = errno;
  [[maybe_unused]] const auto written = write(writeEnd, &what, 1);
  errno = before;
}

void onSignal(int) {
  tell(kStop);
}

} // namespace

Interrupt::Interrupt() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw systemError(errno, "cannot open", "a pipe");
  m_readEnd = ends[0];
  writeEnd = ends[1];
  m_waiter = std::thread([this] {
    char what = 0;
    while (read(m_readEnd, &what, 1) < 0 && errno == EINTR) {
    }
    if (what == kStop) m_source.request_stop();
  });
  struct sigaction action {};
  action.sa_handler = onSignal;
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

Interrupt::~Interrupt() {
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  tell(kEnd);
  m_waiter.join();
  close(m_readEnd);
  close(writeEnd);
}

} // namespace rankscope::cli
