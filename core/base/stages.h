// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/base/progress.h"

namespace rankscope {

/// Divides a call's work into stages that follow one another, each as long on the scale of its progress as it is
/// expected to take: where the expectations hold, the fraction grows evenly with time. Costs have any unit, the same
/// for all.
class Stages final {
 public:
  Stages(Progress progress, std::vector<double> costs) : m_progress(std::move(progress)), m_ahead(std::move(costs)) {}

  /// What the next stage reports through; those before it count as done.
  Progress next();

  /// What the stages still to come cost, now that more is known. What was reported stays: they share what is left.
  void expect(std::vector<double> costs) { m_ahead = std::move(costs); }

 private:
  Progress m_progress;
  std::vector<double> m_ahead; ///< costs of the stages that next() has not given yet
  double m_reached = 0;
};

} // namespace rankscope
