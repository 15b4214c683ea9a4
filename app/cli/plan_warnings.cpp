// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/plan_warnings.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/cli/console.h"
#include "app/cli/words.h"

namespace rankscope::cli {
namespace {

bool matchesALayer(const Rule& rule, const Checkpoint& checkpoint) {
  const Matcher matcher(rule);
  return std::ranges::any_of(checkpoint.layers(), [&](const LayerInfo& layer) { return matcher.matches(layer.name); });
}

/// "15 for 32 × 32, 20 for 56 × 32": the largest ranks that save bytes, by shape.
std::string savingRanks(const std::vector<LayerId>& scope, const PresetOptions& preset, const Checkpoint& checkpoint) {
  constexpr std::size_t kShown = 4;
  std::map<std::string, std::string> byShape;
  for (const LayerId id : scope) {
    const LayerInfo& layer = checkpoint.layer(id);
    const auto largest = largestSavingRank(layer, storingOf(preset));
    const std::string size = shape(layer.rows, layer.cols);
    byShape[size] = fmt::format("{} for {}", largest ? std::to_string(*largest) : "none", size);
  }
  std::vector<std::string> parts;
  for (const auto& [size, words] : byShape) parts.push_back(words);
  if (parts.size() > kShown) {
    parts.resize(kShown);
    parts.emplace_back("…");
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// Why options leave every layer dense.
std::string reason(const PlanOptions& options, const Checkpoint& checkpoint) {
  const PresetOptions preset = presetOptions(options, checkpoint);
  const std::vector<LayerId> scope = planScope(checkpoint, preset);
  if (scope.empty()) {
    const bool compressed = std::ranges::any_of(checkpoint.layers(), &LayerInfo::isCompressed);
    if (compressed && !options.recompress)
      return "the layers in question are compressed already; --recompress does it anew";
    if (options.minDim) return fmt::format("--min-dim {} leaves out every attention and MLP layer", *options.minDim);
    if (!options.layers.empty()) return fmt::format("--layers {} matches no attention or MLP layer", options.layers);
    return "the model has no attention or MLP layers that are known";
  }
  if (options.hasBudget()) return "the model keeps to the budget as it is";
  if (!options.rank && !options.fraction) return "every layer would stay dense";
  return fmt::format("every layer would stay dense, because {} is above break-even; the largest ranks that save bytes "
                     "are {}",
                     options.rank ? fmt::format("rank {}", *options.rank)
                                  : fmt::format("a fraction of {}", *options.fraction),
                     savingRanks(scope, preset, checkpoint));
}

} // namespace

void warnOfIdleRules(const RankPlan& plan, const std::filesystem::path& file, const Checkpoint& checkpoint,
                     Console& console) {
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    const Rule& rule = plan.rules[i];
    if (matchesALayer(rule, checkpoint)) continue;
    console.warn(fmt::format("rule {} of {} ({} {}) matches no layer of {}", i + 1, file.string(),
                             rule.syntax == Rule::Syntax::Glob ? "glob" : "regex", rule.pattern,
                             checkpoint.path().string()));
  }
}

std::optional<std::string> whyNothingIsCompressed(const PlanOptions* options, const Checkpoint& checkpoint,
                                                  const ResolvedPlan& resolved) {
  if (!std::ranges::all_of(resolved.layers, &LayerChoice::isDense)) return std::nullopt;
  return fmt::format("no layer would be compressed: {}",
                     options ? reason(*options, checkpoint) : "the plan leaves every layer as it is");
}

bool asksForDense(const RankPlan& plan) {
  const bool dense = std::ranges::all_of(plan.overrides, [](const auto& item) { return item.second.isDense(); }) &&
                     std::ranges::all_of(plan.rules, [](const Rule& rule) {
                       return std::holds_alternative<KeepDense>(rule.action) && !rule.settings.base;
                     });
  return dense && !(plan.overrides.empty() && plan.rules.empty());
}

} // namespace rankscope::cli
