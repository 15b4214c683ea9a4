// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/progress.h"

#include <algorithm>

#include "core/base/error.h"

namespace rankscope {

void Progress::report(double fraction, std::string_view what) const {
  if (m_sink) m_sink(m_from + (m_to - m_from) * std::clamp(fraction, 0.0, 1.0), what);
}

void Progress::check() const {
  if (stopRequested()) throw Cancelled();
}

Progress Progress::slice(double from, double to) const {
  Progress part = *this;
  part.m_from = m_from + (m_to - m_from) * from;
  part.m_to = m_from + (m_to - m_from) * to;
  return part;
}

}  // namespace rankscope
