// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>
#include <optional>

namespace rankscope {

/// How long a run will still take, from the share of its work (flops) that is done and the time that took. Judges by
/// the recent pace, so that layers taken from a cache, a sleeping laptop or a busy machine do not spoil it for long,
/// and changes its mind slowly.
class Eta final {
 public:
  /// `share` of the work, in [0, 1], was done `elapsed` seconds after the start. Neither falls. May be told the same
  /// share again: that a report is late counts too.
  void update(double share, double elapsed);

  /// Seconds left at `elapsed` (≥ the last update); nullopt while too little is known. Never negative, 0 once all is
  /// done.
  std::optional<double> secondsLeft(double elapsed) const;

 private:
  struct Sample {
    double share;
    double elapsed;
  };
  void record(const Sample& sample);
  std::optional<double> endAt(double elapsed) const;

  std::deque<Sample> m_samples; ///< reports of the recent past, oldest first
  double m_share = 0;
  double m_updated = 0;
  std::optional<double> m_end; ///< seconds after the start, smoothed
};

} // namespace rankscope
