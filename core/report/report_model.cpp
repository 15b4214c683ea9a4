// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/report_model.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/spectrum/diagnostics.h"

namespace rankscope {

namespace {

constexpr std::array kTargets{0.85, 0.9, 0.95};

std::optional<double> finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

ReportLayer layerOf(const LayerRecord& record, const VerdictThresholds& thresholds) {
  ReportLayer layer;
  layer.record = &record;
  layer.error = record.spectrumError;
  if (!record.singularValues.empty()) layer.spectrum.emplace(record.rows, record.cols, record.singularValues);
  if (!record.compression) return layer;
  const LayerRecord::Compression& result = *record.compression;
  layer.bytesBefore = result.bytesBefore;
  layer.bytesAfter = result.bytesAfter;
  if (!result.error.empty()) {
    layer.state = ReportLayer::State::Failed;
    layer.error = result.error;
    return layer;
  }
  layer.state = result.choice.base   ? ReportLayer::State::Quantised
                : result.choice.rank ? ReportLayer::State::Factored
                                     : ReportLayer::State::Dense;
  layer.cosine = finite(result.quality.cosine);
  layer.relativeError = finite(result.quality.relativeError);
  if (!layer.isCompressed()) return layer;
  layer.predictedCosine = result.predictedCosine;
  if (!layer.predictedCosine && layer.spectrum && !result.choice.base && result.choice.method.empty())
    layer.predictedCosine = layer.spectrum->cosineAt(*result.choice.rank);
  if (layer.cosine) layer.verdict = verdictFor(*layer.cosine, thresholds);
  return layer;
}

void count(ReportModel& model) {
  Averages sums;
  double predicted = 0;
  int measured = 0;
  int withPrediction = 0;
  model.modelAfter = model.run->model.bytes;
  for (const ReportLayer& layer : model.layers) {
    model.analysed += layer.spectrum.has_value();
    model.dense += layer.state == ReportLayer::State::Dense;
    model.failed += layer.state == ReportLayer::State::Failed;
    if (!layer.isCompressed()) continue;
    ++(layer.state == ReportLayer::State::Factored ? model.factored : model.quantised);
    model.bytesBefore += layer.bytesBefore;
    model.bytesAfter += layer.bytesAfter;
    if (layer.verdict) ++model.verdicts[static_cast<std::size_t>(*layer.verdict)];
    if (layer.predictedCosine) predicted += *layer.predictedCosine, ++withPrediction;
    if (!layer.cosine || !layer.relativeError) continue;
    sums.cosine += *layer.cosine;
    sums.relativeError += *layer.relativeError;
    ++measured;
  }
  model.modelAfter = model.modelAfter + model.bytesAfter - model.bytesBefore;
  if (measured == 0) return;
  sums.cosine /= measured;
  sums.relativeError /= measured;
  if (withPrediction > 0) sums.predictedCosine = predicted / withPrediction;
  model.averages = sums;
}

std::vector<const ReportLayer*> scopeOf(const ReportModel& model) {
  const auto pick = [&](auto wanted) {
    std::vector<const ReportLayer*> scope;
    for (const ReportLayer& layer : model.layers)
      if (layer.spectrum && wanted(layer)) scope.push_back(&layer);
    return scope;
  };
  auto scope = pick([](const ReportLayer& layer) { return layer.state == ReportLayer::State::Factored; });
  if (scope.empty())
    scope = pick([](const ReportLayer& layer) { return isAttention(layer.record->role) || isMlp(layer.record->role); });
  if (scope.empty()) scope = pick([](const ReportLayer&) { return true; });
  return scope;
}

std::int64_t rankAt(const ReportLayer& layer, double share) {
  const auto rank = static_cast<std::int64_t>(std::llround(share * static_cast<double>(layer.smallSide())));
  return std::clamp<std::int64_t>(rank, 1, layer.smallSide());
}

/// Mean cosine over the scope when each layer has the rank that `rankOf` gives it.
template <class RankOf>
double meanCosine(const std::vector<const ReportLayer*>& scope, RankOf rankOf) {
  double sum = 0;
  for (const ReportLayer* layer : scope) sum += layer->spectrum->cosineAt(rankOf(*layer));
  return sum / static_cast<double>(scope.size());
}

using Floors = std::map<std::pair<std::int64_t, std::int64_t>, std::vector<double>>;

RankDemand demandFor(double target, const std::vector<const ReportLayer*>& scope, const Floors& floors) {
  double low = 0;
  double high = 1;
  for (int step = 0; step < 40; ++step) {
    const double middle = (low + high) / 2;
    const bool reached = meanCosine(scope, [&](const ReportLayer& layer) { return rankAt(layer, middle); }) >= target;
    (reached ? high : low) = middle;
  }
  RankDemand demand{.target = target, .share = high};
  double numbers = 0;
  double before = 0;
  for (const ReportLayer* layer : scope) {
    const LayerRecord& record = *layer->record;
    const std::int64_t rank = rankAt(*layer, high);
    demand.meanRank += static_cast<double>(rank);
    numbers += static_cast<double>(rank) * static_cast<double>(record.rows + record.cols);
    before += static_cast<double>(record.rows) * static_cast<double>(record.cols);
    demand.pastBreakEven += static_cast<double>(rank) >= breakEvenRank(record.rows, record.cols);
    demand.randomCosine += floors.at({record.rows, record.cols})[static_cast<std::size_t>(rank)];
  }
  demand.meanRank /= static_cast<double>(scope.size());
  demand.randomCosine /= static_cast<double>(scope.size());
  demand.numbersKept = numbers / before;
  return demand;
}

void ask(ReportModel& model) {
  model.scope = scopeOf(model);
  if (model.scope.empty()) return;
  Floors floors;
  for (const ReportLayer* layer : model.scope) {
    const LayerRecord& record = *layer->record;
    model.meanBreakEvenShare += breakEvenRank(record.rows, record.cols) / static_cast<double>(layer->smallSide());
    if (auto& floor = floors[{record.rows, record.cols}]; floor.empty())
      floor = noiseFloorCosines(record.rows, record.cols);
  }
  model.meanBreakEvenShare /= static_cast<double>(model.scope.size());
  if (model.factored > 0) {
    double shares = 0;
    for (const ReportLayer* layer : model.scope)
      shares += static_cast<double>(*layer->rank()) / static_cast<double>(layer->smallSide());
    model.meanShare = shares / static_cast<double>(model.scope.size());
    model.meanNow = meanCosine(model.scope, [](const ReportLayer& layer) { return *layer.rank(); });
    model.meanDoubled = meanCosine(model.scope, [](const ReportLayer& layer) { return 2 * *layer.rank(); });
  }
  for (const double target : kTargets) model.demands.push_back(demandFor(target, model.scope, floors));
}

} // namespace

std::optional<double> ReportLayer::diagnostic(std::string_view key) const {
  const auto known = record->diagnostics.find(key);
  return known == record->diagnostics.end() ? std::nullopt : std::optional(known->second);
}

std::optional<std::int64_t> ReportLayer::rank() const {
  return state == State::Factored ? record->compression->choice.rank : std::nullopt;
}

std::optional<std::string> ReportLayer::kind() const {
  if (!isCompressed()) return std::nullopt;
  const LayerChoice& choice = record->compression->choice;
  const Method method = methodOf(choice.method);
  return shortForm(choice) + (method == Method::Plain ? "" : fmt::format(" ({})", name(method)));
}

ReportModel modelOf(const RunContents& run, const VerdictThresholds& thresholds) {
  ReportModel model;
  model.run = &run;
  for (const LayerRecord& record : run.layers) model.layers.push_back(layerOf(record, thresholds));
  count(model);
  ask(model);
  return model;
}

} // namespace rankscope
