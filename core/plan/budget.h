// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/plan/presets.h"

namespace rankscope {

/// One layer as the budget solver sees it: a benefit curve over ranks whose marginal gain falls, and what ranks cost.
struct BudgetItem {
  LayerId layer;
  std::int64_t leastRank = 1;
  std::int64_t largestRank = 1; ///< below break-even
  std::int64_t step = 1;        ///< ranks are leastRank + k·step
  bool baseAlone = false;       ///< rank 0, a quantised base without a correction, comes before them
  std::uint64_t denseBytes = 0;
  double denseBenefit = 1;
  std::function<double(std::int64_t rank)> benefit;      ///< rising, concave
  std::function<std::uint64_t(std::int64_t rank)> bytes; ///< rising
};

struct BudgetSolution {
  std::vector<std::optional<std::int64_t>> ranks; ///< per item; nullopt: dense
  std::uint64_t bytes = 0;
  double benefit = 0;
  bool feasible = true; ///< false when even the least ranks do not fit
};

/// Largest Σ benefit with Σ bytes ≤ limit. Among given dense layers it is greedy on marginal benefit per byte along the
/// upper hull of every curve, which is optimal to one step for concave curves; the jump to dense bends the curve
/// upwards, so which layers go dense follows first from the price per byte and is then improved by trying single
/// changes and swaps among those near that price. When not even the least ranks fit, these are the solution.
BudgetSolution solveBudget(std::span<const BudgetItem> items, std::uint64_t limit);

/// Budget of a plan: a share of the bytes of the layers in planScope(), or the size of the whole exported model: every
/// tensor, the file's header and the manifest; copied files (config.json, tokenizer) not counted.
struct KeepShare {
  double share = 1;
};
struct KeepBytes {
  std::uint64_t bytes = 0;
};
using Budget = std::variant<KeepShare, KeepBytes>;

/// What a rank of one layer is worth: rising and concave in the rank. Rank 0 is a quantised base without a correction.
struct BenefitCurve {
  std::function<double(std::int64_t rank)> at;
  double dense = 1;
};
using BenefitLookup = std::function<std::optional<BenefitCurve>(LayerId)>;

/// Shares the budget among planScope() so that the sum of the benefits is largest: ranks within options.limits, those
/// of corrections where options.base quantises the layers, or dense. Layers named in `pinned.overrides` keep their
/// override; one outside the scope counts against KeepBytes only. A layer without a curve stays dense. No choice is at
/// or above break-even (isBelowBreakEven). Throws Error(BadRequest) saying the smallest possible size when the budget
/// cannot be met.
RankPlan planForBudget(const Budget& budget, const Checkpoint& checkpoint, const BenefitLookup& benefits,
                       const PresetOptions& options, const RankPlan& pinned = {},
                       std::vector<std::string>* notes = nullptr);

/// The same for the sum of relative kept energy: each layer's cosine², from its spectrum. options.base must be empty.
RankPlan planForBudget(const Budget& budget, const Checkpoint& checkpoint, const SpectrumLookup& spectra,
                       const PresetOptions& options, const RankPlan& pinned = {},
                       std::vector<std::string>* notes = nullptr);

} // namespace rankscope
