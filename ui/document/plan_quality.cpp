// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/plan_quality.h"

#include <algorithm>

namespace rankscope::ui {

bool isPredictable(const LayerChoice& choice) {
  return choice.rank && !choice.base && methodOf(choice.method) == Method::Plain;
}

std::optional<double> meanCosine(const Checkpoint& checkpoint, const ResolvedPlan& plan,
                                 const SpectrumLookup& spectra) {
  double sum = 0;
  int count = 0;
  for (const LayerInfo& layer : checkpoint.layers()) {
    const LayerChoice& choice = plan.layers[layer.id.value];
    if (choice.isDense()) continue;
    const Spectrum* spectrum = spectra(layer.id);
    if (!spectrum || !isPredictable(choice)) return std::nullopt;
    const auto rank = choice.rank;
    sum += spectrum->cosineAt(*rank);
    ++count;
  }
  return count > 0 ? sum / count : 1.0;
}

std::optional<double> meanKeptEnergy(const ResolvedPlan& plan, const SpectrumLookup& spectra,
                                     std::span<const LayerId> scope) {
  if (scope.empty()) return 1.0;
  double sum = 0;
  for (const LayerId id : scope) {
    const LayerChoice& choice = plan.layers[id.value];
    if (choice.isDense()) {
      sum += 1;
      continue;
    }
    const Spectrum* spectrum = spectra(id);
    if (!spectrum || !isPredictable(choice)) return std::nullopt;
    const auto rank = choice.rank;
    sum += spectrum->energyAt(*rank);
  }
  return sum / static_cast<double>(scope.size());
}

ResolvedPlan uniformPlan(const Checkpoint& checkpoint, const SpectrumLookup& spectra, std::span<const LayerId> scope,
                         Storage storage, int group, double share) {
  ResolvedPlan plan;
  for (const LayerInfo& layer : checkpoint.layers())
    plan.layers.push_back(choiceFor(layer, std::nullopt, storage, group));
  for (const LayerId id : scope) {
    const LayerInfo& layer = checkpoint.layer(id);
    const LayerChoice choice = choiceFor(layer, rankForFraction(layer, share), storage, group);
    if (spectra(id) && isBelowBreakEven(layer, choice)) plan.layers[id.value] = choice;
  }
  return plan;
}

std::vector<TradeOffPoint> uniformCurve(const Checkpoint& checkpoint, const SpectrumLookup& spectra,
                                        std::span<const LayerId> scope, Storage storage, int group, int points) {
  std::vector<TradeOffPoint> curve;
  for (int i = 1; i <= points; ++i) {
    TradeOffPoint point;
    point.share = static_cast<double>(i) / points;
    const ResolvedPlan plan = uniformPlan(checkpoint, spectra, scope, storage, group, point.share);
    point.bytes = modelTotals(checkpoint, plan).after;
    point.keptEnergy = meanKeptEnergy(plan, spectra, scope).value_or(0);
    curve.push_back(point);
    const bool allDense =
        std::none_of(plan.layers.begin(), plan.layers.end(), [](const LayerChoice& c) { return c.rank.has_value(); });
    if (allDense) break;
  }
  return curve;
}

} // namespace rankscope::ui
