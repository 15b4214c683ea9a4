// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/advice.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/evaluate/numbers.h"

namespace rankscope {

namespace {

using Json = nlohmann::ordered_json;

Json jsonOf(const PlanPrediction& p) {
  return {{"kl", number(p.kl)},
          {"kl_low", number(p.klLow)},
          {"kl_high", number(p.klHigh)},
          {"perplexity", number(p.perplexity)},
          {"perplexity_low", number(p.perplexityLow)},
          {"perplexity_high", number(p.perplexityHigh)},
          {"covered", p.covered}};
}

Json jsonOf(const AdviceOption& option) {
  const Comparison& c = option.measured;
  Json json{{"name", option.name},
            {"group", name(option.group)},
            {"description", option.description},
            {"plan", Json::parse(toJson(option.plan))},
            {"sequential", option.inOrder},
            {"storage", storageOf(option)},
            {"bytes", option.bytes},
            {"kept", number(option.kept)},
            {"scope_bytes", option.scopeBytes},
            {"scope_kept", number(option.scopeKept)},
            {"within_budget", option.withinBudget},
            {"mean_cosine", number(option.meanCosine)},
            {"logit_cosine", number(c.logits.cosine)},
            {"logit_cosine_centered", number(c.centeredLogits.cosine)},
            {"kl_mean", number(c.kl.mean)},
            {"perplexity", number(c.compressed.value)},
            {"perplexity_se", number(c.compressed.standardError)},
            {"top1_agreement", number(c.top1Agreement)}};
  json["predicted"] = option.predicted ? jsonOf(*option.predicted) : Json();
  json["sample"] = option.sample ? Json(option.sample->text) : Json();
  json["repeated_4grams"] = option.sample ? Json(number(option.sample->repetition.repeated4grams)) : Json();
  for (const auto& [key, ratio] : {std::pair("prefill_ratio", &Speed::prefillRatio), {"decode_ratio", &Speed::decodeRatio}}) {
    json[key] = option.speed ? Json(number((*option.speed.*ratio).value)) : Json();
    json[fmt::format("{}_interval", key)] = option.speed ? Json(intervalJson(*option.speed.*ratio)) : Json();
  }
  return json;
}

} // namespace

std::string_view name(AdviceOption::Group group) {
  switch (group) {
  case AdviceOption::Group::Study:
    return "study";
  case AdviceOption::Group::InBudget:
    return "budget";
  case AdviceOption::Group::EqualBytes:
    return "equal-bytes";
  }
  return {};
}

std::string_view name(AdviceNote::Why why) {
  switch (why) {
  case AdviceNote::Why::Pinned:
    return "pinned";
  case AdviceNote::Why::ChangesNothing:
    return "changes-nothing";
  case AdviceNote::Why::TooLarge:
    return "too-large";
  }
  return {};
}

std::map<std::string, std::int64_t> storageOf(const AdviceOption& option) {
  std::map<std::string, std::int64_t> counts;
  for (const LayerChoice& choice : option.choices.layers) {
    if (choice.isDense()) continue;
    ++counts[choice.base ? fmt::format("{}{}", name(choice.base->storage), choice.rank ? "+rank" : "") : "factors"];
  }
  return counts;
}

std::optional<std::size_t> recommendedOption(const Advice& advice) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < advice.options.size(); ++i) {
    const AdviceOption& option = advice.options[i];
    if (!option.withinBudget || !std::isfinite(option.measured.kl.mean) || option.measured.positions == 0) continue;
    const auto isBetter = [&](const AdviceOption& other) {
      return advice.fewestBytes ? option.bytes < other.bytes : option.measured.kl.mean < other.measured.kl.mean;
    };
    if (!best || isBetter(advice.options[*best])) best = i;
  }
  return best;
}

std::optional<double> medianError(const std::vector<PredictionCheck>& checks) {
  std::vector<double> errors;
  for (const PredictionCheck& check : checks)
    if (check.kl > 0) errors.push_back(std::abs(check.predicted.kl - check.kl) / check.kl);
  if (errors.empty()) return std::nullopt;
  std::sort(errors.begin(), errors.end());
  const std::size_t half = errors.size() / 2;
  return errors.size() % 2 == 1 ? errors[half] : (errors[half - 1] + errors[half]) / 2;
}

static Json jsonOf(const AdviceNote& note) {
  Json json{{"why", name(note.why)}};
  if (!note.option.empty()) json["option"] = note.option;
  if (note.why == AdviceNote::Why::Pinned) {
    json["layers"] = note.layers;
    json["of"] = note.of;
  }
  return json;
}

Json toJson(const Advice& advice) {
  Json json{{"kind", "advice"},
            {"text", advice.text},
            {"tokens", advice.options.empty() ? 0 : advice.options.front().measured.tokens},
            {"calibration_text", advice.calibrationText},
            {"calibration_tokens", advice.calibrationTokens},
            {"calibration_covers_width", advice.calibrationCovers},
            {"probes", advice.probes},
            {"budget", advice.budget},
            {"bytes_before", advice.modelBytes},
            {"scope_bytes_before", advice.scopeTotal},
            {"perplexity_original", number(advice.originalPerplexity)},
            {"prompt", advice.prompt},
            {"options", Json::array()}};
  for (const AdviceOption& option : advice.options) json["options"].push_back(jsonOf(option));
  json["repeated_4grams_original"] =
      advice.originalSample ? Json(number(advice.originalSample->repetition.repeated4grams)) : Json();
  json["recommended"] = advice.recommended ? Json(advice.options[*advice.recommended].name) : Json();
  json["sentences"] = advice.sentences;
  json["notes"] = Json::array();
  json["note_facts"] = Json::array();
  for (const AdviceNote& note : advice.notes) {
    json["notes"].push_back(words(note));
    json["note_facts"].push_back(jsonOf(note));
  }
  json["frontier"] = Json::array();
  for (const FrontierPoint& point : advice.frontier)
    json["frontier"].push_back({{"kind", point.kind},
                                {"scope_bytes", point.scopeBytes},
                                {"scope_kept", number(point.scopeKept)},
                                {"predicted", jsonOf(point.predicted)}});
  json["checks"] = Json::array();
  for (const PredictionCheck& check : advice.checks)
    json["checks"].push_back({{"predicted", jsonOf(check.predicted)}, {"kl_mean", number(check.kl)}});
  const auto error = medianError(advice.checks);
  json["check_median_error"] = error ? Json(number(*error)) : Json();
  json["seconds"] = number(advice.seconds);
  json["complete"] = advice.complete;
  return json;
}

} // namespace rankscope
