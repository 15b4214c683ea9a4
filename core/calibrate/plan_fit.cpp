// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/plan_fit.h"

#include <algorithm>

#include <fmt/format.h>
#include <xxhash.h>

#include "core/calibrate/sequential.h"

namespace rankscope {

namespace {

void describe(std::string& text, const StorageFormat& format) {
  text += fmt::format("{} {} {} {},", name(format.storage), format.axis == ScaleAxis::PerRow, format.group,
                      name(format.scales));
}

/// Hash of all choices of a plan.
std::string hashOf(const ResolvedPlan& plan) {
  std::string text;
  for (const LayerChoice& choice : plan.layers) {
    text += fmt::format("{} {} {},", choice.rank.value_or(-1), choice.biasShift, choice.method);
    describe(text, choice.formatA);
    describe(text, choice.formatB);
    if (choice.base) describe(text, *choice.base);
    text += ';';
  }
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

std::map<LayerId, LayerParts> inOrder(const Model& original, const ResolvedPlan& plan, const CalibratedMethod& method,
                                      const std::vector<LayerId>& layers, const Progress& progress) {
  std::map<LayerId, LayerParts> found;
  const auto gradients = [&](LayerId layer) { return method.calibration().at(layer).gradients; };
  const auto fit = [&](const SequentialTarget& target) {
    const LayerChoice& choice = plan.layers[target.layer.value];
    const LayerInfo& info = original.checkpoint().layer(target.layer);
    LayerParts parts = method.partsOf(target.layer, target.matrix, target.moments, choice, progress.silent());
    if (choice.biasShift)
      parts.biasShift = biasShiftOf(target.wantedMean, parts, info.orientation, *target.moments.inputMean);
    const LayerParts& kept = found[target.layer] = std::move(parts);
    return linearOf(info, kept, choice);
  };
  fitInOrder(original, method.text(), layers, gradients, fit, {}, progress);
  return found;
}

} // namespace

PlanFit::PlanFit(std::map<LayerId, LayerParts> parts, std::string suffix)
    : m_parts(std::make_shared<const std::map<LayerId, LayerParts>>(std::move(parts))), m_suffix(std::move(suffix)) {}

void PlanFit::applyTo(ResolvedPlan& plan) const {
  for (const auto& [layer, parts] : *m_parts) plan.layers[layer.value].method += m_suffix;
}

Factoriser PlanFit::factoriser() const {
  return [parts = m_parts](LayerId layer, const LayerChoice&, const Progress&, int) { return parts->at(layer); };
}

PlanFit fitPlan(const Model& original, const ResolvedPlan& plan, const CalibratedMethod& method,
                const PlanFitOptions& options, const Progress& progress,
                const std::function<void(const RefineStep&)>& sink) {
  std::vector<LayerId> layers;
  for (const LayerId layer : original.blockLayers())
    if (!plan.layers[layer.value].isDense() && !plan.layers[layer.value].method.empty()) layers.push_back(layer);
  std::map<LayerId, LayerParts> parts;
  const int steps = options.refinement.steps;
  const double share = steps > 0 ? 0.3 : 1.0;
  std::string suffix = fmt::format(" plan {}", hashOf(plan));
  if (options.inOrder) {
    parts = inOrder(original, plan, method, layers, progress.slice(0, share));
    suffix += " in order";
  } else {
    const Factoriser factoriser = method.factoriser();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      parts[layers[i]] = factoriser(layers[i], plan.layers[layers[i].value], progress.silent(), 1);
      progress.slice(0, share).report(static_cast<double>(i + 1) / static_cast<double>(layers.size()));
    }
  }
  if (steps > 0) {
    parts = refine(original, std::move(parts), method.text(), options.refinement, progress.slice(share, 1), sink);
    suffix += fmt::format(" refined {}", steps);
  }
  return PlanFit(std::move(parts), std::move(suffix));
}

LinearPtr linearOf(const LayerInfo& layer, const LayerParts& parts, const LayerChoice& choice) {
  StoredLayer stored{parts.base, std::nullopt, parts.biasShift};
  if (parts.factors)
    stored.factors =
        FactorPair{storeMatrix(parts.factors->a, choice.formatA), storeMatrix(parts.factors->b, choice.formatB)};
  return linearOf(layer, stored);
}

} // namespace rankscope
