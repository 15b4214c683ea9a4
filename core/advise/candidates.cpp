// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/candidates.h"

#include <algorithm>

namespace rankscope {

Candidates candidatesFor(const Checkpoint& checkpoint, std::span<const LayerId> scope, std::span<const Way> ways,
                         const ChoiceCost& cost, const CandidateOptions& options) {
  Candidates result;
  for (const LayerId id : scope) {
    const LayerInfo& layer = checkpoint.layer(id);
    std::vector<LayerChoice> choices;
    std::vector<Alternative> alternatives;
    const auto offer = [&](const LayerChoice& choice) {
      const std::optional<double> costs = cost(id, choice);
      if (!costs) return;
      choices.push_back(choice);
      alternatives.push_back({static_cast<double>(bytesAfter(layer, choice)), *costs});
    };
    if (const auto pin = options.pinned.find(id); pin != options.pinned.end()) {
      choices.push_back(pin->second);
      alternatives.push_back({static_cast<double>(bytesAfter(layer, pin->second)), cost(id, pin->second).value_or(0)});
    } else {
      const LayerChoice dense = choiceFor(layer, std::nullopt, Storage::F32, 0);
      if (options.dense) offer(dense);
      for (const Way& way : ways) {
        if (way.baseAlone) offer(way.choice(layer, 0));
        const std::int64_t largest =
            options.ranks.largestRank > 0 ? std::min(options.ranks.largestRank, layer.smallSide()) : layer.smallSide();
        for (std::int64_t rank = options.ranks.least(way.baseAlone); way.ranks && rank <= largest;
             rank += options.ranks.multiple) {
          const LayerChoice choice = way.choice(layer, rank);
          if (bytesAfter(layer, choice) >= layer.bytes) break;
          offer(choice);
        }
      }
      if (choices.empty()) {
        choices.push_back(dense);
        alternatives.push_back({static_cast<double>(layer.bytes), 0});
      }
    }
    result.layers.push_back(id);
    result.choices.push_back(std::move(choices));
    result.alternatives.push_back(std::move(alternatives));
  }
  return result;
}

ResolvedPlan planOf(const Checkpoint& checkpoint, const Candidates& candidates, const Selection& selection,
                    const std::map<LayerId, LayerChoice>& others) {
  ResolvedPlan plan;
  for (const LayerInfo& layer : checkpoint.layers())
    plan.layers.push_back(others.contains(layer.id) ? others.at(layer.id)
                                                    : choiceFor(layer, std::nullopt, Storage::F32, 0));
  for (std::size_t i = 0; i < candidates.layers.size(); ++i)
    plan.layers[candidates.layers[i].value] = candidates.choices[i][selection.chosen[i]];
  return plan;
}

double denseBytes(const Checkpoint& checkpoint, std::span<const LayerId> layers) {
  double sum = 0;
  for (const LayerId id : layers) sum += static_cast<double>(checkpoint.layer(id).bytes);
  return sum;
}

} // namespace rankscope
