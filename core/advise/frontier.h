// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/advise/advice.h"
#include "core/advise/candidates.h"

namespace rankscope {

/// What every further byte can buy: the best plan by prediction for `points` sizes of the candidates' layers, from the
/// smallest possible to the least cost. For a trade-off plot: x is scopeKept or scopeBytes, y is predicted.kl with
/// klLow and klHigh around it. `kind` names the curve. Quick enough (a few hundred milliseconds) for a background job
/// of a window; `candidates` must have the predictor's effects as costs (candidatesFor with predictorCost).
std::vector<FrontierPoint> frontierOf(const std::string& kind, const Checkpoint& checkpoint,
                                      const Candidates& candidates, const PlanPredictor& predictor, int points);

/// The cost function of a predictor: single effects. The predictor must outlive it.
ChoiceCost predictorCost(const PlanPredictor& predictor);

} // namespace rankscope
