// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/evaluation_plots.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "core/report/svg_plot.h"

namespace rankscope {

using nlohmann::json;

namespace {

/// A logarithmic axis over the values, with a margin and within `decades` below the largest.
PlotAxis logarithmic(std::string label, const std::vector<double>& values, double decades) {
  double low = 1e300, high = 0;
  for (const double value : values)
    if (value > 0) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  low = std::max(low, high * std::pow(10, -decades));
  return {std::move(label), low / 1.3, high * 1.3, true, false};
}

std::string colourOf(std::size_t index) {
  return fmt::format("var(--s{})", index % 8);
}

} // namespace

std::optional<double> numberAt(const json& object, std::string_view key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number() ? std::optional(at->get<double>()) : std::nullopt;
}

std::string textAt(const json& object, std::string_view key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

const json& listAt(const json& object, std::string_view key) {
  static const json kNone = json::array();
  const auto at = object.find(key);
  return at != object.end() && at->is_array() ? *at : kNone;
}

const json& objectAt(const json& object, std::string_view key) {
  static const json kNone = json::object();
  const auto at = object.find(key);
  return at != object.end() && at->is_object() ? *at : kNone;
}

std::string errorByDepth(const json& blocks) {
  PlotCurve curve{.name = "relative error", .colour = "var(--s0)", .dots = true};
  for (const json& block : blocks) {
    const auto number = numberAt(block, "block"), error = numberAt(block, "relative_error");
    if (number && error) curve.points.emplace_back(*number, *error);
  }
  if (curve.points.empty()) return {};
  double high = 0, last = 0;
  for (const auto& [block, error] : curve.points) {
    high = std::max(high, error);
    last = std::max(last, block);
  }
  return svg({.title = "Error of the residual stream by depth",
              .x = {.label = "behind block", .low = -0.4, .high = last + 0.4, .whole = true},
              .y = {.label = "relative error", .low = 0, .high = high > 0 ? 1.08 * high : 1},
              .curves = {curve}});
}

std::string klHistogram(const json& evaluation) {
  PlotCurve curve{.name = "tokens", .colour = "var(--s0)"};
  double low = 1e300, high = 0, most = 0;
  for (const json& bin : listAt(evaluation, "kl_histogram")) {
    const double from = numberAt(bin, "from").value_or(0), to = numberAt(bin, "to").value_or(0);
    const double count = numberAt(bin, "count").value_or(0);
    if (!(from > 0) || !(to > from)) continue;
    if (count > 0) {
      low = std::min(low, from);
      high = std::max(high, to);
      most = std::max(most, count);
    }
    curve.points.emplace_back(from, count);
    curve.points.emplace_back(to, count);
  }
  if (most <= 0) return {};
  std::erase_if(curve.points, [&](const auto& point) { return point.first < low || point.first > high; });
  curve.points.insert(curve.points.begin(), {low, 0});
  curve.points.emplace_back(high, 0);
  Plot plot{.title = "KL(original ‖ compressed) token by token",
            .x = {.label = "nats", .low = low / 1.2, .high = high * 1.2, .logarithmic = true},
            .y = {.label = "tokens", .low = 0, .high = 1.08 * most, .whole = true},
            .curves = {curve}};
  for (const auto& [key, word] : {std::pair{"kl_mean", "mean"}, {"kl_p99", "99 %"}})
    if (const auto at = numberAt(evaluation, key); at && *at > plot.x.low && *at < plot.x.high)
      plot.lines.push_back({word, *at, true});
  return svg(plot);
}

std::vector<std::string> rolesOfEffects(const json& study) {
  std::vector<std::string> roles;
  for (const json& layer : listAt(study, "layers"))
    if (std::string role = textAt(layer, "role"); std::ranges::find(roles, role) == roles.end())
      roles.push_back(std::move(role));
  return roles;
}

std::string layerEffects(const json& study) {
  const std::vector<std::string> roles = rolesOfEffects(study);
  std::map<std::string, PlotCurve> curves;
  std::vector<double> values;
  double last = 0;
  for (const json& layer : listAt(study, "layers")) {
    const auto block = numberAt(layer, "block"), kl = numberAt(layer, "kl_mean");
    if (!block || !kl || *kl <= 0) continue;
    curves[textAt(layer, "role")].points.emplace_back(*block, *kl);
    values.push_back(*kl);
    last = std::max(last, *block);
  }
  if (values.empty()) return {};
  Plot plot{.title = "Each layer compressed alone",
            .x = {.label = "block", .low = -0.4, .high = last + 0.4, .whole = true},
            .y = logarithmic("KL, nats a token", values, 6)};
  for (auto& [role, curve] : curves) {
    curve.name = role;
    curve.colour = colourOf(static_cast<std::size_t>(std::ranges::find(roles, role) - roles.begin()));
    curve.dots = true;
    std::ranges::sort(curve.points);
    plot.curves.push_back(std::move(curve));
  }
  return svg(plot);
}

std::string sweep(const json& study) {
  PlotCurve draws{.name = "one draw", .colour = "var(--faint)", .dots = true, .line = false};
  PlotCurve means{.name = "measured, root of the mean square over the draws", .colour = "var(--s0)", .dots = true};
  std::vector<double> errors;
  for (const json& draw : listAt(study, "sweep"))
    if (const auto n = numberAt(draw, "layers"), e = numberAt(draw, "error"); n && e && *e > 0) {
      draws.points.emplace_back(*n, *e);
      errors.push_back(*e);
    }
  for (const json& mean : listAt(study, "sweep_means"))
    if (const auto n = numberAt(mean, "layers"), e = numberAt(mean, "error"); n && e && *e > 0) {
      means.points.emplace_back(*n, *e);
      errors.push_back(*e);
    }
  const auto single = numberAt(study, "single_layer_error");
  if (means.points.size() < 2 || !single || *single <= 0) return {};
  const double last = means.points.back().first;
  errors.push_back(*single / std::sqrt(last));
  Plot plot{.title = "Error of N layers together",
            .x = {.label = "N", .low = 0.9, .high = 1.15 * last, .logarithmic = true},
            .y = logarithmic("error of the logits, sqrt(1 − c²)", errors, 4)};
  plot.y.high = std::max(plot.y.high, 1.05);
  plot.curves.push_back(std::move(draws));
  const auto law = [&](const char* words, double exponent, std::size_t colour) {
    plot.curves.push_back({.name = words, .colour = colourOf(colour), .dashed = true});
    for (int i = 0; i <= 40; ++i) {
      const double n = std::pow(last, i / 40.0), error = *single * std::pow(n, exponent);
      if (error <= 1) plot.curves.back().points.emplace_back(n, error);
    }
  };
  law("ε/√N", -0.5, 2);
  law("ε", 0, 4);
  law("ε·√N", 0.5, 1);
  plot.curves.push_back(std::move(means));
  return svg(plot);
}

} // namespace rankscope
