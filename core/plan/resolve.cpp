// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/resolve.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/error.h"

namespace rankscope {

namespace {


class Resolver final {
 public:
  Resolver(const RankPlan& plan, const Checkpoint& checkpoint) : m_plan(plan) {
    for (const Rule& rule : plan.rules) m_matchers.emplace_back(rule);
    for (const auto& [layer, rank] : plan.overrides)
      if (!checkpoint.findLayer(layer))
        throw Error(ErrorKind::BadRequest,
                    fmt::format("the plan overrides \"{}\", which is no layer of {}", layer, checkpoint.path().string()));
  }

  Action wish(const LayerInfo& layer) const {
    if (const auto found = m_plan.overrides.find(layer.name); found != m_plan.overrides.end())
      return found->second ? Action{UseRank{*found->second}} : Action{KeepDense{}};
    if (layer.smallSide() < m_plan.minDim) return KeepDense{};
    for (std::size_t i = 0; i < m_matchers.size(); ++i)
      if (m_matchers[i].matches(layer.name)) return m_plan.rules[i].action;
    return KeepDense{};
  }

 private:
  const RankPlan& m_plan;
  std::vector<Matcher> m_matchers;
};

bool isTarget(const Action& action) {
  return std::holds_alternative<ReachCosine>(action) || std::holds_alternative<ReachEnergy>(action);
}

std::optional<std::int64_t> rankFor(const Action& action, const LayerInfo& layer, const SpectrumLookup& spectra) {
  if (std::holds_alternative<KeepDense>(action)) return std::nullopt;
  if (const auto* byRank = std::get_if<UseRank>(&action)) return byRank->rank;
  if (const auto* byFraction = std::get_if<UseFraction>(&action)) return rankForFraction(layer, byFraction->fraction);
  const Spectrum* spectrum = spectra ? spectra(layer.id) : nullptr;
  if (!spectrum)
    throw Error(ErrorKind::BadRequest, fmt::format("a rule asks {} for a cosine or energy, but its spectrum is not known",
                                                   layer.name));
  if (const auto* byCosine = std::get_if<ReachCosine>(&action)) return spectrum->rankForCosine(byCosine->cosine);
  return spectrum->rankForEnergy(std::get<ReachEnergy>(action).energy);
}

LayerChoice choose(const Action& action, const LayerInfo& layer, const RankPlan& plan, const SpectrumLookup& spectra,
                   std::vector<std::string>& notes) {
  std::optional<std::int64_t> rank = rankFor(action, layer, spectra);
  if (!rank) return choiceFor(layer, std::nullopt, plan.factorDtype, plan.group);
  if (*rank > layer.smallSide()) {
    notes.push_back(fmt::format("{}: rank {} is clamped to the full rank {}", layer.name, *rank, layer.smallSide()));
    rank = layer.smallSide();
  }
  const LayerChoice choice = choiceFor(layer, rank, plan.factorDtype, plan.group);
  if (isTarget(action) && !isBelowBreakEven(layer, choice)) {
    notes.push_back(fmt::format("{}: stays dense, rank {} would save nothing", layer.name, *rank));
    return choiceFor(layer, std::nullopt, plan.factorDtype, plan.group);
  }
  if (bytesAfter(layer, choice) > layer.bytes)
    notes.push_back(fmt::format("{}: factors of rank {} are larger than the dense matrix ({} > {} bytes)", layer.name,
                                *rank, bytesAfter(layer, choice), layer.bytes));
  return choice;
}

}  // namespace

ResolvedPlan resolve(const RankPlan& plan, const Checkpoint& checkpoint, const SpectrumLookup& spectra, bool recompress) {
  const Resolver resolver(plan, checkpoint);
  ResolvedPlan resolved;
  for (const LayerInfo& layer : checkpoint.layers()) {
    const Action action = resolver.wish(layer);
    if (layer.factoredRank && !recompress) {
      if (!std::holds_alternative<KeepDense>(action))
        resolved.notes.push_back(fmt::format("{}: is factored already (rank {}) and stays as it is", layer.name,
                                             *layer.factoredRank));
      resolved.layers.push_back(choiceFor(layer, std::nullopt, plan.factorDtype, plan.group));
      continue;
    }
    resolved.layers.push_back(choose(action, layer, plan, spectra, resolved.notes));
  }
  return resolved;
}

std::vector<LayerId> spectraNeeded(const RankPlan& plan, const Checkpoint& checkpoint) {
  const Resolver resolver(plan, checkpoint);
  std::vector<LayerId> needed;
  for (const LayerInfo& layer : checkpoint.layers())
    if (isTarget(resolver.wish(layer))) needed.push_back(layer.id);
  return needed;
}

LayerChoice choiceFor(const LayerInfo& layer, std::optional<std::int64_t> rank, Storage storage, int group) {
  if (!rank) return {};
  if (!isInteger(storage)) return {rank, {storage, ScaleAxis::PerRow, 0}, {storage, ScaleAxis::PerRow, 0}};
  if (group == 0) return {rank, {storage, ScaleAxis::PerColumn, 0}, {storage, ScaleAxis::PerRow, 0}};
  const ScaleAxis summed = layer.orientation == Orientation::OutIn ? ScaleAxis::PerRow : ScaleAxis::PerColumn;
  return {rank, {storage, summed, group}, {storage, summed, group}};
}

std::uint64_t bytesAfter(const LayerInfo& layer, const LayerChoice& choice) {
  if (!choice.rank) return layer.bytes;
  return storedBytes(layer.rows, *choice.rank, choice.formatA) + storedBytes(*choice.rank, layer.cols, choice.formatB);
}

bool isBelowBreakEven(const LayerInfo& layer, const LayerChoice& choice) {
  if (!choice.rank) return false;
  const double numbers = static_cast<double>(*choice.rank) * static_cast<double>(layer.rows + layer.cols);
  return numbers < static_cast<double>(layer.rows) * static_cast<double>(layer.cols) &&
         bytesAfter(layer, choice) < layer.bytes;
}

std::optional<std::int64_t> largestSavingRank(const LayerInfo& layer, Storage storage, int group) {
  std::int64_t saves = 0, tooLarge = layer.smallSide() + 1;
  while (tooLarge - saves > 1) {
    const std::int64_t middle = saves + (tooLarge - saves) / 2;
    (isBelowBreakEven(layer, choiceFor(layer, middle, storage, group)) ? saves : tooLarge) = middle;
  }
  if (saves == 0) return std::nullopt;
  return saves;
}

std::int64_t rankForFraction(const LayerInfo& layer, double fraction) {
  return std::max<std::int64_t>(1, std::llround(fraction * static_cast<double>(layer.smallSide())));
}

ByteTotals scopeTotals(const Checkpoint& checkpoint, const ResolvedPlan& plan, std::span<const LayerId> scope) {
  ByteTotals totals;
  for (const LayerId id : scope) {
    totals.before += checkpoint.layer(id).bytes;
    totals.after += bytesAfter(checkpoint.layer(id), plan.layers[id.value]);
  }
  return totals;
}

ByteTotals modelTotals(const Checkpoint& checkpoint, const ResolvedPlan& plan) {
  ByteTotals totals{checkpoint.bytes(), checkpoint.bytes()};
  for (const LayerInfo& layer : checkpoint.layers())
    totals.after = totals.after - layer.bytes + bytesAfter(layer, plan.layers[layer.id.value]);
  return totals;
}

std::vector<LayerId> defaultScope(const Checkpoint& checkpoint) {
  std::vector<LayerId> scope;
  for (const LayerInfo& layer : checkpoint.layers())
    if (layer.inDefaultScope()) scope.push_back(layer.id);
  return scope;
}

}  // namespace rankscope
