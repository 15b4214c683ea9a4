// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QColor>
#include <QString>

#include "core/checkpoint/checkpoint.h"

namespace rankscope::ui {

/// Layers of a model by block (down) and by what they do in it (across).
struct LayerMap {
  struct Column {
    Role role;
    int nth = 0; ///< several layers of a role in one block (experts) get columns of their own
  };
  std::vector<Column> columns;
  std::vector<int> blocks;                                ///< ascending
  std::vector<std::vector<std::optional<LayerId>>> cells; ///< [row][column]
};

/// Every layer with a block; roles in the order of the forward pass.
LayerMap layerMap(const Checkpoint& checkpoint);

/// Layers in the rectangle between two cells, both included, in any order.
std::vector<LayerId> layersBetween(const LayerMap& map, std::pair<int, int> from, std::pair<int, int> to);

/// Colour of a value in [0, 1]: cividis (Nuñez, Anderton & Renslow 2018), the same to colour-blind eyes.
QColor heatColour(double value);

} // namespace rankscope::ui
