// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTreeView>

namespace rankscope::ui {

/// One column of a table that stays in sight: over the table's left edge, while the column itself is scrolled out of
/// it. It shows the table's own model, selection, rows, groups and sorting; the keyboard and assistive programs stay
/// with the table. A child of the table.
class FrozenColumn final : public QTreeView {
  Q_OBJECT

 public:
  FrozenColumn(QTreeView& table, int column);

  /// After the table has got another model.
  void takeModel();
  /// After the table's columns, groups or decoration have changed.
  void place();
  /// Scrolls so far that `index` of the table is not beneath this column.
  void reveal(const QModelIndex& index);

 protected:
  bool eventFilter(QObject* object, QEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  void takeExpanded(const QModelIndex& parent);

  QTreeView& m_table;
  const int m_column;
  bool m_placing = false;
};

} // namespace rankscope::ui
