// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/advise/advice_plans.h"
#include "core/calibrate/calibration_cache.h"

namespace rankscope {

namespace {

constexpr std::pair<std::string_view, Storage> kBases[] = {
    {"int8", Storage::Int8}, {"int4", Storage::Int4}, {"int3", Storage::Int3}};

bool allows(const AdviceRequest& request, std::string_view method) {
  return request.methods.empty() || request.methods.contains(std::string(method));
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
  ways.sequential = allows(request, "sequential");
  ways.factoriser = method->rememberingFactoriser();
  const FittedText fitted{original.sharedCheckpoint(), method, ways.factoriser};
  Storing storing;
  storing.factorDtype = request.scope.factorDtype;
  storing.group = request.scope.group;
  const bool aware = allows(request, "aware"), fisher = aware || allows(request, "fisher");
  for (const auto& [kind, allowed] :
       {std::pair{Method::Plain, allows(request, "plain")}, {Method::Aware, aware}, {Method::Fisher, fisher}}) {
    if (!allowed) continue;
    storing.method = kind;
    ways.all.push_back(lowRankWay(fitted, storing));
    ways.all.back().probes = 1;
  }
  if (!ways.all.empty()) ways.all.back().probes = 2; // the best of them, which budgets choose from
  storing.method = Method::Fisher;
  for (const auto& [name, storage] : kBases) {
    if (!allows(request, name)) continue;
    storing.base = storage;
    ways.all.push_back(quantisedWay(fitted, storing, allows(request, "correction")));
    ways.all.back().probes = storage == Storage::Int8 ? 0 : 1; // int8 costs too little to matter
  }
  return ways;
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
