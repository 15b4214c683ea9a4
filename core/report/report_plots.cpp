// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/report_plots.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/report/report_text.h"
#include "core/report/svg_plot.h"
#include "core/spectrum/diagnostics.h"

namespace rankscope {

namespace {

constexpr int kSamples = 120;

std::string colourOf(std::size_t role) {
  return fmt::format("var(--s{})", role % 8);
}

/// Ranks that are plotted of `full`, dense at the beginning, where spectra bend.
std::vector<std::int64_t> sampledRanks(std::int64_t full) {
  std::set<std::int64_t> ranks{1, full};
  for (int i = 0; i < kSamples; ++i) {
    const double share = static_cast<double>(i) / (kSamples - 1);
    ranks.insert(std::clamp<std::int64_t>(std::llround(share * share * static_cast<double>(full)), 1, full));
  }
  return {ranks.begin(), ranks.end()};
}

/// From blue through grey-violet to orange as `share` goes from 0 to 1.
std::string depthColour(double share) {
  const auto mix = [share](int from, int to) { return static_cast<int>(std::lround(from + share * (to - from))); };
  return fmt::format("rgb({},{},{})", mix(0, 213), mix(114, 94), mix(178, 0));
}

template <class Value>
PlotCurve meanCurve(const std::vector<const ReportLayer*>& layers, Value value) {
  PlotCurve curve;
  for (int i = 0; i <= kSamples; ++i) {
    const double share = std::pow(static_cast<double>(i) / kSamples, 2);
    double sum = 0;
    for (const ReportLayer* layer : layers) {
      const auto full = static_cast<double>(layer->smallSide());
      sum += value(*layer, std::clamp<std::int64_t>(std::llround(share * full), i == 0 ? 0 : 1, layer->smallSide()));
    }
    curve.points.emplace_back(100 * share, sum / static_cast<double>(layers.size()));
  }
  return curve;
}

} // namespace

std::vector<Role> rolesIn(const ReportModel& model) {
  std::set<Role> roles;
  for (const ReportLayer* layer : model.scope) roles.insert(layer->record->role);
  return {roles.begin(), roles.end()};
}

std::string cosineByBlock(const ReportModel& model, const VerdictThresholds& thresholds) {
  std::map<Role, PlotCurve> curves;
  double lowest = 1;
  int blocks = 0;
  const std::vector<Role> roles = rolesIn(model);
  for (const ReportLayer& layer : model.layers) {
    if (!layer.isCompressed() || !layer.cosine || !layer.record->block) continue;
    PlotCurve& curve = curves[layer.record->role];
    curve.points.emplace_back(*layer.record->block, *layer.cosine);
    lowest = std::min(lowest, *layer.cosine);
    blocks = std::max(blocks, *layer.record->block);
  }
  if (curves.empty()) return {};
  Plot plot{.title = "Measured cosine by block",
            .x = {.label = "block", .low = -0.4, .high = blocks + 0.4, .whole = true},
            .y = {.label = "cosine", .low = std::max(0.0, std::floor(10 * lowest - 0.3) / 10), .high = 1}};
  for (auto& [role, curve] : curves) {
    const auto index = static_cast<std::size_t>(std::ranges::find(roles, role) - roles.begin());
    curve.name = name(role);
    curve.colour = colourOf(index);
    curve.dots = true;
    std::ranges::sort(curve.points);
    plot.curves.push_back(std::move(curve));
  }
  for (const auto& [bound, verdict] :
       {std::pair{thresholds.good, Verdict::Good}, {thresholds.fair, Verdict::Fair}, {thresholds.poor, Verdict::Poor}})
    if (bound > plot.y.low) plot.lines.push_back({fmt::format("{} from {}", name(verdict), bound), bound, false});
  return svg(plot);
}

std::string cosineByRank(const ReportModel& model) {
  if (model.scope.empty()) return {};
  Plot plot{.title = "Predicted mean cosine by rank",
            .x = {.label = "rank, % of full rank", .low = 0, .high = 100},
            .y = {.label = "cosine", .low = 0, .high = 1}};
  const std::vector<Role> roles = rolesIn(model);
  for (std::size_t i = 0; i < roles.size(); ++i) {
    std::vector<const ReportLayer*> layers;
    std::ranges::copy_if(model.scope, std::back_inserter(layers),
                         [&](const ReportLayer* layer) { return layer->record->role == roles[i]; });
    PlotCurve curve =
        meanCurve(layers, [](const ReportLayer& layer, std::int64_t rank) { return layer.spectrum->cosineAt(rank); });
    curve.name = name(roles[i]);
    curve.colour = colourOf(i);
    plot.curves.push_back(std::move(curve));
  }
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<double>> floors;
  for (const ReportLayer* layer : model.scope)
    if (auto& floor = floors[{layer->record->rows, layer->record->cols}]; floor.empty())
      floor = noiseFloorCosines(layer->record->rows, layer->record->cols);
  PlotCurve random = meanCurve(model.scope, [&](const ReportLayer& layer, std::int64_t rank) {
    return floors.at({layer.record->rows, layer.record->cols})[static_cast<std::size_t>(rank)];
  });
  random.name = "random matrices of the same shapes";
  random.colour = "var(--faint)";
  random.dashed = true;
  plot.curves.push_back(std::move(random));
  plot.lines.push_back({"break-even", 100 * model.meanBreakEvenShare, true});
  if (model.meanShare) plot.lines.push_back({"chosen", 100 * *model.meanShare, true});
  return svg(plot);
}

std::vector<std::string> spectraByRole(const ReportModel& model) {
  std::vector<std::string> plots;
  int blocks = 1;
  for (const ReportLayer* layer : model.scope) blocks = std::max(blocks, layer->record->block.value_or(0));
  for (const Role role : rolesIn(model)) {
    Plot plot{.title = std::string(name(role)),
              .x = {.label = "rank, % of full rank", .low = 0, .high = 100},
              .y = {.label = "σ / σ₁", .low = 1, .high = 1, .logarithmic = true},
              .width = 280,
              .height = 210};
    for (const ReportLayer* layer : model.scope) {
      const auto& sigma = layer->spectrum->sigma();
      if (layer->record->role != role || sigma.front() <= 0) continue;
      PlotCurve curve{.name = layer->record->name,
                      .colour = depthColour(layer->record->block.value_or(0) / static_cast<double>(blocks))};
      for (const std::int64_t rank : sampledRanks(layer->spectrum->fullRank())) {
        const double value = sigma[static_cast<std::size_t>(rank - 1)] / sigma.front();
        curve.points.emplace_back(100.0 * static_cast<double>(rank) / static_cast<double>(layer->spectrum->fullRank()),
                                  value);
      }
      const std::size_t late = curve.points.size() * 97 / 100;
      plot.y.low = std::min(plot.y.low, std::max(curve.points[late].second, 1e-6));
      plot.curves.push_back(std::move(curve));
    }
    if (plot.curves.empty()) continue;
    plot.y.low = std::pow(10, std::floor(std::log10(std::min(plot.y.low, 0.5))));
    plots.push_back(svg(plot));
  }
  return plots;
}

} // namespace rankscope
