// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/eta.h"

#include <algorithm>

namespace rankscope {

// The pace is measured over the last third of the run, but over at least this long: single layers differ.
static constexpr double kLeastWindow = 10; // seconds
static constexpr double kLeastTime = 0.2;  // seconds until the first answer

void Eta::update(double share, double elapsed) {
  if (m_samples.empty()) m_samples.push_back({0, 0});
  m_samples.push_back({share, elapsed});
  const double window = std::max(kLeastWindow, elapsed / 3);
  while (m_samples.size() > 2 && m_samples[1].elapsed <= elapsed - window) m_samples.pop_front();
}

std::optional<double> Eta::secondsLeft(double elapsed) const {
  if (m_samples.empty()) return std::nullopt;
  const Sample& first = m_samples.front();
  const Sample& last = m_samples.back();
  if (last.share >= 1) return 0.0;
  const double done = last.share - first.share;
  const double took = last.elapsed - first.elapsed;
  if (done <= 0 || took < kLeastTime) return std::nullopt;
  // What the next report will say is not known yet: until then the time since the last one counts as progress, but no
  // further than that the run must still be going.
  const double atLast = (1 - last.share) * took / done;
  return std::max(atLast - (elapsed - last.elapsed), 0.0);
}

} // namespace rankscope
