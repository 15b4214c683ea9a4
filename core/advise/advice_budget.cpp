// SPDX-License-Identifier: GPL-3.0-or-later
// What a budget can be before anything is measured.
#include <algorithm>

#include <fmt/format.h>

#include "core/advise/advice_plans.h"
#include "core/base/error.h"

namespace rankscope {

namespace {

/// The fewest bytes that the request lets a layer have.
LayerChoice smallestChoice(const LayerInfo& layer, const AdviceRequest& request) {
  LayerChoice smallest = choiceFor(layer, std::nullopt, Storing{});
  const auto offer = [&](std::optional<std::int64_t> rank, const Storing& storing) {
    const LayerChoice choice = choiceFor(layer, rank, storing);
    if (bytesAfter(layer, choice) < bytesAfter(layer, smallest)) smallest = choice;
  };
  Storing storing{request.scope.factorDtype, request.scope.group};
  const std::int64_t least = request.limits.ranks.least(false);
  const bool factors = request.allows("plain") || request.allows("aware") || request.allows("fisher");
  if (factors && least <= layer.smallSide()) offer(least, storing);
  for (const auto& [name, storage] :
       {std::pair{"int8", Storage::Int8}, {"int4", Storage::Int4}, {"int3", Storage::Int3}}) {
    storing.base = storage;
    if (request.allows(name)) offer(std::nullopt, storing);
  }
  return smallest;
}

} // namespace

void requirePossible(const Model& original, const AdviceRequest& request,
                     const std::function<std::uint64_t(const ResolvedPlan&)>& exportBytes) {
  const Checkpoint& checkpoint = original.checkpoint();
  ResolvedPlan plan, unchanged;
  plan.layers.resize(checkpoint.layers().size());
  unchanged.layers.resize(plan.layers.size());
  double before = 0, after = 0;
  for (const LayerId id : planScope(checkpoint, request.scope)) {
    if (!original.linears().contains(id)) continue;
    const LayerInfo& layer = checkpoint.layer(id);
    const auto pin = request.limits.pinned.find(id);
    LayerChoice& choice = plan.layers[id.value];
    choice = pin != request.limits.pinned.end() ? pin->second : smallestChoice(layer, request);
    before += static_cast<double>(layer.bytes);
    after += static_cast<double>(bytesAfter(layer, choice));
  }
  const std::string nothing = fmt::format("nothing fits into a budget of {}", words(request.budget));
  if (const auto* share = std::get_if<KeepShare>(&request.budget)) {
    if (!(share->share > 0 && share->share <= 1))
      throw Error(
          ErrorKind::BadRequest,
          fmt::format("a budget of {} cannot be kept to: a share is above 0 and at most 1", words(request.budget)));
    if (share->share * before < after)
      throw Error(ErrorKind::BadRequest,
                  fmt::format("{}: the smallest share that this model allows is {:.3f}, the largest 1", nothing,
                              after / before + 0.0005));
  }
  if (const auto* keep = std::get_if<KeepBytes>(&request.budget))
    if (const std::uint64_t least = exportBytes(plan); least > keep->bytes)
      throw Error(ErrorKind::BadRequest,
                  fmt::format("{}: the least that this model can take is {} bytes, as it is it takes {}", nothing,
                              least, exportBytes(unchanged)));
}

} // namespace rankscope
