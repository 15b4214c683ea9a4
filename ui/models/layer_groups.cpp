// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/layer_groups.h"

#include <algorithm>
#include <limits>
#include <map>

#include <QFont>

#include "ui/document/document.h"
#include "ui/document/words.h"
#include "ui/models/layer_table_model.h"

namespace rankscope::ui {

namespace {

using Column = LayerTableModel::Column;

/// Behind all blocks: layers that belong to none.
constexpr int kNoBlock = std::numeric_limits<int>::max();

} // namespace

LayerGroups::LayerGroups(Document& document, QObject* parent) : QAbstractProxyModel(parent), m_document(document) {}

void LayerGroups::setSourceModel(QAbstractItemModel* source) {
  QAbstractProxyModel::setSourceModel(source);
  const auto begin = [this] { beginResetModel(); };
  const auto end = [this] {
    rebuild();
    endResetModel();
  };
  connect(source, &QAbstractItemModel::modelAboutToBeReset, this, begin);
  connect(source, &QAbstractItemModel::modelReset, this, end);
  connect(source, &QAbstractItemModel::rowsAboutToBeInserted, this, begin);
  connect(source, &QAbstractItemModel::rowsInserted, this, end);
  connect(source, &QAbstractItemModel::rowsAboutToBeRemoved, this, begin);
  connect(source, &QAbstractItemModel::rowsRemoved, this, end);
  connect(source, &QAbstractItemModel::layoutAboutToBeChanged, this, begin);
  connect(source, &QAbstractItemModel::layoutChanged, this, end);
  connect(source, &QAbstractItemModel::dataChanged, this, &LayerGroups::forward);
  connect(source, &QAbstractItemModel::headerDataChanged, this, &QAbstractItemModel::headerDataChanged);
  rebuild();
}

void LayerGroups::setBy(By by) {
  if (m_by == by) return;
  beginResetModel();
  m_by = by;
  rebuild();
  endResetModel();
}

LayerId LayerGroups::layerAt(int sourceRow) const {
  return LayerId{static_cast<std::size_t>(sourceModel()->index(sourceRow, 0).data(LayerTableModel::LayerRole).toInt())};
}

int LayerGroups::keyOf(LayerId id) const {
  const LayerInfo& layer = m_document.layer(id);
  return m_by == By::Role ? static_cast<int>(layer.role) : layer.block.value_or(kNoBlock);
}

void LayerGroups::rebuild() {
  std::map<int, std::vector<int>> byKey;
  const int rows = sourceModel()->rowCount();
  for (int row = 0; row < rows; ++row) byKey[keyOf(layerAt(row))].push_back(row);
  m_groups.clear();
  m_places.assign(static_cast<std::size_t>(rows), {});
  for (auto& [key, members] : byKey) {
    for (std::size_t i = 0; i < members.size(); ++i)
      m_places[static_cast<std::size_t>(members[i])] = {static_cast<int>(m_groups.size()), static_cast<int>(i)};
    m_groups.push_back({key, std::move(members)});
  }
}

void LayerGroups::forward(const QModelIndex& from, const QModelIndex& to) {
  std::vector<bool> touched(m_groups.size(), false);
  for (int row = from.row(); row <= to.row(); ++row)
    touched[static_cast<std::size_t>(m_places[static_cast<std::size_t>(row)].group)] = true;
  for (std::size_t g = 0; g < m_groups.size(); ++g) {
    if (!touched[g]) continue;
    const QModelIndex group = index(static_cast<int>(g), 0);
    emit dataChanged(group, group.siblingAtColumn(columnCount() - 1));
    emit dataChanged(index(0, from.column(), group), index(rowCount(group) - 1, to.column(), group));
  }
}

std::vector<LayerId> LayerGroups::layersOf(const QModelIndex& index) const {
  if (!index.isValid()) return {};
  if (!isGroup(index)) return {layerAt(mapToSource(index).row())};
  std::vector<LayerId> layers;
  for (const int row : m_groups[static_cast<std::size_t>(index.row())].rows) layers.push_back(layerAt(row));
  return layers;
}

// The internal id of a layer's row is its group's number plus one; that of a group is 0.
QModelIndex LayerGroups::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent)) return {};
  return createIndex(row, column, parent.isValid() ? static_cast<quintptr>(parent.row() + 1) : 0);
}

QModelIndex LayerGroups::parent(const QModelIndex& child) const {
  if (!child.isValid() || isGroup(child)) return {};
  return createIndex(static_cast<int>(child.internalId()) - 1, 0, static_cast<quintptr>(0));
}

int LayerGroups::rowCount(const QModelIndex& parent) const {
  if (!parent.isValid()) return static_cast<int>(m_groups.size());
  if (!isGroup(parent) || parent.column() > 0) return 0;
  return static_cast<int>(m_groups[static_cast<std::size_t>(parent.row())].rows.size());
}

int LayerGroups::columnCount(const QModelIndex&) const {
  return sourceModel() ? sourceModel()->columnCount() : 0;
}

QModelIndex LayerGroups::mapToSource(const QModelIndex& proxy) const {
  if (!proxy.isValid() || isGroup(proxy)) return {};
  const Group& group = m_groups[static_cast<std::size_t>(proxy.internalId()) - 1];
  return sourceModel()->index(group.rows[static_cast<std::size_t>(proxy.row())], proxy.column());
}

QModelIndex LayerGroups::mapFromSource(const QModelIndex& source) const {
  if (!source.isValid()) return {};
  const Place place = m_places[static_cast<std::size_t>(source.row())];
  return createIndex(place.row, source.column(), static_cast<quintptr>(place.group + 1));
}

QString LayerGroups::text(const Group& group, int column) const {
  const int count = static_cast<int>(group.rows.size());
  std::uint64_t before = 0, after = 0;
  std::optional<std::int64_t> low, high;
  std::optional<QString> base; // of the first layer that is quantised
  bool known = true, measured = true;
  double predictedSum = 0, measuredSum = 0;
  int compressed = 0;
  for (const int row : group.rows) {
    const LayerId id = layerAt(row);
    before += m_document.layer(id).bytes;
    after += m_document.bytesAfter(id);
    const LayerChoice& choice = m_document.choice(id);
    if (choice.isDense()) continue;
    if (!base && choice.base) base = words::choice(choice);
    ++compressed;
    if (choice.rank) {
      low = std::min(low.value_or(*choice.rank), *choice.rank);
      high = std::max(high.value_or(*choice.rank), *choice.rank);
    }
    const auto cosine = m_document.predictedCosine(id);
    known = known && cosine;
    predictedSum += cosine.value_or(0);
    const bool current = m_document.standing(id) == Standing::Measured && m_document.result(id)->error.isEmpty();
    measured = measured && current;
    if (current) measuredSum += m_document.result(id)->quality.cosine;
  }
  switch (static_cast<Column>(column)) {
  case Column::Name: {
    const QString name = m_by == By::Role        ? words::role(static_cast<Role>(group.key))
                         : group.key == kNoBlock ? tr("no block")
                                                 : tr("block %1").arg(group.key);
    return tr("%1 · %n layer(s)", nullptr, count).arg(name);
  }
  case Column::Size:
    return words::bytes(before);
  case Column::BytesAfter:
    return words::bytes(after);
  case Column::Rank: {
    if (!low) return base.value_or(words::rank(std::nullopt));
    return *low == *high ? words::count(*low) : QStringLiteral("%1–%2").arg(words::count(*low), words::count(*high));
  }
  case Column::PredictedCosine:
    return compressed > 0 && known ? words::cosine(predictedSum / compressed) : QString();
  case Column::MeasuredCosine:
    return compressed > 0 && measured ? words::cosine(measuredSum / compressed) : QString();
  default:
    return {};
  }
}

QVariant LayerGroups::data(const QModelIndex& index, int role) const {
  if (!isGroup(index)) return QAbstractProxyModel::data(index, role);
  const Group& group = m_groups[static_cast<std::size_t>(index.row())];
  switch (role) {
  case Qt::DisplayRole:
    return text(group, index.column());
  case KeyRole:
    return group.key;
  case Qt::TextAlignmentRole:
    return sourceModel()->headerData(index.column(), Qt::Horizontal, role);
  case Qt::FontRole: {
    QFont bold;
    bold.setBold(true);
    return index.column() == Column::Name ? QVariant(bold) : QVariant();
  }
  case Qt::ToolTipRole:
    switch (index.column()) {
    case Column::Rank:
      return tr("Ranks of the layers that get factors. Type one to give it to every layer of the group.");
    case Column::PredictedCosine:
      return tr("Mean of the predicted cosines of the layers that get factors");
    case Column::MeasuredCosine:
      return tr("Mean of the measured cosines, once all are measured");
    case Column::Size:
    case Column::BytesAfter:
      return tr("Sum over the group");
    default:
      return {};
    }
  case Qt::AccessibleTextRole:
    return text(group, index.column());
  default:
    return {};
  }
}

/// Not through a row of the source: the first row here is a group's.
QVariant LayerGroups::headerData(int section, Qt::Orientation orientation, int role) const {
  return sourceModel() ? sourceModel()->headerData(section, orientation, role) : QVariant();
}

Qt::ItemFlags LayerGroups::flags(const QModelIndex& index) const {
  if (!isGroup(index)) return QAbstractProxyModel::flags(index);
  const Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable;
  return index.column() == Column::Rank ? flags | Qt::ItemIsEditable : flags;
}

} // namespace rankscope::ui
