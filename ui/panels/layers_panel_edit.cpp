// SPDX-License-Identifier: GPL-3.0-or-later
// What keys and the clipboard do with the selected layers.
#include "ui/panels/layers_panel.h"

#include <algorithm>

#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLineEdit>
#include <QTreeView>

#include "ui/document/document.h"
#include "ui/document/settings.h"
#include "ui/document/words.h"
#include "ui/models/layer_proxy.h"
#include "ui/models/layer_table_model.h"
#include "ui/panels/frozen_column.h"

namespace rankscope::ui {

void LayersPanel::copySelection(bool markdown) const {
  const QHeaderView* header = m_table->header();
  std::vector<int> columns;
  for (int visual = 0; visual < header->count(); ++visual) {
    const int column = header->logicalIndex(visual);
    if (!header->isSectionHidden(column)) columns.push_back(column);
  }
  const QString gap = markdown ? QStringLiteral(" | ") : QStringLiteral("\t");
  const QString edge = markdown ? QStringLiteral("|") : QString();
  const auto line = [&](auto&& cell) {
    QStringList cells;
    for (const int column : columns) cells.append(cell(column));
    return (markdown ? edge + QLatin1Char(' ') : QString()) + cells.join(gap) +
           (markdown ? QLatin1Char(' ') + edge : QString()) + QLatin1Char('\n');
  };
  QString text = line([&](int column) { return m_model->headerData(column, Qt::Horizontal).toString(); });
  if (markdown) text += line([](int) { return QStringLiteral("---"); });
  // In the order that is seen; the rows of groups are headings, not layers.
  const std::set<LayerId> chosen(m_document.selection().begin(), m_document.selection().end());
  for (int row = 0; row < m_proxy->rowCount(); ++row) {
    const QModelIndex index = m_proxy->index(row, 0);
    const LayerId id{static_cast<std::size_t>(index.data(LayerTableModel::LayerRole).toInt())};
    if (!chosen.contains(id)) continue;
    text += line([&](int column) { return index.siblingAtColumn(column).data().toString(); });
  }
  QApplication::clipboard()->setText(text);
}

/// What a filter hides is not edited here.
std::vector<LayerId> LayersPanel::shownSelection() const {
  std::vector<LayerId> layers = m_document.selection();
  std::erase_if(layers, [this](LayerId id) { return !shown(id, 0).isValid(); });
  return layers;
}

void LayersPanel::stepRanks(qint64 by) {
  const std::vector<LayerId> layers = shownSelection();
  if (layers.empty()) return;
  if (m_keyGesture == 0) m_keyGesture = m_document.newGesture();
  std::vector<std::pair<LayerId, std::optional<std::int64_t>>> ranks;
  for (const LayerId id : layers) {
    const LayerInfo& layer = m_document.layer(id);
    const std::int64_t from =
        m_document.rank(id).value_or(static_cast<std::int64_t>(breakEvenRank(layer.rows, layer.cols)) + 1);
    ranks.emplace_back(id, std::clamp<std::int64_t>(from + by, 1, layer.smallSide()));
  }
  const QString name = ranks.size() == 1 ? tr("Rank %1 for %2")
                                               .arg(words::rank(ranks.front().second),
                                                    words::shortName(m_document.layer(ranks.front().first)))
                                         : tr("Step the rank of %n layers", nullptr, static_cast<int>(ranks.size()));
  m_document.setRanks(ranks, name, m_keyGesture);
}

void LayersPanel::toggleDense() {
  const std::vector<LayerId> layers = shownSelection();
  if (layers.empty()) return;
  const bool allDense = std::all_of(layers.begin(), layers.end(), [this](LayerId id) { return !m_document.rank(id); });
  if (!allDense) {
    m_document.setRank(layers, std::nullopt);
    return;
  }
  std::vector<std::pair<LayerId, std::optional<std::int64_t>>> ranks;
  for (const LayerId id : layers) {
    const LayerInfo& layer = m_document.layer(id);
    ranks.emplace_back(id,
                       std::max<std::int64_t>(1, static_cast<std::int64_t>(breakEvenRank(layer.rows, layer.cols) / 2)));
  }
  m_document.setRanks(ranks, tr("Half of break-even for %n layer(s)", nullptr, static_cast<int>(ranks.size())));
}

void LayersPanel::togglePinned() {
  const std::vector<LayerId> layers = shownSelection();
  if (layers.empty()) return;
  const bool all = std::all_of(layers.begin(), layers.end(), [this](LayerId id) { return m_document.isPinned(id); });
  m_document.setPinned(layers, !all);
}

void LayersPanel::editRank(const QModelIndex& row) {
  const QModelIndex rank = row.siblingAtColumn(LayerTableModel::Rank);
  m_table->edit(rank);
  m_frozen->reveal(rank);
}

bool LayersPanel::eventFilter(QObject* object, QEvent* event) {
  if (object != m_table || event->type() != QEvent::KeyPress) return QWidget::eventFilter(object, event);
  // What the rank editor did not use arrives here too, such as the Return that ends it.
  if (m_table->findChild<QLineEdit*>()) return false;
  const auto& key = *static_cast<QKeyEvent*>(event);
  const auto modifiers = key.modifiers() & ~Qt::KeypadModifier;
  const qint64 step = modifiers == Qt::ShiftModifier     ? 16
                      : modifiers == Qt::ControlModifier ? 128
                                                         : settings::rankStep();
  switch (key.key()) {
  case Qt::Key_Left:
    stepRanks(-step);
    return true;
  case Qt::Key_Right:
    stepRanks(step);
    return true;
  case Qt::Key_Return:
  case Qt::Key_Enter:
  case Qt::Key_F2: {
    const QModelIndex current = m_table->currentIndex();
    if (current.isValid()) editRank(current);
    return true;
  }
  default:
    break;
  }
  if (modifiers == Qt::NoModifier && key.key() == Qt::Key_D) return toggleDense(), true;
  if (modifiers == Qt::NoModifier && key.key() == Qt::Key_P) return togglePinned(), true;
  // A digit begins to edit the rank with it, as in a spreadsheet.
  if (modifiers == Qt::NoModifier && key.key() >= Qt::Key_1 && key.key() <= Qt::Key_9 &&
      m_table->currentIndex().isValid()) {
    editRank(m_table->currentIndex());
    if (auto* editor = m_table->findChild<QLineEdit*>()) editor->setText(key.text());
    return true;
  }
  return false;
}

} // namespace rankscope::ui
