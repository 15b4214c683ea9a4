// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/plan_fit.h"

#include <algorithm>
#include <cassert>
#include <mutex>

#include <fmt/format.h>
#include <xxhash.h>

#include "core/base/schedule.h"
#include "core/calibrate/sequential.h"
#include "core/linalg/svd.h"

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
    text += fmt::format("{} {} {},", choice.rank.value_or(-1), choice.biasShift, name(methodOf(choice.method)));
    describe(text, choice.formatA);
    describe(text, choice.formatB);
    if (choice.base) describe(text, *choice.base);
    text += ';';
  }
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

bool isSequential(const LayerChoice& choice) {
  return methodOf(choice.method) == Method::Sequential;
}

/// What compresses one plan's layers together.
class Fit final {
 public:
  Fit(const Model& original, const ResolvedPlan& plan, const CalibratedMethod& method)
      : m_original(original), m_plan(plan), m_method(method) {
    for (const auto& [layer, linear] : original.linears()) {
      const LayerChoice& choice = plan.layers[layer.value];
      if (choice.isDense()) continue;
      if (choice.method.empty())
        m_plain.push_back(layer);
      else if (isSequential(choice))
        m_sequential.push_back(layer);
      else
        m_single.push_back(layer);
    }
  }

  /// Layers that need no other's result.
  void findSingle(const Progress& progress) {
    std::vector<LayerId> layers = m_single;
    layers.insert(layers.end(), m_plain.begin(), m_plain.end());
    std::vector<double> costs;
    for (const LayerId layer : layers) costs.push_back(singularValuesFlops(info(layer).rows, info(layer).cols));
    const Factoriser factoriser = m_method.factoriser();
    runScheduled(Schedule(std::move(costs)), 0, progress, [&](std::size_t item, int threads) {
      const LayerId layer = layers[item];
      if (item < m_single.size()) {
        LayerParts parts = factoriser(layer, choice(layer), progress.silent(), threads);
        const std::lock_guard lock(m_found);
        m_parts[layer] = std::move(parts);
        return;
      }
      const CompressedLayer plain =
          compressLayer(m_original.checkpoint(), layer, choice(layer), nullptr, progress.silent(), threads);
      const std::lock_guard lock(m_found);
      if (plain.error.empty()) m_fixed[layer] = linearOf(info(layer), plain.stored);
    });
  }

  void findInOrder(const Progress& progress) {
    const auto gradients = [&](LayerId layer) { return m_method.calibration().at(layer).gradients; };
    const auto fit = [&](const SequentialTarget& target) {
      LayerParts parts = m_method.partsOf(target.layer, target.matrix, target.moments, choice(target.layer),
                                          progress.silent(), target.threads);
      if (choice(target.layer).biasShift)
        parts.biasShift =
            biasShiftOf(target.wantedMean, parts, info(target.layer).orientation, *target.moments.inputMean);
      const LinearPtr linear = linearOf(info(target.layer), parts, choice(target.layer));
      const std::lock_guard lock(m_found);
      m_parts[target.layer] = std::move(parts);
      return linear;
    };
    SequentialOptions options;
    options.shiftsBias = [&](LayerId layer) { return choice(layer).biasShift; };
    options.others = m_fixed;
    for (const LayerId layer : m_single)
      options.others[layer] = linearOf(info(layer), m_parts.at(layer), choice(layer));
    fitInOrder(m_original, m_method.text(), m_sequential, gradients, fit, options, progress);
  }

  void refineAll(RefineOptions options, const Progress& progress, const std::function<void(const RefineStep&)>& sink) {
    options.steps = m_plan.refineSteps;
    options.fixed = m_fixed;
    m_parts = refine(m_original, std::move(m_parts), m_method.text(), options, progress, sink);
  }

  bool hasSequential() const { return !m_sequential.empty(); }

  std::map<LayerId, LayerParts> parts() && { return std::move(m_parts); }

 private:
  const LayerChoice& choice(LayerId layer) const { return m_plan.layers[layer.value]; }
  const LayerInfo& info(LayerId layer) const { return m_original.checkpoint().layer(layer); }

  const Model& m_original;
  const ResolvedPlan& m_plan;
  const CalibratedMethod& m_method;
  std::vector<LayerId> m_plain, m_single, m_sequential;
  Substitutes m_fixed; ///< the plain ones
  std::map<LayerId, LayerParts> m_parts;
  std::mutex m_found;
};

} // namespace

bool isFittedTogether(const LayerChoice& choice, int refineSteps) {
  return !choice.isDense() && (isSequential(choice) || (refineSteps > 0 && !choice.method.empty()));
}

bool isFittedTogether(const ResolvedPlan& plan) {
  return std::ranges::any_of(plan.layers,
                             [&](const LayerChoice& choice) { return isFittedTogether(choice, plan.refineSteps); });
}

std::string planIdentity(const ResolvedPlan& plan) {
  if (!isFittedTogether(plan)) return {};
  return fmt::format(" plan {}{}", hashOf(plan),
                     plan.refineSteps > 0 ? fmt::format(" refined {}", plan.refineSteps) : "");
}

void identify(ResolvedPlan& plan, const CalibratedMethod& method) {
  const std::string identity = planIdentity(plan); // of what was asked for, before layers without moments become plain
  method.applyTo(plan);
  for (LayerChoice& choice : plan.layers)
    if (isFittedTogether(choice, plan.refineSteps)) choice.method += identity;
}

Factoriser fitPlan(const Model& original, const ResolvedPlan& plan, const CalibratedMethod& method,
                   const Progress& progress, const RefineOptions& refinement,
                   const std::function<void(const RefineStep&)>& sink) {
  if (!isFittedTogether(plan)) return method.factoriser();
  assert(!method.text().empty());
  const bool refines = plan.refineSteps > 0;
  const double found = refines ? 0.3 : 1.0;
  Fit fit(original, plan, method);
  fit.findSingle(progress.slice(0, 0.3 * found));
  if (fit.hasSequential()) fit.findInOrder(progress.slice(0.3 * found, found));
  if (refines) fit.refineAll(refinement, progress.slice(found, 1), sink);
  const auto parts = std::make_shared<const std::map<LayerId, LayerParts>>(std::move(fit).parts());
  return [parts, others = method.factoriser()](LayerId layer, const LayerChoice& choice, const Progress& silent,
                                               int threads) {
    const auto known = parts->find(layer);
    return known != parts->end() ? known->second : others(layer, choice, silent, threads);
  };
}

LinearPtr linearOf(const LayerInfo& layer, const LayerParts& parts, const LayerChoice& choice) {
  StoredLayer stored{parts.base, std::nullopt, parts.biasShift};
  if (parts.factors)
    stored.factors =
        FactorPair{storeMatrix(parts.factors->a, choice.formatA), storeMatrix(parts.factors->b, choice.formatB)};
  return linearOf(layer, stored);
}

} // namespace rankscope
