// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/presets.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/error.h"

namespace rankscope {

namespace {

constexpr std::array<std::string_view, 3> kNames{"uniform", "selective", "hybrid"};
constexpr double kUniformFraction = 0.0625;     // the study's 128 of 2048
constexpr double kHybridEdgeFraction = 0.1875;  // 384 of 2048: first and last block
constexpr double kHybridOutputFraction = 0.125; // 256 of 2048: attention output
constexpr double kHybridFraction = 0.09375;     // 192 of 2048: other attention

struct Blocks {
  int first = 0;
  int last = 0;
  bool isEdge(const LayerInfo& layer) const { return layer.block && (*layer.block == first || *layer.block == last); }
};

Blocks blocksOf(const Checkpoint& checkpoint) {
  Blocks blocks{INT32_MAX, -1};
  for (const LayerInfo& layer : checkpoint.layers()) {
    if (!layer.block || !layer.inDefaultScope()) continue;
    blocks.first = std::min(blocks.first, *layer.block);
    blocks.last = std::max(blocks.last, *layer.block);
  }
  return blocks;
}

std::int64_t uniformRank(const LayerInfo& layer, const PresetOptions& options) {
  if (options.rank) return std::min(*options.rank, layer.smallSide());
  return rankForFraction(layer, options.fraction.value_or(kUniformFraction));
}

/// The same rank for all: with a base only where one is asked for.
Override uniform(const LayerInfo& layer, const PresetOptions& options) {
  const bool hasRank = !options.base || options.rank || options.fraction;
  return requestFor(hasRank ? uniformRank(layer, options) : 0, options);
}

/// What the preset asks of a layer in scope.
Override presetRequest(Preset preset, const LayerInfo& layer, const Blocks& blocks, const PresetOptions& options) {
  if (preset == Preset::Uniform) return uniform(layer, options);
  if (isMlp(layer.role)) return std::nullopt;
  if (preset == Preset::Selective) {
    if (blocks.isEdge(layer)) return std::nullopt;
    return uniform(layer, options);
  }
  if (blocks.isEdge(layer)) return rankForFraction(layer, kHybridEdgeFraction);
  return rankForFraction(layer, layer.role == Role::AttentionOutput ? kHybridOutputFraction : kHybridFraction);
}

/// Writes the request into the plan. Where it saves nothing it loses its correction, then its base, with a note.
void setRequest(RankPlan& plan, const LayerInfo& layer, Override request, std::vector<std::string>* notes) {
  const auto saves = [&] { return isBelowBreakEven(layer, choiceFor(layer, request, plan)); };
  if (request.settings.base && request.rank() && !saves()) {
    if (notes)
      notes->push_back(fmt::format("{}: gets no correction, rank {} would save nothing", layer.name, *request.rank()));
    request.action = KeepDense{};
  }
  if (!request.isDense() && !saves()) {
    if (notes)
      notes->push_back(fmt::format("{}: stays dense, {} would save nothing", layer.name,
                                   request.rank() ? fmt::format("rank {}", *request.rank())
                                                  : std::string(name(*request.settings.base))));
    request = std::nullopt;
  }
  plan.overrides[layer.name] = request;
}

} // namespace

std::int64_t RankLimits::least(bool correction) const {
  const std::int64_t from = correction ? 1 : std::max<std::int64_t>(1, leastRank);
  return (from + multiple - 1) / multiple * multiple;
}

RankPlan emptyPlan(const PresetOptions& options) {
  RankPlan plan;
  plan.minDim = options.minDim;
  plan.factorDtype = options.factorDtype;
  plan.group = options.group;
  plan.method = options.method;
  plan.biasShift = options.biasShift;
  plan.refineSteps = options.refineSteps;
  return plan;
}

Storing storingOf(const PresetOptions& options) {
  return {options.factorDtype, options.group, options.base, options.baseGroup, options.method, options.biasShift};
}

Override requestFor(std::int64_t rank, const PresetOptions& options) {
  Override request(rank > 0 ? std::optional(rank) : std::nullopt);
  request.settings.base = options.base;
  if (options.base && options.baseGroup != kDefaultBaseGroup) request.settings.baseGroup = options.baseGroup;
  return request;
}

std::string_view name(Preset preset) {
  return kNames[static_cast<std::size_t>(preset)];
}

std::optional<Preset> parsePreset(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Preset>(found - kNames.begin());
}

std::vector<LayerId> planScope(const Checkpoint& checkpoint, const PresetOptions& options) {
  std::vector<LayerId> scope = defaultScope(checkpoint);
  const Matcher wanted(Rule{Rule::Syntax::Glob, options.layers.empty() ? "*" : options.layers, KeepDense{}});
  std::erase_if(scope, [&](LayerId id) {
    const LayerInfo& layer = checkpoint.layer(id);
    return (layer.isCompressed() && !options.recompress) || layer.smallSide() < options.minDim ||
           !wanted.matches(layer.name);
  });
  return scope;
}

RankPlan presetPlan(Preset preset, const Checkpoint& checkpoint, const PresetOptions& options,
                    std::vector<std::string>* notes) {
  if (preset == Preset::Hybrid && (options.rank || options.fraction))
    throw Error(ErrorKind::BadRequest, "the hybrid preset has its own ranks: a rank goes with uniform or selective");
  if (preset == Preset::Hybrid && options.base)
    throw Error(ErrorKind::BadRequest,
                "the hybrid preset has ranks of factors and no base: a base goes with uniform or selective");
  const Blocks blocks = blocksOf(checkpoint);
  RankPlan plan = emptyPlan(options);
  for (const LayerId id : planScope(checkpoint, options)) {
    const LayerInfo& layer = checkpoint.layer(id);
    setRequest(plan, layer, presetRequest(preset, layer, blocks, options), notes);
  }
  return plan;
}

RankPlan planForRanks(const RankLookup& ranks, const Checkpoint& checkpoint, const PresetOptions& options,
                      std::vector<std::string>* notes) {
  RankPlan plan = emptyPlan(options);
  for (const LayerId id : planScope(checkpoint, options)) {
    const LayerInfo& layer = checkpoint.layer(id);
    if (const std::optional<std::int64_t> rank = ranks(id))
      setRequest(plan, layer, requestFor(*rank, options), notes);
    else if (notes)
      notes->push_back(fmt::format("{}: stays dense, it has no spectrum", layer.name));
  }
  return plan;
}

RankPlan planForCosine(double cosine, const Checkpoint& checkpoint, const SpectrumLookup& spectra,
                       const PresetOptions& options, std::vector<std::string>* notes) {
  if (!(cosine > 0) || cosine > 1)
    throw Error(ErrorKind::BadRequest,
                fmt::format("a cosine to reach lies above 0 and at most at 1, not at {}", cosine));
  const RankLookup ranks = [&](LayerId id) -> std::optional<std::int64_t> {
    const Spectrum* spectrum = spectra(id);
    if (!spectrum) return std::nullopt;
    return spectrum->rankForCosine(cosine);
  };
  return planForRanks(ranks, checkpoint, options, notes);
}

} // namespace rankscope
