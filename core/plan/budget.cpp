// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/budget.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/checkpoint/factored_manifest.h"
#include "core/checkpoint/safetensors_writer.h"

namespace rankscope {
namespace {

void checkBudget(const Budget& budget) {
  const auto* share = std::get_if<KeepShare>(&budget);
  if (share && (!(share->share > 0) || share->share > 1))
    throw Error(ErrorKind::BadRequest,
                fmt::format("a share of bytes to keep lies above 0 and at most at 1, not at {}", share->share));
}

/// Factors and scales of a layer as a header lists them, with the longest numbers that it can need.
void addFactorSpecs(std::vector<TensorSpec>& specs, const LayerInfo& layer, bool scaled) {
  const auto rows = static_cast<std::uint64_t>(layer.rows);
  const auto cols = static_cast<std::uint64_t>(layer.cols);
  const auto rank = static_cast<std::uint64_t>(layer.smallSide());
  specs.push_back({factorName(layer.name, 'a'), DType::BF16, {rows, rank}});
  specs.push_back({factorName(layer.name, 'b'), DType::BF16, {rank, cols}});
  if (!scaled) return;
  specs.push_back({scaleName(layer.name, 'a'), DType::F32, {rows, rank}});
  specs.push_back({scaleName(layer.name, 'b'), DType::F32, {rank, cols}});
}

/// The same of a quantised matrix.
void addBaseSpecs(std::vector<TensorSpec>& specs, const LayerInfo& layer) {
  const auto rows = static_cast<std::uint64_t>(layer.rows);
  const auto cols = static_cast<std::uint64_t>(layer.cols);
  specs.push_back({baseName(layer.name), DType::I8, {rows, cols}});
  specs.push_back({baseScaleName(layer.name), DType::F16, {rows, cols}});
}

/// What an export holds besides the values: the file's header and the manifest, as long as they can get.
std::uint64_t overheadBytes(const Checkpoint& checkpoint, const PresetOptions& options,
                            const std::set<LayerId>& mayBeFactored, const RankPlan& pinned) {
  std::vector<TensorSpec> specs;
  FactoredManifest manifest{checkpoint.content().modelName, std::string(32, '0'), "split", {}};
  for (const TensorView& tensor : checkpoint.tensors()) {
    const auto layer = checkpoint.findLayer(tensor.name);
    if (!layer || !mayBeFactored.contains(*layer)) specs.push_back({tensor.name, tensor.dtype, tensor.shape});
  }
  for (const LayerId id : mayBeFactored) {
    const LayerInfo& layer = checkpoint.layer(id);
    if (!layer.isCompressed()) addFactorSpecs(specs, layer, isInteger(options.factorDtype)); // else listed already
    const LayerChoice choice = choiceFor(layer, layer.smallSide(), storingOf(options));
    const auto pin = pinned.overrides.find(layer.name);
    const bool hasBase = options.base || (pin != pinned.overrides.end() && pin->second.settings.base);
    if (hasBase) addBaseSpecs(specs, layer);
    const bool pinShifts = pin != pinned.overrides.end() && choiceFor(layer, pin->second, emptyPlan(options)).biasShift;
    if (choice.biasShift || pinShifts)
      specs.push_back({biasShiftName(layer.name), DType::F32, {static_cast<std::uint64_t>(layer.outputs())}});
    manifest.layers.push_back({layer.name, layer.rows, layer.cols, layer.smallSide(), layer.orientation, layer.dtype,
                               choice.formatA, choice.formatB, 1.0 / 3, 1.0 / 3});
    ManifestLayer& entry = manifest.layers.back();
    entry.method = name(options.method);
    if (options.method != Method::Plain) entry.calibration = std::string(32, '0');
    if (hasBase) entry.base = baseFormat(layer, Storage::Int8, 128);
    entry.biasShift = choice.biasShift || pinShifts;
  }
  return layOutSafetensors(specs).header.size() + toJson(manifest).size();
}

/// The layers that the budget decides, and the bytes of all that it does not but has to pay for.
struct Frame {
  std::vector<BudgetItem> items;
  std::uint64_t fixed = 0;
  std::uint64_t limit = 0;
};

class Planner final {
 public:
  Planner(const Checkpoint& checkpoint, const PresetOptions& options, const RankPlan& pinned)
      : m_checkpoint(checkpoint), m_options(options), m_pinned(pinned) {
    for (const auto& [layer, request] : pinned.overrides)
      if (!checkpoint.findLayer(layer))
        throw Error(ErrorKind::BadRequest, fmt::format("the plan overrides \"{}\", which is no layer of {}", layer,
                                                       checkpoint.path().string()));
  }

  Frame frame(const Budget& budget, const BenefitLookup& benefits, std::vector<std::string>* notes) const {
    Frame frame;
    std::uint64_t scopeBytes = 0;
    for (const LayerId id : planScope(m_checkpoint, m_options)) {
      const LayerInfo& layer = m_checkpoint.layer(id);
      scopeBytes += layer.bytes;
      std::optional<BenefitCurve> curve = benefits(id);
      if (m_pinned.overrides.contains(layer.name)) {
        frame.fixed += pinnedBytes(layer);
      } else if (curve) {
        frame.items.push_back(item(layer, std::move(*curve)));
      } else {
        frame.fixed += layer.bytes;
        if (notes) notes->push_back(fmt::format("{}: stays dense, it has no spectrum", layer.name));
      }
    }
    if (const auto* keep = std::get_if<KeepBytes>(&budget)) {
      frame.limit = keep->bytes;
      frame.fixed += m_checkpoint.bytes() - scopeBytes + overhead();
      frame.fixed = addPinsOutsideScope(frame.fixed);
    } else {
      // A hair more, so that a share that was computed from bytes gives those bytes back.
      frame.limit =
          static_cast<std::uint64_t>(std::get<KeepShare>(budget).share * static_cast<double>(scopeBytes) + 1e-6);
    }
    return frame;
  }

 private:
  BudgetItem item(const LayerInfo& layer, BenefitCurve curve) const {
    BudgetItem item;
    item.layer = layer.id;
    const Storing storing = storingOf(m_options);
    const RankLimits& limits = m_options.limits;
    item.baseAlone = storing.base && isBelowBreakEven(layer, choiceFor(layer, std::nullopt, storing));
    item.leastRank = limits.least(storing.base.has_value());
    item.step = limits.multiple;
    item.largestRank = largestSavingRank(layer, storing).value_or(0);
    if (limits.largestRank > 0) item.largestRank = std::min(item.largestRank, limits.largestRank);
    item.denseBytes = layer.bytes;
    item.denseBenefit = curve.dense;
    item.benefit = std::move(curve.at);
    item.bytes = [&layer, storing](std::int64_t rank) {
      return bytesAfter(layer, choiceFor(layer, rank > 0 ? std::optional(rank) : std::nullopt, storing));
    };
    return item;
  }

  /// Under the settings of the plan that will be made.
  LayerChoice pinnedChoice(const LayerInfo& layer) const {
    return choiceFor(layer, m_pinned.overrides.at(layer.name), emptyPlan(m_options));
  }

  std::uint64_t pinnedBytes(const LayerInfo& layer) const { return bytesAfter(layer, pinnedChoice(layer)); }

  bool isPinOutsideScope(const LayerInfo& layer, const std::set<LayerId>& scope) const {
    return m_pinned.overrides.contains(layer.name) && !scope.contains(layer.id) && !layer.isCompressed();
  }

  std::set<LayerId> scope() const {
    const std::vector<LayerId> ids = planScope(m_checkpoint, m_options);
    return {ids.begin(), ids.end()};
  }

  std::uint64_t addPinsOutsideScope(std::uint64_t bytes) const {
    const std::set<LayerId> inScope = scope();
    for (const LayerInfo& layer : m_checkpoint.layers())
      if (isPinOutsideScope(layer, inScope)) bytes = bytes - layer.bytes + pinnedBytes(layer);
    return bytes;
  }

  std::uint64_t overhead() const {
    const std::set<LayerId> inScope = scope();
    std::set<LayerId> mayBeFactored = inScope;
    for (const LayerInfo& layer : m_checkpoint.layers())
      if (isPinOutsideScope(layer, inScope) || layer.isCompressed()) mayBeFactored.insert(layer.id);
    return overheadBytes(m_checkpoint, m_options, mayBeFactored, m_pinned);
  }

  const Checkpoint& m_checkpoint;
  const PresetOptions& m_options;
  const RankPlan& m_pinned;
};

[[noreturn]] void cannotBeMet(const Budget& budget, const Frame& frame, std::uint64_t leastBytes) {
  const std::uint64_t least = frame.fixed + leastBytes;
  if (std::holds_alternative<KeepBytes>(budget))
    throw Error(ErrorKind::BadRequest,
                fmt::format("a budget of {} bytes cannot be met: with every layer at its smallest the "
                            "exported model still takes {} bytes",
                            frame.limit, least));
  throw Error(ErrorKind::BadRequest,
              fmt::format("a budget of {} bytes for the layers in scope cannot be met: with every "
                          "one at its smallest they still take {} bytes",
                          frame.limit, least));
}

} // namespace

RankPlan planForBudget(const Budget& budget, const Checkpoint& checkpoint, const SpectrumLookup& spectra,
                       const PresetOptions& options, const RankPlan& pinned, std::vector<std::string>* notes) {
  const BenefitLookup energy = [&](LayerId layer) -> std::optional<BenefitCurve> {
    const Spectrum* spectrum = spectra ? spectra(layer) : nullptr;
    if (!spectrum) return std::nullopt;
    return BenefitCurve{[spectrum](std::int64_t rank) { return spectrum->energyAt(rank); }, 1.0};
  };
  return planForBudget(budget, checkpoint, energy, options, pinned, notes);
}

RankPlan planForBudget(const Budget& budget, const Checkpoint& checkpoint, const BenefitLookup& benefits,
                       const PresetOptions& options, const RankPlan& pinned, std::vector<std::string>* notes) {
  checkBudget(budget);
  const Planner planner(checkpoint, options, pinned);
  const Frame frame = planner.frame(budget, benefits, notes);
  const BudgetSolution solution = solveBudget(frame.items, frame.limit > frame.fixed ? frame.limit - frame.fixed : 0);
  if (!solution.feasible || frame.fixed > frame.limit) cannotBeMet(budget, frame, solution.bytes);
  RankPlan plan = emptyPlan(options);
  plan.overrides = pinned.overrides;
  for (std::size_t i = 0; i < frame.items.size(); ++i)
    plan.overrides[checkpoint.layer(frame.items[i].layer).name] =
        solution.ranks[i] ? requestFor(*solution.ranks[i], options) : Override(std::nullopt);
  if (const auto dense = std::count(solution.ranks.begin(), solution.ranks.end(), std::nullopt); dense > 0 && notes)
    notes->push_back(
        fmt::format("{} of {} layers in scope stay dense: their bytes are worth it", dense, frame.items.size()));
  return plan;
}

} // namespace rankscope
