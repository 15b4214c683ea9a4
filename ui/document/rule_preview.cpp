// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/rule_preview.h"

#include <algorithm>
#include <set>

#include "ui/document/document.h"

namespace rankscope::ui {

namespace {

/// "h.3.attn.q_proj" of block 3 -> "h.*.attn.q_proj": the first part of the name that is the block's number.
std::string inEveryBlock(const LayerInfo& layer) {
  const std::string number = "." + std::to_string(*layer.block) + ".";
  const std::size_t at = layer.name.find(number);
  if (at == std::string::npos) return layer.name;
  return layer.name.substr(0, at) + ".*." + layer.name.substr(at + number.size());
}

} // namespace

RulePreview previewRules(const Document& document, const std::vector<Rule>& rules, std::size_t edited) {
  RulePreview preview;
  const Matcher matcher(rules[edited]);
  for (const LayerId id : document.allLayers())
    if (matcher.matches(document.layer(id).name)) preview.matched.push_back(id);
  RankPlan plan = document.plan();
  plan.rules = rules;
  const ResolvedPlan then = document.resolvedAs(plan);
  for (const LayerId id : document.allLayers())
    if (then.layers[id.value] != document.resolved().layers[id.value]) preview.changed.push_back(id);
  preview.bytesNow = document.totals().model.after;
  preview.bytesThen = modelTotals(*document.checkpoint(), then).after;
  return preview;
}

std::vector<Rule> rulesLikePreset(const Checkpoint& checkpoint, Preset preset) {
  const std::vector<LayerId> scope = defaultScope(checkpoint);
  int last = 0;
  for (const LayerId id : scope) last = std::max(last, checkpoint.layer(id).block.value_or(0));
  std::vector<Rule> rules;
  std::set<std::string> seen;
  const auto add = [&](const std::string& pattern, Action action) {
    if (seen.insert(pattern).second) rules.push_back({Rule::Syntax::Glob, pattern, action});
  };
  constexpr double kUniform = 0.0625, kEnds = 0.1875, kOutput = 0.125, kOther = 0.09375;
  // Single names first: the first rule that matches decides.
  for (const LayerId id : scope) {
    const LayerInfo& layer = checkpoint.layer(id);
    const bool end = layer.block && (*layer.block == 0 || *layer.block == last);
    if (!end || preset == Preset::Uniform || isMlp(layer.role)) continue;
    if (preset == Preset::Selective)
      add(layer.name, KeepDense{});
    else
      add(layer.name, UseFraction{kEnds});
  }
  for (const LayerId id : scope) {
    const LayerInfo& layer = checkpoint.layer(id);
    if (!layer.block) continue;
    const std::string pattern = inEveryBlock(layer);
    if (isMlp(layer.role) && preset != Preset::Uniform)
      add(pattern, KeepDense{});
    else if (preset != Preset::Hybrid)
      add(pattern, UseFraction{kUniform});
    else
      add(pattern, UseFraction{layer.role == Role::AttentionOutput ? kOutput : kOther});
  }
  return rules;
}

} // namespace rankscope::ui
