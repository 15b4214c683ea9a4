// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/evaluation_json.h"

#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace rankscope {

namespace {

using Json = nlohmann::json;

/// Reads `key` into `value` if it is there.
template <typename T>
void take(const Json& json, const char* key, T& value) {
  const auto found = json.find(key);
  if (found != json.end() && !found->is_null()) value = found->get<T>();
}

/// A number that number() wrote: null stands for one that JSON cannot hold.
void takeReal(const Json& json, const char* key, double& value) {
  const auto found = json.find(key);
  if (found != json.end()) value = found->is_null() ? std::numeric_limits<double>::quiet_NaN() : found->get<double>();
}

const Json* part(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? nullptr : &*found;
}

template <typename Read>
void forEach(const Json& json, const char* key, const Read& read) {
  if (const Json* list = part(json, key))
    for (const Json& item : *list) read(item);
}

Nearness nearnessFrom(const Json& json, const char* cosine, const char* error) {
  Nearness nearness;
  takeReal(json, cosine, nearness.cosine);
  takeReal(json, error, nearness.relativeError);
  return nearness;
}

Perplexity perplexityFrom(const Json& json, const std::string& which) {
  Perplexity p;
  takeReal(json, ("perplexity_" + which).c_str(), p.value);
  takeReal(json, ("perplexity_" + which + "_se").c_str(), p.standardError);
  takeReal(json, ("nats_" + which).c_str(), p.nats);
  p.natsStandardError = p.value > 0 ? p.standardError / p.value : 0;
  return p;
}

Comparison comparisonFrom(const Json& json) {
  Comparison c;
  take(json, "tokens", c.tokens);
  take(json, "positions", c.positions);
  take(json, "windows", c.windows);
  take(json, "records", c.records);
  c.original = perplexityFrom(json, "original");
  c.compressed = perplexityFrom(json, "compressed");
  takeReal(json, "kl_mean", c.kl.mean);
  takeReal(json, "kl_median", c.kl.median);
  takeReal(json, "kl_p90", c.kl.p90);
  takeReal(json, "kl_p99", c.kl.p99);
  takeReal(json, "kl_max", c.kl.max);
  takeReal(json, "top1_agreement", c.top1Agreement);
  takeReal(json, "top5_agreement", c.top5Agreement);
  c.logits = nearnessFrom(json, "logit_cosine", "logit_relative_error");
  c.centeredLogits = nearnessFrom(json, "logit_cosine_centered", "logit_relative_error_centered");
  c.hidden = nearnessFrom(json, "hidden_cosine", "hidden_relative_error");
  forEach(json, "blocks", [&](const Json& b) { c.blocks.push_back(nearnessFrom(b, "cosine", "relative_error")); });
  forEach(json, "kl_histogram", [&](const Json& b) {
    Bin bin;
    takeReal(b, "from", bin.from);
    takeReal(b, "to", bin.to);
    take(b, "count", bin.count);
    c.klHistogram.push_back(bin);
  });
  return c;
}

Controls controlsFrom(const Json& json) {
  Controls controls;
  if (const Json* bf16 = part(json, "bf16")) controls.bf16 = comparisonFrom(*bf16);
  if (const Json* random = part(json, "random_factors")) controls.random = comparisonFrom(*random);
  if (const Json* unrelated = part(json, "unrelated_text")) {
    takeReal(*unrelated, "logit_cosine", controls.unrelatedLogitCosine);
    takeReal(*unrelated, "logit_cosine_centered", controls.unrelatedCenteredCosine);
    takeReal(*unrelated, "hidden_cosine", controls.unrelatedHiddenCosine);
  }
  return controls;
}

Speed speedOf(const std::string& name, const Json& speed, const Json& memory) {
  Speed s;
  s.name = name;
  takeReal(speed, "prefill_tokens_per_second", s.prefill);
  takeReal(speed, "decode_tokens_per_second", s.decode);
  s.prefillRatio = speedRatioFrom(speed, "prefill_ratio");
  s.decodeRatio = speedRatioFrom(speed, "decode_ratio");
  takeReal(speed, "flops_per_token", s.flopsPerToken);
  if (const Json* bytes = part(memory, name.c_str())) {
    take(*bytes, "weight_bytes", s.weightBytes);
    take(*bytes, "resident_bytes", s.residentBytes);
  }
  return s;
}

SpeedReport speedFrom(const Json& speed, const Json& memory) {
  SpeedReport report;
  take(speed, "summary", report.sentence);
  take(memory, "process_resident_bytes", report.processBytes);
  for (const auto& [name, value] : speed.items()) {
    if (!value.is_object()) continue;
    const Speed model = speedOf(name, value, memory);
    report.models.insert(name == "original" ? report.models.begin() : report.models.end(), model);
  }
  if (const Json* share = part(speed, "share_of_break_even")) report.shareOfBreakEven = share->get<double>();
  forEach(speed, "above_break_even", [&](const Json& l) {
    AboveBreakEven layer;
    take(l, "name", layer.layer);
    take(l, "rank", layer.rank);
    takeReal(l, "break_even", layer.breakEven);
    report.aboveBreakEven.push_back(layer);
  });
  return report;
}

Generated generatedFrom(const Json& json) {
  Generated g;
  take(json, "text", g.text);
  take(json, "tokens", g.tokens);
  take(json, "ended", g.ended);
  takeReal(json, "distinct_1", g.repetition.distinct1);
  takeReal(json, "distinct_2", g.repetition.distinct2);
  takeReal(json, "distinct_3", g.repetition.distinct3);
  takeReal(json, "repeated_4grams", g.repetition.repeated4grams);
  take(json, "longest_repeat", g.repetition.longestRepeat);
  return g;
}

GeneratedPair readPair(const Json& json) {
  GeneratedPair pair;
  take(json, "prompt", pair.prompt);
  takeReal(json, "temperature", pair.options.temperature);
  takeReal(json, "top_p", pair.options.topP);
  take(json, "seed", pair.options.seed);
  if (const Json* original = part(json, "original")) pair.original = generatedFrom(*original);
  if (const Json* compressed = part(json, "compressed")) pair.compressed = generatedFrom(*compressed);
  if (const Json* first = part(json, "first_difference")) pair.firstDifference = first->get<int>();
  take(json, "same_bytes", pair.sameBytes);
  return pair;
}

EvaluationReport readEvaluation(const Json& json) {
  EvaluationReport report;
  report.comparison = comparisonFrom(json);
  take(json, "original", report.original);
  take(json, "compressed", report.compressed);
  take(json, "text", report.text);
  take(json, "context", report.context);
  take(json, "complete", report.complete);
  take(json, "sentences", report.sentences);
  if (const Json* controls = part(json, "controls")) report.controls = controlsFrom(*controls);
  if (const Json* speed = part(json, "speed")) {
    const Json* memory = part(json, "memory");
    report.speed = speedFrom(*speed, memory ? *memory : Json::object());
  }
  if (const Json* generation = part(json, "generation")) report.generation = readPair(*generation);
  return report;
}

/// What compressing one layer or several did to the outputs: a LayerEffect's or a SweepDraw's.
template <typename Cost>
void takeCost(const Json& json, Cost& cost) {
  takeReal(json, "kl_mean", cost.kl);
  takeReal(json, "logit_cosine", cost.logitCosine);
  takeReal(json, "logit_cosine_centered", cost.centeredCosine);
  takeReal(json, "error", cost.error);
}

LayerEffect effectFrom(const Json& json) {
  LayerEffect layer;
  take(json, "name", layer.name);
  std::string role;
  take(json, "role", role);
  for (int i = 0; i <= static_cast<int>(Role::Other); ++i)
    if (name(static_cast<Role>(i)) == role) layer.role = static_cast<Role>(i);
  if (const Json* block = part(json, "block")) layer.block = block->get<int>();
  if (const Json* rank = part(json, "rank")) layer.rank = rank->get<std::int64_t>();
  takeReal(json, "weight_cosine", layer.weights.cosine);
  takeReal(json, "weight_relative_error", layer.weights.relativeError);
  takeReal(json, "output_cosine", layer.outputs.cosine);
  takeReal(json, "output_relative_error", layer.outputs.relativeError);
  takeCost(json, layer);
  return layer;
}

SweepDraw drawFrom(const Json& json) {
  SweepDraw draw;
  take(json, "layers", draw.layers);
  take(json, "draw", draw.draw);
  takeCost(json, draw);
  return draw;
}

PowerFit fitFrom(const Json& json) {
  PowerFit fit;
  takeReal(json, "exponent", fit.exponent);
  takeReal(json, "standard_error", fit.standardError);
  takeReal(json, "coefficient", fit.coefficient);
  take(json, "points", fit.points);
  take(json, "saturated", fit.saturated);
  if (const Json* width = part(json, "half_width_95")) fit.halfWidth95 = width->get<double>();
  return fit;
}

StudyReport readStudy(const Json& json) {
  StudyReport report;
  take(json, "original", report.original);
  take(json, "compressed", report.compressed);
  take(json, "text", report.text);
  take(json, "tokens", report.tokens);
  take(json, "draws", report.draws);
  take(json, "complete", report.complete);
  takeReal(json, "single_layer_error", report.singleError);
  take(json, "sentences", report.sentences);
  forEach(json, "depth", [&](const Json& b) { report.depth.push_back(nearnessFrom(b, "cosine", "relative_error")); });
  forEach(json, "layers", [&](const Json& l) { report.layers.push_back(effectFrom(l)); });
  forEach(json, "sweep", [&](const Json& d) { report.sweep.push_back(drawFrom(d)); });
  forEach(json, "sweep_means", [&](const Json& p) {
    SweepPoint point;
    take(p, "layers", point.layers);
    takeReal(p, "error", point.error);
    takeReal(p, "kl_mean", point.kl);
    report.sweepMeans.push_back(point);
  });
  if (const Json* together = part(json, "together")) report.together = comparisonFrom(*together);
  if (const Json* fit = part(json, "error_fit")) report.errorFit = fitFrom(*fit);
  if (const Json* fit = part(json, "kl_fit")) report.klFit = fitFrom(*fit);
  return report;
}

template <typename Read>
auto reading(const Json& json, const char* what, const Read& read) {
  try {
    if (!json.is_object()) throw Error(ErrorKind::Malformed, fmt::format("{} is no JSON object", what));
    return read(json);
  } catch (const Json::exception& wrong) {
    throw Error(ErrorKind::Malformed, fmt::format("{} cannot be read: {}", what, wrong.what()));
  }
}

} // namespace

void addStamp(Json& json, const EvaluationStamp& stamp) {
  json["created"] = stamp.created;
  if (!stamp.planJson.empty()) json["plan"] = Json::parse(stamp.planJson);
  json["bytes_before"] = stamp.bytes.before;
  json["bytes_after"] = stamp.bytes.after;
}

EvaluationReport evaluationFrom(const Json& json) {
  return reading(json, "an evaluation", readEvaluation);
}
StudyReport studyFrom(const Json& json) {
  return reading(json, "a study", readStudy);
}
GeneratedPair generatedPairFrom(const Json& json) {
  return reading(json, "a pair of texts", readPair);
}

} // namespace rankscope
