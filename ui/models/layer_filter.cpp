// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/layer_filter.h"

#include <algorithm>

namespace rankscope::ui {

std::optional<LayerFilter> parseLayerFilter(const QString& typed, QString* error) {
  LayerFilter filter;
  QString rest = typed;
  static const QRegularExpression expression(QStringLiteral("(?:^|\\s)/(.+)/(?:\\s|$)"));
  if (const auto match = expression.match(rest); match.hasMatch()) {
    filter.pattern = QRegularExpression(match.captured(1));
    if (!filter.pattern->isValid()) {
      if (error) *error = filter.pattern->errorString();
      return std::nullopt;
    }
    rest.replace(match.capturedStart(), match.capturedLength(), QStringLiteral(" "));
  }
  static const QRegularExpression block(QStringLiteral("^block:(\\d+)(?:-(\\d+))?$"));
  for (const QString& word : rest.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
    if (const auto match = block.match(word); match.hasMatch()) {
      const int first = match.captured(1).toInt();
      const int last = match.captured(2).isEmpty() ? first : match.captured(2).toInt();
      filter.blocks = {std::min(first, last), std::max(first, last)};
    } else {
      filter.words.append(word);
    }
  }
  return filter;
}

bool accepts(const LayerFilter& filter, const LayerInfo& layer, const QString& roleWord,
             std::optional<Verdict> verdict) {
  if (filter.role && layer.role != *filter.role) return false;
  if (filter.verdict && verdict != filter.verdict) return false;
  if (filter.blocks && (!layer.block || *layer.block < filter.blocks->first || *layer.block > filter.blocks->second))
    return false;
  const QString name = QString::fromStdString(layer.name);
  if (filter.pattern && !filter.pattern->match(name).hasMatch()) return false;
  return std::all_of(filter.words.begin(), filter.words.end(), [&](const QString& word) {
    return name.contains(word, Qt::CaseInsensitive) || roleWord.contains(word, Qt::CaseInsensitive);
  });
}

} // namespace rankscope::ui
