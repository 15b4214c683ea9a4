// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QAbstractProxyModel>

#include "core/checkpoint/layer.h"

namespace rankscope::ui {

class Document;

/// The layer table as a tree: one row for each block or role with sums over its layers, the layers below it in the
/// order of the source (a LayerProxy). A group's row carries no layer: LayerRole is invalid there.
class LayerGroups final : public QAbstractProxyModel {
  Q_OBJECT

 public:
  enum class By { Block, Role };
  enum DataRole { KeyRole = Qt::UserRole + 100 }; ///< int: the block's number or the role, of a group's row

  explicit LayerGroups(Document& document, QObject* parent = nullptr);
  void setSourceModel(QAbstractItemModel* source) override;
  void setBy(By by);

  /// Layers of a row: all of a group, or the one.
  std::vector<LayerId> layersOf(const QModelIndex& index) const;

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& child) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  bool hasChildren(const QModelIndex& parent = {}) const override { return rowCount(parent) > 0; }
  QModelIndex buddy(const QModelIndex& index) const override { return index; } ///< what is edited is the cell itself
  QModelIndex mapToSource(const QModelIndex& proxy) const override;
  QModelIndex mapFromSource(const QModelIndex& source) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;

 private:
  struct Group {
    int key = 0;
    std::vector<int> rows; ///< of the source
  };
  struct Place {
    int group = 0;
    int row = 0;
  };

  bool isGroup(const QModelIndex& index) const { return index.isValid() && index.internalId() == 0; }
  void rebuild();
  void forward(const QModelIndex& from, const QModelIndex& to);
  int keyOf(LayerId id) const;
  LayerId layerAt(int sourceRow) const;
  QString text(const Group& group, int column) const;

  Document& m_document;
  By m_by = By::Block;
  std::vector<Group> m_groups;
  std::vector<Place> m_places; ///< by row of the source
};

} // namespace rankscope::ui
