// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "core/calibrate/calibrated_method.h"
#include "core/calibrate/refine.h"

namespace rankscope {

/// The parts of all layers of one plan, found together: none of them holds for another plan.
class PlanFit final {
 public:
  PlanFit(std::map<LayerId, LayerParts> parts, std::string suffix);

  /// Adds to the method of every layer what identifies the plan and the refinement, so that no other run resumes it.
  void applyTo(ResolvedPlan& plan) const;
  Factoriser factoriser() const;
  const std::map<LayerId, LayerParts>& parts() const { return *m_parts; }

 private:
  std::shared_ptr<const std::map<LayerId, LayerParts>> m_parts;
  std::string m_suffix;
};

struct PlanFitOptions {
  /// Block by block on the inputs that the model compressed so far gives (fitInOrder); else each layer by itself.
  bool inOrder = true;
  RefineOptions refinement; ///< afterwards, over all layers together; none with 0 steps
};

/// Finds the parts of every layer of the plan that has a fitted method. The text is method.text(), not empty; the plan
/// is one that `method` was applied to.
PlanFit fitPlan(const Model& original, const ResolvedPlan& plan, const CalibratedMethod& method,
                const PlanFitOptions& options, const Progress& progress = {},
                const std::function<void(const RefineStep&)>& sink = {});

/// What stands for a layer when its factors are rounded as the choice says.
LinearPtr linearOf(const LayerInfo& layer, const LayerParts& parts, const LayerChoice& choice);

} // namespace rankscope
