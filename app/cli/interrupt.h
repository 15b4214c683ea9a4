// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>
#include <thread>

namespace rankscope::cli {

/// Turns the first SIGINT or SIGTERM into a stop request; the second one of a kind kills as usual. One at a time.
class Interrupt final {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token token() const { return m_source.get_token(); }

 private:
  std::stop_source m_source;
  int m_readEnd = -1;
  std::thread m_waiter; ///< requests the stop: a signal handler may not
};

} // namespace rankscope::cli
