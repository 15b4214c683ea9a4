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

/// What will be done with one layer, with nothing left to decide.
struct LayerChoice {
  std::optional<std::int64_t> rank;  ///< nullopt: stays dense, as it is in the checkpoint
  StorageFormat formatA;             ///< of the factors, when there are any
  StorageFormat formatB;
  std::string method = {};           ///< how the factors are found: "" by plain truncation, else a name that tells methods
                                     ///< and the texts they were fitted on apart (only results of the same are resumed)
  bool operator==(const LayerChoice&) const = default;
};

/// A plan applied to one checkpoint: a choice for every layer, in the order of Checkpoint::layers().
struct ResolvedPlan {
  std::vector<LayerChoice> layers;
  std::vector<std::string> notes;  ///< sentences such as "rank 900 of h.0.… clamped to 768", "…: factors are larger than dense"
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

/// Formats of the two factors for a storage and group, given how the layer is used: the axis and group measured to lose
/// least (HACKING.md, "Scales").
LayerChoice choiceFor(const LayerInfo& layer, std::optional<std::int64_t> rank, Storage storage, int group);

/// Bytes of a layer under a choice, scales included.
std::uint64_t bytesAfter(const LayerInfo& layer, const LayerChoice& choice);

/// True when the factors of `choice` hold fewer numbers than the matrix, rank·(rows + cols) < rows·cols, and take fewer
/// bytes as written. Presets, targets and budgets choose no other rank.
bool isBelowBreakEven(const LayerInfo& layer, const LayerChoice& choice);

/// The largest rank that isBelowBreakEven() in this storage; nullopt when none is.
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

}  // namespace rankscope
