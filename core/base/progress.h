// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <stop_token>
#include <string_view>

namespace rankscope {

/// What a long call is given to report through and to be stopped by. Cheap to copy; a default one is silent and is
/// never stopped. Calls may come from any thread, so a sink must be thread-safe.
class Progress {
 public:
  using Sink = std::function<void(double fraction, std::string_view what)>;

  Progress() = default;
  explicit Progress(std::stop_token stop, Sink sink = {}) : m_stop(std::move(stop)), m_sink(std::move(sink)) {}

  /// `fraction` of this call's work is done, in [0, 1]; `what` names what is being worked on and may be empty.
  void report(double fraction, std::string_view what = {}) const;

  /// Throws Cancelled once a stop was requested.
  void check() const;
  bool stopRequested() const { return m_stop.stop_requested(); }
  const std::stop_token& stopToken() const { return m_stop; }

  /// The part [from, to] of this call's work, for handing to a callee that counts from 0 to 1.
  Progress slice(double from, double to) const;

  /// The same stop token without the sink, for work whose caller reports.
  Progress silent() const { return Progress(m_stop); }

 private:
  std::stop_token m_stop;
  Sink m_sink;
  double m_from = 0;
  double m_to = 1;
};

}  // namespace rankscope
