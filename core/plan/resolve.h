// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/plan/rank_plan.h"
#include "core/spectrum/spectrum.h"

namespace rankscope {

/// What will be done with one layer, with nothing left to decide: it stays as it is in the checkpoint, becomes factors
/// (rank), a quantised matrix (base), or a quantised matrix with a low-rank correction (both).
struct LayerChoice {
  std::optional<std::int64_t> rank; ///< of the factors; nullopt: none
  StorageFormat formatA;            ///< of the factors, when there are any
  StorageFormat formatB;
  std::string method = {}; ///< how the parts are found: "" plainly, else a method's name and, once it is fitted, what
                           ///< tells the texts apart (only results of the same are resumed)
  std::optional<StorageFormat> base = {}; ///< of the quantised matrix, always integers; nullopt: none
  bool biasShift = false;                 ///< the linear's bias takes up the mean error of its outputs
  bool isDense() const { return !rank && !base; }
  bool operator==(const LayerChoice&) const = default;
};

/// A plan applied to one checkpoint: a choice for every layer, in the order of Checkpoint::layers().
struct ResolvedPlan {
  std::vector<LayerChoice> layers;
  int refineSteps = 0; ///< RankPlan::refineSteps
  std::vector<std::string>
      notes; ///< sentences such as "rank 900 of h.0.… clamped to 768", "…: factors are larger than dense"
  bool operator==(const ResolvedPlan&) const = default;
};

/// Spectra that are known, by layer; null where one is not (yet). Rules by cosine or energy need it.
using SpectrumLookup = std::function<const Spectrum*(LayerId)>;

/// Applies overrides, then min_dim, then rules. Throws Error(BadRequest) for an override that names no layer, and when
/// a rule needs a spectrum that the lookup does not have. Layers that are already factored stay as they are unless
/// `recompress`.
ResolvedPlan resolve(const RankPlan& plan, const Checkpoint& checkpoint, const SpectrumLookup& spectra,
                     bool recompress = false);

/// Which layers' spectra resolve() will ask for.
std::vector<LayerId> spectraNeeded(const RankPlan& plan, const Checkpoint& checkpoint);

/// How the parts of a layer are stored and found.
struct Storing {
  Storage factorDtype = Storage::F32;
  int group = 0;
  std::optional<Storage> base = {}; ///< int8, int4 or int3; nullopt: none
  int baseGroup = kDefaultBaseGroup;
  Method method = Method::Plain;
  bool biasShift = true; ///< where the method is fitted to a text and the linear has a bias
};
/// The plan's own, with what a rule or an override says of it.
Storing storingOf(const RankPlan& plan, const LayerSettings& settings = {});

/// The choice of a rank (nullopt: no factors) under `storing`: formats with the axes and groups measured to lose least,
/// given how the layer is used (HACKING.md, "Scales").
LayerChoice choiceFor(const LayerInfo& layer, std::optional<std::int64_t> rank, const Storing& storing);

/// The choice of an override that asks for no cosine or energy; a rank above the full one is clamped.
LayerChoice choiceFor(const LayerInfo& layer, const Override& request, const RankPlan& plan);

/// The override that makes resolve() choose `choice` under `plan`, whatever its rules: what pins a layer.
Override overrideFor(const LayerInfo& layer, const LayerChoice& choice, const RankPlan& plan);

/// True for an action that needs a spectrum to become a rank.
bool isTarget(const Action& action);

/// What a choice is, for a table's cell: "dense", "384", "int4", "int4 + 8".
std::string shortForm(const LayerChoice& choice);

/// Plain factors, or dense.
LayerChoice choiceFor(const LayerInfo& layer, std::optional<std::int64_t> rank, Storage storage, int group);

/// Format of a quantised base: int8, int4 or int3, F16 scales, each for `group` neighbours along the axis that is
/// summed over in use, or (group 0) for one output.
StorageFormat baseFormat(const LayerInfo& layer, Storage storage, int group);

/// Bytes of a layer under a choice, scales and bias shift included.
std::uint64_t bytesAfter(const LayerInfo& layer, const LayerChoice& choice);

/// True when the parts of `choice` take fewer bytes as written than the layer, and factors without a base also hold
/// fewer numbers than the matrix, rank·(rows + cols) < rows·cols. Presets, targets and budgets choose no other rank.
bool isBelowBreakEven(const LayerInfo& layer, const LayerChoice& choice);

/// The largest rank that isBelowBreakEven() in this storage, beside a base where `storing` has one; nullopt when none
/// is.
std::optional<std::int64_t> largestSavingRank(const LayerInfo& layer, const Storing& storing);
std::optional<std::int64_t> largestSavingRank(const LayerInfo& layer, Storage storage, int group);

/// `fraction` of min(rows, cols), rounded, at least 1.
std::int64_t rankForFraction(const LayerInfo& layer, double fraction);

/// Bytes before and after of a set of layers or of a whole model.
struct ByteTotals {
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  double kept() const { return before == 0 ? 1.0 : static_cast<double>(after) / static_cast<double>(before); }
};
ByteTotals scopeTotals(const Checkpoint& checkpoint, const ResolvedPlan& plan, std::span<const LayerId> scope);
ByteTotals modelTotals(const Checkpoint& checkpoint, const ResolvedPlan& plan);

/// Layers that presets, targets and budgets may touch.
std::vector<LayerId> defaultScope(const Checkpoint& checkpoint);

} // namespace rankscope
