// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/plan_predictor.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace rankscope {

namespace {

constexpr double kPrior = 0.05;      // variance of ln sum below which the exponent stays near 1
constexpr double kFourInFive = 1.28; // of a normal distribution
constexpr double kLeastSpread = 0.05;
constexpr double kBeyond = 1.5; // times the sums covered is still taken as covered

struct Line {
  double intercept = 0;
  double exponent = 1;
};

/// Least squares of ln kl on ln sum without run `skipped`.
Line lineThrough(std::span<const JointRun> runs, std::size_t skipped) {
  double n = 0, x = 0, y = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (i == skipped) continue;
    x += std::log(runs[i].sum);
    y += std::log(runs[i].kl);
    ++n;
  }
  x /= n;
  y /= n;
  double xx = n * kPrior, xy = n * kPrior;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (i == skipped) continue;
    const double dx = std::log(runs[i].sum) - x;
    xx += dx * dx;
    xy += dx * (std::log(runs[i].kl) - y);
  }
  return {y - xy / xx * x, xy / xx};
}

} // namespace

double EffectCurve::at(std::int64_t rank) const {
  const auto above = std::lower_bound(ranks.begin(), ranks.end(), rank);
  if (above == ranks.end()) return effects.back();
  const auto high = static_cast<std::size_t>(above - ranks.begin());
  if (high == 0 || *above == rank) return effects[high];
  const double share = static_cast<double>(rank - ranks[high - 1]) / static_cast<double>(ranks[high] - ranks[high - 1]);
  const double from = effects[high - 1], to = effects[high];
  if (from <= 0 || to <= 0) return from + share * (to - from);
  return std::exp(std::log(from) + share * (std::log(to) - std::log(from)));
}

std::string kindOf(const LayerChoice& choice) {
  // What is fitted in order is tried like what it starts from.
  const Method asked = methodOf(choice.method);
  const std::string method(name(asked == Method::Sequential ? Method::Fisher : asked));
  if (!choice.base) return method;
  return fmt::format("{}/{}+{}", name(choice.base->storage), choice.base->group, method);
}

JointFit fitJointRuns(std::span<const JointRun> given) {
  std::vector<JointRun> runs;
  for (const JointRun& run : given)
    if (run.sum > 0 && run.kl > 0) runs.push_back(run);
  if (runs.size() < 3)
    throw Error(ErrorKind::BadRequest, fmt::format("{} joint runs are too few to fit a prediction to", runs.size()));
  JointFit fit;
  const auto [intercept, exponent] = lineThrough(runs, runs.size());
  fit.intercept = intercept;
  fit.exponent = exponent;
  fit.runs = static_cast<int>(runs.size());
  const double n = static_cast<double>(runs.size());
  double squares = 0, ratios = 0, ratioSquares = 0;
  fit.least = fit.largest = runs.front().sum;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Line others = lineThrough(runs, i);
    squares += std::pow(std::log(runs[i].kl) - others.intercept - others.exponent * std::log(runs[i].sum), 2);
    const double ratio = runs[i].nats / runs[i].kl;
    ratios += ratio;
    ratioSquares += ratio * ratio;
    fit.least = std::min(fit.least, runs[i].sum);
    fit.largest = std::max(fit.largest, runs[i].sum);
  }
  fit.spread = std::max(kLeastSpread, std::sqrt(squares / n));
  fit.natsRatio = ratios / n;
  fit.natsSpread = std::sqrt(std::max(0.0, ratioSquares / n - fit.natsRatio * fit.natsRatio) * n / (n - 1));
  return fit;
}

PlanPredictor::PlanPredictor(std::vector<LayerEffects> layers, const JointFit& fit, double originalNats)
    : m_layers(std::move(layers)), m_fit(fit), m_nats(originalNats) {
  for (const LayerEffects& layer : m_layers)
    for (const EffectCurve& curve : layer.curves) {
      assert(!curve.ranks.empty() && curve.ranks.size() == curve.effects.size());
      (void)curve;
    }
}

std::optional<double> PlanPredictor::effect(LayerId layer, const LayerChoice& choice) const {
  if (choice.isDense()) return 0.0;
  const std::string kind = kindOf(choice);
  for (const EffectCurve& curve : m_layers[layer.value].curves)
    if (curve.kind == kind) return curve.at(choice.rank.value_or(0));
  return std::nullopt;
}

PlanPrediction PlanPredictor::predict(double sum) const {
  PlanPrediction result;
  if (sum > 0) {
    result.kl = std::exp(m_fit.intercept + m_fit.exponent * std::log(sum));
    const double spread = std::exp(kFourInFive * m_fit.spread);
    result.klLow = result.kl / spread;
    result.klHigh = result.kl * spread;
  }
  result.perplexity = std::exp(m_nats + m_fit.natsRatio * result.kl);
  const double ratio = kFourInFive * m_fit.natsSpread;
  result.perplexityLow = std::exp(m_nats + std::max(0.0, m_fit.natsRatio - ratio) * result.klLow);
  result.perplexityHigh = std::exp(m_nats + (m_fit.natsRatio + ratio) * result.klHigh);
  result.covered = sum <= kBeyond * m_fit.largest;
  return result;
}

std::optional<PlanPrediction> PlanPredictor::predict(const ResolvedPlan& plan) const {
  assert(plan.layers.size() == m_layers.size());
  double sum = 0;
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    const std::optional<double> alone = effect(LayerId{i}, plan.layers[i]);
    if (!alone) return std::nullopt;
    sum += *alone;
  }
  return predict(sum);
}

BenefitLookup measuredBenefits(const PlanPredictor& predictor, const Checkpoint& checkpoint,
                               const PresetOptions& options) {
  const auto choiceOf = [&checkpoint, storing = storingOf(options)](LayerId layer, std::int64_t rank) {
    return choiceFor(checkpoint.layer(layer), rank > 0 ? std::optional(rank) : std::nullopt, storing);
  };
  return [&predictor, choiceOf](LayerId layer) -> std::optional<BenefitCurve> {
    if (!predictor.effect(layer, choiceOf(layer, 1))) return std::nullopt;
    return BenefitCurve{
        [&predictor, choiceOf, layer](std::int64_t rank) { return -*predictor.effect(layer, choiceOf(layer, rank)); },
        0.0};
  };
}

double PlanPredictor::originalPerplexity() const {
  return std::exp(m_nats);
}

std::string toJson(const PlanPredictor& predictor) {
  const JointFit& fit = predictor.fit();
  nlohmann::json json{{"kind", "predictor"},
                      {"version", 1},
                      {"original_perplexity", predictor.originalPerplexity()},
                      {"fit",
                       {{"intercept", fit.intercept},
                        {"exponent", fit.exponent},
                        {"spread", fit.spread},
                        {"nats_ratio", fit.natsRatio},
                        {"nats_spread", fit.natsSpread},
                        {"least", fit.least},
                        {"largest", fit.largest},
                        {"runs", fit.runs}}}};
  json["layers"] = nlohmann::json::object();
  for (const LayerEffects& layer : predictor.layers()) {
    if (layer.curves.empty()) continue;
    nlohmann::json& curves = json["layers"][layer.name];
    for (const EffectCurve& curve : layer.curves)
      curves.push_back({{"kind", curve.kind}, {"ranks", curve.ranks}, {"effects", curve.effects}});
  }
  return json.dump();
}

PlanPredictor parsePredictor(std::string_view text, const Checkpoint& checkpoint) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    if (json.at("kind") != "predictor" || json.at("version") != 1)
      throw Error(ErrorKind::Malformed, "the prediction is of a kind or version that this program does not know");
    const nlohmann::json& f = json.at("fit");
    const JointFit fit{f.at("intercept"),   f.at("exponent"), f.at("spread"),  f.at("nats_ratio"),
                       f.at("nats_spread"), f.at("least"),    f.at("largest"), f.at("runs")};
    std::vector<LayerEffects> layers;
    for (const LayerInfo& layer : checkpoint.layers()) layers.push_back({layer.name, {}});
    for (const auto& [name, curves] : json.at("layers").items()) {
      const auto layer = checkpoint.findLayer(name);
      if (!layer)
        throw Error(ErrorKind::Malformed, fmt::format("the prediction is about {}, which is no layer of {}", name,
                                                      checkpoint.path().string()));
      for (const nlohmann::json& curve : curves) {
        EffectCurve read{curve.at("kind"), curve.at("ranks"), curve.at("effects")};
        if (read.ranks.empty() || read.ranks.size() != read.effects.size() ||
            !std::is_sorted(read.ranks.begin(), read.ranks.end()))
          throw Error(ErrorKind::Malformed, fmt::format("the prediction's curve of {} has no rising ranks", name));
        layers[layer->value].curves.push_back(std::move(read));
      }
    }
    return PlanPredictor(std::move(layers), fit, std::log(json.at("original_perplexity").get<double>()));
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::Malformed, fmt::format("the prediction cannot be read: {}", error.what()));
  }
}

} // namespace rankscope
