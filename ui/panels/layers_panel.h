// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <set>
#include <vector>

#include <QWidget>

#include "core/checkpoint/layer.h"

class QAbstractItemModel;
class QComboBox;
class QLabel;
class QLineEdit;
class QMenu;
class QModelIndex;
class QTimer;
class QTreeView;

namespace rankscope::ui {

class Document;
class FrozenColumn;
class LayerGroups;
class LayerProxy;
class LayerTableModel;

/// The table of layers with its filter. Selecting here selects everywhere. Left and right arrows change the rank of the
/// selected layers (Shift: by 16, Ctrl: by 128), D toggles dense, P pins.
class LayersPanel final : public QWidget {
  Q_OBJECT

 public:
  explicit LayersPanel(Document& document, QWidget* parent = nullptr);

  QTreeView* table() const { return m_table; }
  QLineEdit* filterEdit() const { return m_filter; }
  QComboBox* groupBox() const { return m_group; }
  void focusFilter();
  void copySelection(bool markdown) const;
  QMenu* columnMenu() const { return m_columnMenu; }
  /// Diagnostics are hidden until asked for.
  void showColumn(int column, bool shown);
  QByteArray headerState() const;
  void restoreHeader(const QByteArray& state);

  /// What a key or the editor of one row does to all selected layers.
  void stepRanks(qint64 by);
  void toggleDense();
  void togglePinned();

 signals:
  void contextMenuWanted(const QPoint& globalPosition);

 protected:
  bool eventFilter(QObject* object, QEvent* event) override;

 private:
  void keepSelection();
  std::vector<LayerId> shownSelection() const;
  void setUpTable();
  void setUpColumns();
  void addColumnAction(QMenu* menu, int column);
  void fitNames();
  void makeRoomForMark();
  void applyFilter();
  bool isGrouped() const;
  void applyGrouping();
  void showGroups();
  void showModel(QAbstractItemModel* model);
  std::vector<LayerId> layersOf(const QModelIndex& index) const;
  QModelIndex shown(LayerId id, int column) const;
  void editRank(const QModelIndex& row);
  void takeSelection();
  void showSelection();
  void tellVisible();

  Document& m_document;
  LayerTableModel* m_model;
  LayerProxy* m_proxy;
  LayerGroups* m_groups;
  QTreeView* m_table;
  FrozenColumn* m_frozen = nullptr; ///< the names
  QLineEdit* m_filter;
  QComboBox* m_role;
  QComboBox* m_verdict;
  QComboBox* m_group;
  QLabel* m_count;
  QMenu* m_columnMenu;
  QTimer* m_visibleTimer;
  std::set<int> m_closed; ///< keys of groups that were closed
  int m_keyGesture = 0;
  bool m_showing = false;
};

} // namespace rankscope::ui
