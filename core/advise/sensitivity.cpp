// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/sensitivity.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/evaluate/compressed_model.h"

namespace rankscope {

namespace {

constexpr double kLargestProbe = 0.15; // nats: beyond, single effects no longer add up
constexpr double kProbesApart = 8;     // the second probe's quadratic is so much smaller
constexpr int kKnots = 40;

/// The rank from 1 to `largest` whose quadratic is nearest to `target` as a ratio.
std::int64_t rankNear(const std::vector<double>& quadratic, std::int64_t largest, double target) {
  std::int64_t best = 1;
  double distance = INFINITY;
  for (std::int64_t r = 1; r <= largest; ++r) {
    const double value = quadratic[static_cast<std::size_t>(r)];
    const double away = value > 0 ? std::abs(std::log(value / target)) : INFINITY;
    if (away < distance) {
      distance = away;
      best = r;
    }
  }
  return best;
}

/// Ranks that a curve is kept at: dense at both ends.
std::vector<std::int64_t> knotsOf(std::int64_t full) {
  std::set<std::int64_t> knots{0, 1, full};
  for (int i = 0; i <= kKnots; ++i) {
    const double share = 0.5 - 0.5 * std::cos(3.14159265358979 * i / kKnots);
    knots.insert(std::clamp<std::int64_t>(std::llround(share * static_cast<double>(full)), 1, full));
  }
  return {knots.begin(), knots.end()};
}

const Probe* find(const Sensitivity& known, const std::string& hash, const std::string& kind, std::int64_t rank) {
  for (const Probe& probe : known.probes)
    if (probe.contentHash == hash && probe.kind == kind && probe.rank == rank) return &probe;
  return nullptr;
}

/// The ranks of a way at which a layer is tried: a base alone, or factors of one or two ranks.
std::vector<std::int64_t> ranksToTry(const LayerInfo& layer, const Way& way, const std::vector<double>& quadratic) {
  if (!way.onlyAt.empty()) return {way.onlyAt.at(layer.id)};
  if (way.probes == 0) return {};
  if (way.baseAlone) return {0};
  std::int64_t largest = 0;
  while (largest < layer.smallSide() && bytesAfter(layer, way.choice(layer, largest + 1)) < layer.bytes) ++largest;
  return probeRanks(quadratic, largest, way.probes);
}

} // namespace

std::vector<std::int64_t> probeRanks(const std::vector<double>& quadratic, std::int64_t largestRank, int count) {
  if (largestRank < 1) return {};
  const double coarse = std::min(kLargestProbe, 0.5 * quadratic[1]);
  if (!(coarse > 0)) return {};
  if (count == 1) return {rankNear(quadratic, largestRank, coarse / std::sqrt(kProbesApart))};
  const std::set<std::int64_t> ranks{rankNear(quadratic, largestRank, coarse),
                                     rankNear(quadratic, largestRank, coarse / kProbesApart)};
  return {ranks.begin(), ranks.end()};
}

EffectCurve scaledCurve(const std::string& kind, const std::vector<double>& quadratic, std::span<const Probe> probes) {
  std::vector<std::pair<double, double>> scales; // ln quadratic -> ln(measured / quadratic)
  for (const Probe& probe : probes)
    if (probe.quadratic > 0 && probe.kl > 0)
      scales.emplace_back(std::log(probe.quadratic), std::log(probe.kl / probe.quadratic));
  std::sort(scales.begin(), scales.end());
  const auto scaleAt = [&](double logQuadratic) {
    if (scales.empty()) return 0.0;
    if (logQuadratic <= scales.front().first) return scales.front().second;
    for (std::size_t i = 1; i < scales.size(); ++i)
      if (logQuadratic <= scales[i].first && scales[i].first > scales[i - 1].first) {
        const double share = (logQuadratic - scales[i - 1].first) / (scales[i].first - scales[i - 1].first);
        return scales[i - 1].second + share * (scales[i].second - scales[i - 1].second);
      }
    return scales.back().second;
  };
  EffectCurve curve{kind, knotsOf(static_cast<std::int64_t>(quadratic.size()) - 1), {}};
  double above = INFINITY;
  for (const std::int64_t rank : curve.ranks) {
    const double q = quadratic[static_cast<std::size_t>(rank)];
    above = std::min(above, q > 0 ? std::exp(std::log(q) + scaleAt(std::log(q))) : 0.0);
    curve.effects.push_back(above);
  }
  return curve;
}

Quadratics quadraticsOf(const Checkpoint& checkpoint, std::span<const Way> ways, std::span<const LayerId> layers,
                        const Progress& progress) {
  std::vector<std::pair<LayerId, const Way*>> items;
  std::vector<double> costs;
  for (const LayerId layer : layers)
    for (const Way& way : ways) {
      if (!way.onlyAt.empty() && !way.onlyAt.contains(layer)) continue;
      items.emplace_back(layer, &way);
      costs.push_back(std::pow(static_cast<double>(checkpoint.layer(layer).smallSide()), 2) *
                      static_cast<double>(std::max(checkpoint.layer(layer).rows, checkpoint.layer(layer).cols)));
    }
  Quadratics quadratics;
  std::mutex delivery;
  runScheduled(Schedule(std::move(costs)), 0, progress, [&](std::size_t item, int) {
    const auto& [layer, way] = items[item];
    std::vector<double> values = way->quadratic(layer);
    const std::lock_guard lock(delivery);
    quadratics[way->kind][layer] = std::move(values);
  });
  return quadratics;
}

std::vector<Trial> trialsOf(const Checkpoint& checkpoint, std::span<const Way> ways, const Quadratics& quadratics,
                            std::span<const LayerId> layers, const std::string& textHash, const Sensitivity& known) {
  std::vector<Trial> trials;
  for (const LayerId id : layers)
    for (const Way& way : ways) {
      if (!way.onlyAt.empty() && !way.onlyAt.contains(id)) continue;
      const std::vector<double>& quadratic = quadratics.at(way.kind).at(id);
      for (const std::int64_t rank : ranksToTry(checkpoint.layer(id), way, quadratic)) {
        const Probe* old =
            known.textHash == textHash ? find(known, checkpoint.contentHash(id), way.kind, rank) : nullptr;
        trials.push_back(
            {id, &way, rank, quadratic[static_cast<std::size_t>(rank)], old ? std::optional(*old) : std::nullopt});
      }
    }
  return trials;
}

Sensitivity measureSensitivity(const ReferenceRun& reference, const Checkpoint& checkpoint,
                               std::span<const Trial> trials, const Factoriser& factoriser, const std::string& textHash,
                               const Progress& progress, const std::function<void(const Sensitivity&)>& partial) {
  Sensitivity result{textHash, reference.tokens(), reference.originalNats(), {}, false};
  double all = 0, done = 0;
  for (const Trial& trial : trials)
    if (!trial.known) all += trial.cost;
  for (const Trial& trial : trials) {
    progress.check();
    if (trial.known) {
      result.probes.push_back(*trial.known);
      continue;
    }
    const LayerInfo& layer = checkpoint.layer(trial.layer);
    progress.report(done / all, layer.name);
    const CompressedLayer compressed = compressLayer(checkpoint, trial.layer, trial.way->choice(layer, trial.rank),
                                                     nullptr, progress.silent(), 0, factoriser);
    if (!compressed.error.empty()) throw Error(ErrorKind::BadValues, compressed.error);
    const Effect effect = reference.measure({{trial.layer, linearOf(checkpoint, compressed)}}, progress.silent());
    result.probes.push_back({layer.name, checkpoint.contentHash(trial.layer), trial.way->kind, trial.rank,
                             trial.quadratic, effect.kl, effect.nats});
    done += trial.cost;
    progress.report(done / all, layer.name);
    if (partial) partial(result);
  }
  result.complete = true;
  return result;
}

/// The layer's probe of the smallest quadratic, in whatever way: what scales a way that was not tried.
static std::vector<Probe> finestProbe(const std::string& layer, const Sensitivity& sensitivity) {
  const Probe* finest = nullptr;
  for (const Probe& probe : sensitivity.probes)
    if (probe.layer == layer && probe.quadratic > 0 && (!finest || probe.quadratic < finest->quadratic))
      finest = &probe;
  return finest ? std::vector<Probe>{*finest} : std::vector<Probe>{};
}

std::vector<LayerEffects> layerEffects(const Checkpoint& checkpoint, const Quadratics& quadratics,
                                       const Sensitivity& sensitivity) {
  std::vector<LayerEffects> all;
  for (const LayerInfo& layer : checkpoint.layers()) {
    LayerEffects effects{layer.name, {}};
    for (const auto& [kind, byLayer] : quadratics) {
      const auto quadratic = byLayer.find(layer.id);
      if (quadratic == byLayer.end()) continue;
      std::vector<Probe> probes;
      for (const Probe& probe : sensitivity.probes)
        if (probe.layer == layer.name && probe.kind == kind) probes.push_back(probe);
      if (probes.empty()) probes = finestProbe(layer.name, sensitivity);
      effects.curves.push_back(scaledCurve(kind, quadratic->second, probes));
    }
    all.push_back(std::move(effects));
  }
  return all;
}

std::string toJson(const Sensitivity& sensitivity) {
  nlohmann::json json{{"kind", "sensitivity"},
                      {"version", 1},
                      {"text", sensitivity.textHash},
                      {"tokens", sensitivity.tokens},
                      {"original_nats", sensitivity.originalNats},
                      {"complete", sensitivity.complete},
                      {"probes", nlohmann::json::array()}};
  for (const Probe& p : sensitivity.probes)
    json["probes"].push_back({{"layer", p.layer},
                              {"content_hash", p.contentHash},
                              {"way", p.kind},
                              {"rank", p.rank},
                              {"quadratic", p.quadratic},
                              {"kl", p.kl},
                              {"nats", p.nats}});
  return json.dump();
}

Sensitivity parseSensitivity(std::string_view text) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    if (json.at("kind") != "sensitivity" || json.at("version") != 1)
      throw Error(ErrorKind::Malformed, "these are no effects of single layers that this program knows");
    Sensitivity result{json.at("text"), json.at("tokens"), json.at("original_nats"), {}, json.at("complete")};
    for (const nlohmann::json& p : json.at("probes"))
      result.probes.push_back({p.at("layer"), p.at("content_hash"), p.at("way"), p.at("rank"), p.at("quadratic"),
                               p.at("kl"), p.at("nats")});
    return result;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::Malformed, fmt::format("effects of single layers cannot be read: {}", error.what()));
  }
}

} // namespace rankscope
