// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/svg_plot.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/report/report_text.h"

namespace rankscope {

namespace {

constexpr double kLeft = 54;
constexpr double kRight = 14;
constexpr double kTop = 30;
constexpr double kBottom = 42;

/// Data to pixels.
class Scale final {
 public:
  Scale(const PlotAxis& axis, double from, double to) : m_axis(axis), m_from(from), m_to(to) {}
  double operator()(double value) const {
    const double low = place(m_axis.low);
    const double high = place(m_axis.high);
    const double share = high > low ? (place(value) - low) / (high - low) : 0.5;
    return m_from + (m_to - m_from) * std::clamp(share, -0.02, 1.02);
  }

 private:
  double place(double value) const { return m_axis.logarithmic ? std::log10(std::max(value, 1e-300)) : value; }
  const PlotAxis& m_axis;
  double m_from;
  double m_to;
};

std::vector<double> ticks(const PlotAxis& axis, int about) {
  std::vector<double> result;
  if (axis.logarithmic) {
    const double first = std::ceil(std::log10(axis.low) - 1e-9);
    const double last = std::floor(std::log10(axis.high) + 1e-9);
    const double step = std::max(1.0, std::ceil((last - first) / about));
    for (double power = last; power >= first; power -= step) result.push_back(std::pow(10, power));
    return result;
  }
  const double rough = (axis.high - axis.low) / about;
  const double decade = std::pow(10, std::floor(std::log10(rough)));
  double step = decade * (rough / decade <= 1 ? 1 : rough / decade <= 2 ? 2 : rough / decade <= 5 ? 5 : 10);
  if (axis.whole) step = std::max(1.0, step);
  for (double at = std::ceil(axis.low / step) * step; at <= axis.high + 1e-9 * step; at += step)
    result.push_back(std::abs(at) < 1e-12 ? 0.0 : at);
  return result;
}

std::string tickText(const PlotAxis& axis, double value) {
  if (axis.logarithmic && (value < 0.01 || value > 9999))
    return fmt::format("1e{}", static_cast<int>(std::lround(std::log10(value))));
  return fmt::format("{:.4g}", value);
}

std::string axes(const Plot& plot, const Scale& x, const Scale& y) {
  const double right = plot.width - kRight;
  const double bottom = plot.height - kBottom;
  std::string text;
  for (const double at : ticks(plot.x, std::max(3, plot.width / 90)))
    text += fmt::format(
        R"svg(<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/><text class="tick" x="{0:.1f}" y="{3}" text-anchor="middle">{4}</text>)svg",
        x(at), kTop, bottom, bottom + 15, tickText(plot.x, at));
  for (const double at : ticks(plot.y, std::max(3, plot.height / 60)))
    text += fmt::format(
        R"svg(<line class="grid" x1="{1}" x2="{2}" y1="{0:.1f}" y2="{0:.1f}"/><text class="tick" x="{3}" y="{4:.1f}" text-anchor="end">{5}</text>)svg",
        y(at), kLeft, right, kLeft - 6, y(at) + 3.5, tickText(plot.y, at));
  text += fmt::format(R"svg(<text class="label" x="{:.0f}" y="{}" text-anchor="middle">{}</text>)svg",
                      (kLeft + right) / 2, plot.height - 8, escapedHtml(plot.x.label));
  text += fmt::format(
      R"svg(<text class="label" transform="translate(13 {:.0f}) rotate(-90)" text-anchor="middle">{}</text>)svg",
      (kTop + bottom) / 2, escapedHtml(plot.y.label));
  return text;
}

std::string line(const Plot& plot, const PlotLine& line, const Scale& x, const Scale& y) {
  if (line.vertical)
    return fmt::format(R"svg(<line class="mark" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>)svg", x(line.at), kTop,
                       plot.height - kBottom);
  return fmt::format(R"svg(<line class="mark" x1="{1}" x2="{2}" y1="{0:.1f}" y2="{0:.1f}"/>)svg", y(line.at), kLeft,
                     plot.width - kRight);
}

/// Above the curves, so that it stays legible.
std::string word(const Plot& plot, const PlotLine& line, const Scale& x, const Scale& y) {
  if (line.vertical)
    return fmt::format(R"svg(<text class="note" x="{:.1f}" y="{}">{}</text>)svg", x(line.at) + 4,
                       plot.height - kBottom - 6, escapedHtml(line.label));
  return fmt::format(R"svg(<text class="note" x="{}" y="{:.1f}" text-anchor="end">{}</text>)svg", plot.width - kRight,
                     y(line.at) - 3, escapedHtml(line.label));
}

std::string curve(const PlotCurve& curve, const Scale& x, const Scale& y) {
  std::string points;
  for (const auto& [px, py] : curve.points) points += fmt::format("{:.1f},{:.1f} ", x(px), y(py));
  std::string text =
      fmt::format(R"svg(<g style="color:{}"><title>{}</title>)svg", curve.colour, escapedHtml(curve.name));
  if (curve.line)
    text += fmt::format(R"svg(<polyline class="curve{}" points="{}"/>)svg", curve.dashed ? " dashed" : "", points);
  if (curve.dots)
    for (const auto& [px, py] : curve.points)
      text += fmt::format(R"svg(<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="3"/>)svg", x(px), y(py));
  return text + "</g>";
}

} // namespace

std::string svg(const Plot& plot) {
  const Scale x(plot.x, kLeft, plot.width - kRight);
  const Scale y(plot.y, plot.height - kBottom, kTop);
  std::string text = fmt::format(
      R"svg(<svg viewBox="0 0 {} {}" role="img" aria-label="{}"><text class="title" x="{}" y="16">{}</text>)svg",
      plot.width, plot.height, escapedHtml(plot.title), kLeft, escapedHtml(plot.title));
  text += axes(plot, x, y);
  for (const PlotLine& mark : plot.lines) text += line(plot, mark, x, y);
  for (const PlotCurve& one : plot.curves) text += curve(one, x, y);
  for (const PlotLine& mark : plot.lines) text += word(plot, mark, x, y);
  return text + "</svg>\n";
}

} // namespace rankscope
