// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "core/advise/advice_plans.h"
#include "core/calibrate/calibration_cache.h"

namespace rankscope {

namespace {

constexpr std::pair<std::string_view, Storage> kBases[] = {
    {"int8", Storage::Int8}, {"int4", Storage::Int4}, {"int3", Storage::Int3}};

/// What makes a choice, with any rank. What is fitted in order begins as Fisher's (kindOf).
Way wayOf(const FittedText& fitted, const LayerChoice& choice) {
  Storing storing;
  storing.factorDtype = choice.formatA.storage;
  storing.group = choice.formatA.group;
  storing.method = methodOf(choice.method);
  if (storing.method == Method::Sequential) storing.method = Method::Fisher;
  storing.biasShift = choice.biasShift;
  if (!choice.base) return lowRankWay(fitted, storing);
  storing.base = choice.base->storage;
  storing.baseGroup = choice.base->group;
  return quantisedWay(fitted, storing, true);
}

/// One way for every kind of a pinned layer that `known` does not have, tried as the layers are pinned.
std::vector<Way> waysOfPinned(const FittedText& fitted, const std::vector<Way>& known,
                              const std::map<LayerId, LayerChoice>& pinned) {
  std::map<std::string, Way> ways;
  for (const auto& [id, choice] : pinned) {
    const std::string kind = kindOf(choice);
    const bool isKnown = std::ranges::any_of(known, [&](const Way& way) { return way.kind == kind; });
    if (choice.isDense() || isKnown) continue;
    auto& way = ways.try_emplace(kind, wayOf(fitted, choice)).first->second;
    way.onlyAt[id] = choice.rank.value_or(0);
  }
  std::vector<Way> all;
  for (auto& [kind, way] : ways) all.push_back(std::move(way));
  return all;
}

} // namespace

FittedWays fitWays(const Model& original, std::span<const std::vector<int>> calibration, const AdviceRequest& request,
                   const Progress& progress) {
  FittedWays ways;
  ways.textHash = hashOf(calibration);
  Calibration moments =
      calibrateCached(original, calibration, {}, CalibrationCache(), CalibrationCache::kDefaultMemory, progress);
  ways.tokens = moments.tokens;
  ways.coversWidth = moments.coversWidth();
  const auto method = std::make_shared<const CalibratedMethod>(
      original.sharedCheckpoint(), std::move(moments), Method::Fisher, ways.textHash,
      std::vector<std::vector<int>>(calibration.begin(), calibration.end()));
  ways.method = method;
  ways.sequential = request.allows("sequential");
  ways.factoriser = method->rememberingFactoriser();
  const FittedText fitted{original.sharedCheckpoint(), method, ways.factoriser};
  Storing storing;
  storing.factorDtype = request.scope.factorDtype;
  storing.group = request.scope.group;
  const bool aware = request.allows("aware"), fisher = aware || request.allows("fisher");
  for (const auto& [kind, allowed] :
       {std::pair{Method::Plain, request.allows("plain")}, {Method::Aware, aware}, {Method::Fisher, fisher}}) {
    if (!allowed) continue;
    storing.method = kind;
    ways.all.push_back(lowRankWay(fitted, storing));
    ways.all.back().probes = 1;
  }
  if (!ways.all.empty()) ways.all.back().probes = 2; // the best of them, which budgets choose from
  storing.method = Method::Fisher;
  for (const auto& [name, storage] : kBases) {
    if (!request.allows(name)) continue;
    storing.base = storage;
    ways.all.push_back(quantisedWay(fitted, storing, request.allows("correction")));
    ways.all.back().probes = storage == Storage::Int8 ? 0 : 1; // int8 costs too little to matter
  }
  ways.pinned = waysOfPinned(fitted, ways.all, request.limits.pinned);
  return ways;
}

std::vector<Way> FittedWays::tried() const {
  std::vector<Way> both = all;
  both.insert(both.end(), pinned.begin(), pinned.end());
  return both;
}

const Way* FittedWays::find(std::string_view kind) const {
  for (const Way& way : all)
    if (way.kind == kind) return &way;
  return nullptr;
}

const Way* FittedWays::bestLowRank() const {
  for (const std::string_view kind : {"fisher", "aware", "plain"})
    if (const Way* way = find(kind)) return way;
  return nullptr;
}

std::vector<Way> FittedWays::lowRank() const {
  const Way* best = bestLowRank();
  return best ? std::vector<Way>{*best} : std::vector<Way>{};
}

} // namespace rankscope
