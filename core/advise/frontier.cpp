// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/frontier.h"

namespace rankscope {

std::vector<FrontierPoint> frontierOf(const std::string& kind, const Checkpoint& checkpoint,
                                      const Candidates& candidates, const PlanPredictor& predictor, int points) {
  const double before = denseBytes(checkpoint, candidates.layers);
  std::vector<FrontierPoint> curve;
  for (const Selection& selection : costFrontier(candidates.alternatives, points)) {
    const double kept = before > 0 ? selection.bytes / before : 1;
    curve.push_back({kind, static_cast<std::uint64_t>(selection.bytes), kept, predictor.predict(selection.cost)});
  }
  return curve;
}

ChoiceCost predictorCost(const PlanPredictor& predictor) {
  return [&predictor](LayerId layer, const LayerChoice& choice) { return predictor.effect(layer, choice); };
}

} // namespace rankscope
