// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QComboBox;
class QLabel;
class QLineEdit;
class QMenu;
class QTimer;
class QTreeView;

namespace rankscope::ui {

class Document;
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
  void focusFilter();
  void copySelection(bool markdown) const;
  QMenu* columnMenu() const { return m_columnMenu; }
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
  void setUpTable();
  void setUpColumns();
  void fitNames();
  void applyFilter();
  void takeSelection();
  void showSelection();
  void tellVisible();

  Document& m_document;
  LayerTableModel* m_model;
  LayerProxy* m_proxy;
  QTreeView* m_table;
  QLineEdit* m_filter;
  QComboBox* m_role;
  QComboBox* m_verdict;
  QLabel* m_count;
  QMenu* m_columnMenu;
  QTimer* m_visibleTimer;
  int m_keyGesture = 0;
  bool m_showing = false;
};

} // namespace rankscope::ui
