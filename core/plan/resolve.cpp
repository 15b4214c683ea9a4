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
    for (const auto& [layer, request] : plan.overrides) require(checkpoint, layer, "overrides");
    for (const std::string& layer : plan.pins) require(checkpoint, layer, "pins");
  }

  Override wish(const LayerInfo& layer) const {
    if (const auto found = m_plan.overrides.find(layer.name); found != m_plan.overrides.end()) return found->second;
    if (layer.smallSide() < m_plan.minDim) return std::nullopt;
    for (std::size_t i = 0; i < m_matchers.size(); ++i)
      if (m_matchers[i].matches(layer.name)) return {m_plan.rules[i].action, m_plan.rules[i].settings};
    return std::nullopt;
  }

 private:
  static void require(const Checkpoint& checkpoint, const std::string& layer, const char* what) {
    if (!checkpoint.findLayer(layer))
      throw Error(ErrorKind::BadRequest,
                  fmt::format("the plan {} \"{}\", which is no layer of {}", what, layer, checkpoint.path().string()));
  }

  const RankPlan& m_plan;
  std::vector<Matcher> m_matchers;
};

std::optional<std::int64_t> rankFor(const Action& action, const LayerInfo& layer, const SpectrumLookup& spectra) {
  if (std::holds_alternative<KeepDense>(action)) return std::nullopt;
  if (const auto* byRank = std::get_if<UseRank>(&action)) return byRank->rank;
  if (const auto* byFraction = std::get_if<UseFraction>(&action)) return rankForFraction(layer, byFraction->fraction);
  const Spectrum* spectrum = spectra ? spectra(layer.id) : nullptr;
  if (!spectrum)
    throw Error(ErrorKind::BadRequest,
                fmt::format("a rule asks {} for a cosine or energy, but its spectrum is not known", layer.name));
  if (const auto* byCosine = std::get_if<ReachCosine>(&action)) return spectrum->rankForCosine(byCosine->cosine);
  return spectrum->rankForEnergy(std::get<ReachEnergy>(action).energy);
}

LayerChoice choose(const Override& request, const LayerInfo& layer, const RankPlan& plan, const SpectrumLookup& spectra,
                   std::vector<std::string>& notes) {
  std::optional<std::int64_t> rank = rankFor(request.action, layer, spectra);
  if (rank && *rank > layer.smallSide()) {
    notes.push_back(fmt::format("{}: rank {} is clamped to the full rank {}", layer.name, *rank, layer.smallSide()));
    rank = layer.smallSide();
  }
  const LayerChoice choice = choiceFor(layer, rank, storingOf(plan, request.settings));
  if (choice.isDense()) return choice;
  if (isTarget(request.action) && !isBelowBreakEven(layer, choice)) {
    notes.push_back(fmt::format("{}: stays dense, rank {} would save nothing", layer.name, *rank));
    return {};
  }
  if (bytesAfter(layer, choice) > layer.bytes)
    notes.push_back(fmt::format("{}: {} larger than the dense matrix ({} > {} bytes)", layer.name,
                                choice.base ? shortForm(choice) + " is" : fmt::format("factors of rank {} are", *rank),
                                bytesAfter(layer, choice), layer.bytes));
  return choice;
}

} // namespace

ResolvedPlan resolve(const RankPlan& plan, const Checkpoint& checkpoint, const SpectrumLookup& spectra,
                     bool recompress) {
  const Resolver resolver(plan, checkpoint);
  ResolvedPlan resolved;
  resolved.refineSteps = plan.refineSteps;
  for (const LayerInfo& layer : checkpoint.layers()) {
    const Override request = resolver.wish(layer);
    if (layer.isCompressed() && !recompress) {
      if (!request.isDense())
        resolved.notes.push_back(
            layer.base
                ? fmt::format("{}: is quantised already ({}) and stays as it is", layer.name, name(layer.base->storage))
                : fmt::format("{}: is factored already (rank {}) and stays as it is", layer.name, *layer.factoredRank));
      resolved.layers.push_back({});
      continue;
    }
    resolved.layers.push_back(choose(request, layer, plan, spectra, resolved.notes));
  }
  return resolved;
}

std::vector<LayerId> spectraNeeded(const RankPlan& plan, const Checkpoint& checkpoint) {
  const Resolver resolver(plan, checkpoint);
  std::vector<LayerId> needed;
  for (const LayerInfo& layer : checkpoint.layers())
    if (isTarget(resolver.wish(layer).action)) needed.push_back(layer.id);
  return needed;
}

bool isTarget(const Action& action) {
  return std::holds_alternative<ReachCosine>(action) || std::holds_alternative<ReachEnergy>(action);
}

Storing storingOf(const RankPlan& plan, const LayerSettings& settings) {
  return {settings.factorDtype.value_or(plan.factorDtype),
          settings.group.value_or(plan.group),
          settings.base,
          settings.baseGroup.value_or(kDefaultBaseGroup),
          settings.method.value_or(plan.method),
          settings.biasShift.value_or(plan.biasShift)};
}

LayerChoice choiceFor(const LayerInfo& layer, std::optional<std::int64_t> rank, const Storing& storing) {
  if (!rank && !storing.base) return {};
  LayerChoice choice;
  choice.rank = rank;
  choice.biasShift = layer.biasShift; // what an earlier compression put there stays
  if (storing.method != Method::Plain) {
    choice.method = name(storing.method);
    if (storing.biasShift && layer.hasBias) choice.biasShift = true;
  }
  if (storing.base) choice.base = baseFormat(layer, *storing.base, storing.baseGroup);
  if (!rank) return choice;
  choice.formatA = choice.formatB = {storing.factorDtype, ScaleAxis::PerRow, 0};
  if (!isInteger(storing.factorDtype)) return choice;
  if (storing.group == 0) {
    choice.formatA.axis = ScaleAxis::PerColumn;
  } else {
    const ScaleAxis summed = layer.orientation == Orientation::OutIn ? ScaleAxis::PerRow : ScaleAxis::PerColumn;
    choice.formatA = choice.formatB = {storing.factorDtype, summed, storing.group};
  }
  return choice;
}

LayerChoice choiceFor(const LayerInfo& layer, std::optional<std::int64_t> rank, Storage storage, int group) {
  return choiceFor(layer, rank, Storing{storage, group});
}

LayerChoice choiceFor(const LayerInfo& layer, const Override& request, const RankPlan& plan) {
  std::optional<std::int64_t> rank = rankFor(request.action, layer, {});
  if (rank) rank = std::clamp<std::int64_t>(*rank, 1, layer.smallSide());
  return choiceFor(layer, rank, storingOf(plan, request.settings));
}

Override overrideFor(const LayerInfo& layer, const LayerChoice& choice, const RankPlan& plan) {
  if (choice.isDense()) return std::nullopt;
  Override request(choice.rank);
  const Method method = methodOf(choice.method);
  if (method != plan.method) request.settings.method = method;
  if (method != Method::Plain && layer.hasBias && !layer.biasShift && choice.biasShift != plan.biasShift)
    request.settings.biasShift = choice.biasShift;
  if (choice.base) {
    request.settings.base = choice.base->storage;
    if (choice.base->group != kDefaultBaseGroup) request.settings.baseGroup = choice.base->group;
  }
  if (!choice.rank) return request;
  if (choice.formatA.storage != plan.factorDtype) request.settings.factorDtype = choice.formatA.storage;
  if (isInteger(choice.formatA.storage) && choice.formatA.group != plan.group)
    request.settings.group = choice.formatA.group;
  return request;
}

std::string shortForm(const LayerChoice& choice) {
  if (choice.isDense()) return "dense";
  if (!choice.base) return std::to_string(*choice.rank);
  return std::string(name(choice.base->storage)) + (choice.rank ? fmt::format(" + {}", *choice.rank) : "");
}

StorageFormat baseFormat(const LayerInfo& layer, Storage storage, int group) {
  const ScaleAxis summed = layer.orientation == Orientation::OutIn ? ScaleAxis::PerRow : ScaleAxis::PerColumn;
  return {storage, summed, group, Storage::F16};
}

std::uint64_t bytesAfter(const LayerInfo& layer, const LayerChoice& choice) {
  if (choice.isDense()) return layer.bytes;
  std::uint64_t bytes = choice.biasShift ? sizeof(float) * static_cast<std::uint64_t>(layer.outputs()) : 0;
  if (choice.base) bytes += storedBytes(layer.rows, layer.cols, *choice.base);
  if (choice.rank)
    bytes +=
        storedBytes(layer.rows, *choice.rank, choice.formatA) + storedBytes(*choice.rank, layer.cols, choice.formatB);
  return bytes;
}

bool isBelowBreakEven(const LayerInfo& layer, const LayerChoice& choice) {
  if (choice.base) return bytesAfter(layer, choice) < layer.bytes;
  if (!choice.rank) return false;
  const double numbers = static_cast<double>(*choice.rank) * static_cast<double>(layer.rows + layer.cols);
  return numbers < static_cast<double>(layer.rows) * static_cast<double>(layer.cols) &&
         bytesAfter(layer, choice) < layer.bytes;
}

std::optional<std::int64_t> largestSavingRank(const LayerInfo& layer, Storage storage, int group) {
  return largestSavingRank(layer, Storing{storage, group});
}

std::optional<std::int64_t> largestSavingRank(const LayerInfo& layer, const Storing& storing) {
  std::int64_t saves = 0, tooLarge = layer.smallSide() + 1;
  while (tooLarge - saves > 1) {
    const std::int64_t middle = saves + (tooLarge - saves) / 2;
    (isBelowBreakEven(layer, choiceFor(layer, middle, storing)) ? saves : tooLarge) = middle;
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

} // namespace rankscope
