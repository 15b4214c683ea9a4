// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/advise/advice.h"
#include "core/store/run_file.h"
#include "ui/document/run_storage.h"

/// An advice and a predictor made up for tests, and a run file that holds them.
namespace rankscope::test {

inline AdviceOption option(const std::string& name, AdviceOption::Group group, std::int64_t rank, double kl) {
  AdviceOption option;
  option.name = name;
  option.description = "words about " + name;
  option.group = group;
  option.plan.rules = {{Rule::Syntax::Glob, "*attn*", UseRank{rank}}};
  LayerChoice factors;
  factors.rank = rank;
  option.choices.layers = {factors, {}, factors};
  option.bytes = 5'000'000 + static_cast<std::uint64_t>(rank);
  option.scopeKept = 0.4 + 0.001 * static_cast<double>(rank);
  option.meanCosine = 0.9;
  option.kept = 0.5;
  option.measured.positions = 100;
  option.measured.tokens = 640;
  option.measured.kl.mean = kl;
  option.measured.compressed.value = 9;
  option.measured.compressed.standardError = 0.25;
  option.measured.top1Agreement = 0.75;
  option.measured.logits.cosine = 0.95;
  return option;
}

inline Advice advice() {
  Advice advice;
  advice.model = "demo";
  advice.options = {option("study-uniform", AdviceOption::Group::Study, 40, 0.9),
                    option("mixed", AdviceOption::Group::InBudget, 24, 0.2),
                    option("fisher", AdviceOption::Group::InBudget, 32, 0.4)};
  advice.options[0].withinBudget = false;
  advice.recommended = 1;
  PlanPrediction p;
  p.kl = 0.2;
  p.klLow = 0.15;
  p.klHigh = 0.27;
  advice.frontier = {{"everything", 1000, 0.3, p}, {"everything", 2000, 0.6, p}};
  advice.modelBytes = 12'000'000;
  advice.scopeTotal = 4000;
  advice.checks = {{p, 0.22}, {p, 0.19}};
  advice.text = advice.calibrationText = "stories.txt";
  advice.calibrationTokens = 512;
  advice.probes = 24;
  advice.originalPerplexity = 6.5;
  advice.notes = {{AdviceNote::Why::Pinned, "", 2, 8}, {AdviceNote::Why::TooLarge, "int8"}};
  advice.sentences = adviceSentences(advice);
  advice.complete = true;
  return advice;
}

/// Every attention layer costs 0.32/rank alone; others were not measured.
inline PlanPredictor predictor(const Checkpoint& checkpoint) {
  std::vector<LayerEffects> layers;
  for (const LayerInfo& layer : checkpoint.layers()) {
    LayerEffects effects{layer.name, {}};
    if (layer.name.find("attn") != std::string::npos) effects.curves = {{"plain", {1, 16, 64}, {0.32, 0.02, 0.005}}};
    layers.push_back(effects);
  }
  JointFit fit;
  fit.spread = 0.1;
  fit.largest = 10;
  fit.runs = 4;
  return {layers, fit, 1.9};
}

/// Where a window looks for results of `model`. One writer a run file: this one is closed when the function returns.
inline void fillRun(const std::filesystem::path& model, const std::optional<Advice>& advice) {
  const auto checkpoint = openCheckpoint(model);
  ui::waitForClosing();
  const auto run = RunFile::open(ui::usualRunPath(checkpoint->path()), *checkpoint);
  run->addEvaluation(toJson(predictor(*checkpoint)));
  if (advice) run->addEvaluation(toJson(*advice).dump());
}

} // namespace rankscope::test
