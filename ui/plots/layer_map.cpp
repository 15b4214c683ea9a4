// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/layer_map.h"

#include <algorithm>
#include <array>
#include <map>

namespace rankscope::ui {

LayerMap layerMap(const Checkpoint& checkpoint) {
  LayerMap map;
  std::map<int, std::map<Role, std::vector<LayerId>>> byBlock;
  std::map<Role, int> widths;
  for (const LayerInfo& layer : checkpoint.layers()) {
    if (!layer.block) continue;
    auto& same = byBlock[*layer.block][layer.role];
    same.push_back(layer.id);
    widths[layer.role] = std::max(widths[layer.role], static_cast<int>(same.size()));
  }
  for (const auto& [role, width] : widths) {
    for (int nth = 0; nth < width; ++nth) map.columns.push_back({role, nth});
  }
  for (auto& [block, roles] : byBlock) {
    map.blocks.push_back(block);
    auto& row = map.cells.emplace_back();
    for (const LayerMap::Column& column : map.columns) {
      const auto& same = roles[column.role];
      const auto nth = static_cast<std::size_t>(column.nth);
      row.push_back(nth < same.size() ? std::optional(same[nth]) : std::nullopt);
    }
  }
  return map;
}

std::vector<LayerId> layersBetween(const LayerMap& map, std::pair<int, int> from, std::pair<int, int> to) {
  const auto clampRow = [&](int row) { return std::clamp(row, 0, static_cast<int>(map.blocks.size()) - 1); };
  const auto clampColumn = [&](int column) { return std::clamp(column, 0, static_cast<int>(map.columns.size()) - 1); };
  std::vector<LayerId> layers;
  if (map.blocks.empty() || map.columns.empty()) return layers;
  const auto [top, bottom] = std::minmax({clampRow(from.first), clampRow(to.first)});
  const auto [left, right] = std::minmax({clampColumn(from.second), clampColumn(to.second)});
  for (int row = top; row <= bottom; ++row) {
    for (int column = left; column <= right; ++column) {
      if (const auto id = map.cells[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)])
        layers.push_back(*id);
    }
  }
  std::sort(layers.begin(), layers.end());
  return layers;
}

QColor heatColour(double value) {
  static constexpr std::array<std::array<int, 3>, 9> stops{{{0, 34, 78},
                                                            {26, 56, 111},
                                                            {65, 77, 107},
                                                            {94, 100, 109},
                                                            {124, 123, 120},
                                                            {154, 148, 117},
                                                            {187, 175, 104},
                                                            {221, 203, 79},
                                                            {254, 232, 56}}};
  const double at = std::clamp(value, 0.0, 1.0) * (stops.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(at), stops.size() - 2);
  const double share = at - static_cast<double>(low);
  const auto mix = [&](std::size_t channel) {
    return static_cast<int>(stops[low][channel] + share * (stops[low + 1][channel] - stops[low][channel]) + 0.5);
  };
  return {mix(0), mix(1), mix(2)};
}

} // namespace rankscope::ui
