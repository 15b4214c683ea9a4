// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/report: plots as inline SVG, coloured by the page's CSS.

#include <string>
#include <utility>
#include <vector>

namespace rankscope {

struct PlotAxis {
  std::string label;
  double low = 0;
  double high = 1;
  bool logarithmic = false;
  bool whole = false; ///< ticks at whole numbers only
};

struct PlotCurve {
  std::string name = {};   ///< for the tooltip
  std::string colour = {}; ///< CSS, such as "var(--s0)"
  std::vector<std::pair<double, double>> points = {};
  bool dashed = false;
  bool dots = false; ///< with a dot at each point
  bool line = true;  ///< joined by lines
};

/// A straight line across the plot with a word at its end.
struct PlotLine {
  std::string label;
  double at = 0;
  bool vertical = true;
};

struct Plot {
  std::string title; ///< above the plot, and for screen readers
  PlotAxis x;
  PlotAxis y;
  std::vector<PlotCurve> curves = {};
  std::vector<PlotLine> lines = {};
  int width = 560;
  int height = 320;
};

std::string svg(const Plot& plot);

} // namespace rankscope
