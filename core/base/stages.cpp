// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/stages.h"

#include <cassert>
#include <numeric>

namespace rankscope {

Progress Stages::next() {
  assert(!m_ahead.empty());
  const double all = std::accumulate(m_ahead.begin(), m_ahead.end(), 0.0);
  const double share = all > 0 ? m_ahead.front() / all : 1.0 / static_cast<double>(m_ahead.size());
  m_ahead.erase(m_ahead.begin());
  const double from = m_reached;
  m_reached += (1 - m_reached) * share;
  return m_progress.slice(from, m_reached);
}

} // namespace rankscope
