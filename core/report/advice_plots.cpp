// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "core/report/advice_report.h"
#include "core/report/svg_plot.h"

namespace rankscope {

namespace {

constexpr double kLeastKl = 1e-3;

/// Whole decades around the values, so that ticks have round numbers.
void fitDecades(PlotAxis& axis, const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  axis.low = std::pow(10, std::floor(std::log10(*low)));
  axis.high = std::pow(10, std::ceil(std::log10(std::max(*high, 1.01 * axis.low))));
}

double shown(double kl) {
  return std::max(kl, kLeastKl);
}

} // namespace

std::string optionsPlot(const Advice& advice) {
  if (advice.options.empty()) return {};
  Plot plot{.title = "What the bytes buy",
            .x = {.label = "bytes of the layers in scope that are kept, %", .low = 0, .high = 100},
            .y = {.label = "KL, nats a token", .logarithmic = true}};
  std::vector<double> values;
  std::map<std::string, PlotCurve> curves;
  for (const FrontierPoint& point : advice.frontier) {
    if (!point.predicted.covered) continue;
    PlotCurve& curve = curves[point.kind];
    curve.points.emplace_back(100 * point.scopeKept, shown(point.predicted.kl));
    values.push_back(shown(point.predicted.kl));
  }
  std::size_t colour = 0;
  for (auto& [kind, curve] : curves) {
    curve.name = kind + ", predicted";
    curve.colour = fmt::format("var(--s{})", colour++ % 8);
    curve.dashed = true;
    plot.curves.push_back(std::move(curve));
  }
  for (std::size_t i = 0; i < advice.options.size(); ++i) {
    const AdviceOption& option = advice.options[i];
    const bool study = option.group == AdviceOption::Group::Study;
    const bool recommended = advice.recommended == i;
    plot.curves.push_back({.name = fmt::format("{}: KL {:.3f}", option.name, option.measured.kl.mean),
                           .colour = recommended ? "var(--v1)"
                                     : study     ? "var(--v3)"
                                                 : "var(--faint)",
                           .points = {{100 * option.scopeKept, shown(option.measured.kl.mean)}},
                           .dots = true});
    values.push_back(shown(option.measured.kl.mean));
    if (recommended) plot.lines.push_back({"recommended", 100 * option.scopeKept, true});
  }
  fitDecades(plot.y, values);
  return svg(plot);
}

std::string checksPlot(const Advice& advice) {
  if (advice.checks.empty()) return {};
  Plot plot{.title = "Random plans: predicted and measured",
            .x = {.label = "measured KL, nats a token", .logarithmic = true},
            .y = {.label = "predicted KL", .logarithmic = true}};
  std::vector<double> values;
  for (const PredictionCheck& check : advice.checks) {
    const double measured = shown(check.kl);
    plot.curves.push_back({.name = fmt::format("predicted {:.3f}, measured {:.3f}", check.predicted.kl, check.kl),
                           .colour = "var(--s0)",
                           .points = {{measured, shown(check.predicted.kl)}},
                           .dots = true});
    plot.curves.push_back(
        {.name = "four plans in five",
         .colour = "var(--s0)",
         .points = {{measured, shown(check.predicted.klLow)}, {measured, shown(check.predicted.klHigh)}}});
    for (const double value : {measured, shown(check.predicted.klLow), shown(check.predicted.klHigh)})
      values.push_back(value);
  }
  fitDecades(plot.x, values);
  plot.y.low = plot.x.low;
  plot.y.high = plot.x.high;
  plot.curves.push_back({.name = "as predicted",
                         .colour = "var(--faint)",
                         .points = {{plot.x.low, plot.x.low}, {plot.x.high, plot.x.high}},
                         .dashed = true});
  return svg(plot);
}

} // namespace rankscope
