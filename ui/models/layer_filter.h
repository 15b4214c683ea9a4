// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <set>

#include <QRegularExpression>
#include <QStringList>

#include "core/checkpoint/layer.h"
#include "core/compress/quality.h"

namespace rankscope::ui {

/// Which layers are shown. All conditions must hold; empty ones always do.
struct LayerFilter {
  QStringList words;                         ///< each must occur in the name or the role; case does not matter
  std::optional<QRegularExpression> pattern; ///< searched in the whole name
  std::optional<Role> role;
  std::optional<Verdict> verdict;
  std::optional<std::pair<int, int>> blocks; ///< first … last

  bool isEmpty() const { return words.isEmpty() && !pattern && !role && !verdict && !blocks; }
};

/// Words as typed; `/…/` is a regular expression, `3` in `block:3` or `block:2-5` a range. Nullopt and a sentence in
/// `error` when the expression is not valid.
std::optional<LayerFilter> parseLayerFilter(const QString& typed, QString* error);

bool accepts(const LayerFilter& filter, const LayerInfo& layer, const QString& roleWord,
             std::optional<Verdict> verdict);

} // namespace rankscope::ui
