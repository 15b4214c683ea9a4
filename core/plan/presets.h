// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/plan/resolve.h"

namespace rankscope {

/// Uniform: one rank or fraction for every attention and MLP linear (default 6.25 % of min(rows, cols), the study's 128
/// of 2048). Selective: uniform, but MLP, first and last block dense. Hybrid: MLP dense; first and last block 18.75 %,
/// attention output 12.5 %, other attention 9.375 %.
enum class Preset { Uniform, Selective, Hybrid };
std::string_view name(Preset preset);
std::optional<Preset> parsePreset(std::string_view name);

/// Ranks that a budget may choose. Corrections of a quantised base may be smaller than leastRank.
struct RankLimits {
  std::int64_t leastRank = 1;
  std::int64_t largestRank = 0; ///< 0: no limit
  std::int64_t multiple = 1;    ///< ranks are multiples of it

  /// The smallest rank to choose, a multiple.
  std::int64_t least(bool correction) const;
};

struct PresetOptions {
  std::optional<std::int64_t> rank; ///< uniform and selective only
  std::optional<double> fraction;
  std::int64_t minDim = 0;
  std::string layers;      ///< glob: only layers whose whole name matches; all when empty
  bool recompress = false; ///< layers that are factored already are decided, too
  Storage factorDtype = Storage::F32;
  int group = 0;
  std::optional<Storage> base = {}; ///< int8, int4, int3: the matrices are quantised, and ranks are of corrections
  int baseGroup = kDefaultBaseGroup;
  Method method = Method::Plain;
  bool biasShift = true;
  int refineSteps = 0;
  RankLimits limits = {}; ///< of what budgets choose
};

/// A plan of nothing, with the settings that the options say.
RankPlan emptyPlan(const PresetOptions& options);
/// A rank beside options.base where there is one; rank 0: the base alone, or dense.
Override requestFor(std::int64_t rank, const PresetOptions& options);
/// How the options' layers are stored and found.
Storing storingOf(const PresetOptions& options);

/// Layers that presets, targets and budgets decide: the default scope without layers that are factored already (unless
/// `recompress`), whose min(rows, cols) is below min_dim, or that `layers` does not match.
std::vector<LayerId> planScope(const Checkpoint& checkpoint, const PresetOptions& options);

/// The preset as an ordinary plan of overrides over the checkpoint's default scope. With a base, uniform and selective
/// quantise their layers, and correct them where a rank or fraction is given; hybrid has no base. Never chooses what is
/// not below break-even: a correction goes first, then the layer stays dense; `notes`, when given, receives a sentence
/// for each.
RankPlan presetPlan(Preset preset, const Checkpoint& checkpoint, const PresetOptions& options,
                    std::vector<std::string>* notes = nullptr);

/// The rank that each layer should have; nullopt where that is not known, 0 for options.base alone.
using RankLookup = std::function<std::optional<std::int64_t>(LayerId)>;

/// Those ranks, beside options.base where there is one; dense where that is at or above break-even or not known.
RankPlan planForRanks(const RankLookup& ranks, const Checkpoint& checkpoint, const PresetOptions& options,
                      std::vector<std::string>* notes = nullptr);

/// The smallest rank per layer whose predicted cosine reaches `cosine`; dense where that is at or above break-even.
RankPlan planForCosine(double cosine, const Checkpoint& checkpoint, const SpectrumLookup& spectra,
                       const PresetOptions& options, std::vector<std::string>* notes = nullptr);

} // namespace rankscope
