// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/eta.h"

#include <algorithm>
#include <cmath>

namespace rankscope {

// The pace is measured over the last third of the run, but over at least this long: single layers differ.
static constexpr double kLeastWindow = 10; // seconds
// What is done in the first moment was known already.
static constexpr double kFirstMoment = 1; // seconds
// An answer takes so much time and so large a part of what there is to do, or patience.
static constexpr double kLeastTime = 3; // seconds
static constexpr double kLeastPart = 0.03;
static constexpr double kPatience = 60; // seconds
// A new estimate takes over within a tenth of the time so far, but within at least this long.
static constexpr double kLeastSmoothing = 3; // seconds

void Eta::record(const Sample& sample) {
  if (m_samples.empty()) m_samples.push_back({0, 0});
  if (sample.elapsed <= kFirstMoment && sample.share < 1) {
    m_samples = {sample};
    return;
  }
  if (sample.share <= m_samples.back().share) return;
  m_samples.push_back(sample);
  const double window = std::max(kLeastWindow, sample.elapsed / 3);
  while (m_samples.size() > 2 && m_samples[1].elapsed <= sample.elapsed - window) m_samples.pop_front();
}

void Eta::update(double share, double elapsed) {
  m_share = share;
  record({share, elapsed});
  const std::optional<double> end = endAt(elapsed);
  if (end) {
    const double smoothing = std::max(kLeastSmoothing, elapsed / 10);
    const double weight = m_end ? 1 - std::exp(-(elapsed - m_updated) / smoothing) : 1;
    m_end = m_end.value_or(*end) + weight * (*end - m_end.value_or(*end));
  }
  m_updated = elapsed;
}

std::optional<double> Eta::endAt(double elapsed) const {
  const Sample &first = m_samples.front(), &last = m_samples.back();
  const double done = last.share - first.share, took = last.elapsed - first.elapsed;
  if (done <= 0 || took < kLeastTime) return std::nullopt;
  if (done < kLeastPart * (1 - first.share) && elapsed < kPatience) return std::nullopt;
  const double onTime = last.elapsed + (1 - last.share) * took / done;
  // As if three steps like the last one were reported now: a report that is later than that tells of a slower pace.
  const double step = last.share - m_samples[m_samples.size() - 2].share;
  const double soon = std::min(3 * step, 1 - last.share);
  const double late = elapsed + (1 - last.share - soon) * (elapsed - first.elapsed) / (done + soon);
  return std::max(onTime, late);
}

std::optional<double> Eta::secondsLeft(double elapsed) const {
  if (m_share >= 1) return 0.0;
  if (!m_end) return std::nullopt;
  return std::max(*m_end - elapsed, 0.0);
}

} // namespace rankscope
