// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QStyledItemDelegate>

namespace rankscope::ui {

/// An ordinary cell whose text keeps its distance from that of the next column: numbers are right-aligned, words left.
class CellDelegate : public QStyledItemDelegate {
  Q_OBJECT

 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

/// The same with room to breathe; sets the height of the rows.
class RowDelegate final : public CellDelegate {
  Q_OBJECT

 public:
  using CellDelegate::CellDelegate;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

/// Paints the rank with a bar (its share of the full rank, a notch at break-even) and edits it: a number, or a word
/// beginning with d for dense. What was entered goes to `commit`, which may apply it to all selected layers.
class RankDelegate final : public QStyledItemDelegate {
  Q_OBJECT

 public:
  using Commit = std::function<void(const QModelIndex& index, const QVariant& rank)>;
  explicit RankDelegate(Commit commit, QObject* parent = nullptr);

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  void setEditorData(QWidget* editor, const QModelIndex& index) const override;
  void setModelData(QWidget* editor, QAbstractItemModel* model, const QModelIndex& index) const override;

 private:
  Commit m_commit;
};

/// Paints a verdict with its mark and colour; paler while it rests on a prediction.
class VerdictDelegate final : public CellDelegate {
  Q_OBJECT

 public:
  using CellDelegate::CellDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

/// Paints a measured number: bold while it holds, struck out and grey once the plan has changed.
class MeasuredDelegate final : public CellDelegate {
  Q_OBJECT

 public:
  using CellDelegate::CellDelegate;

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
};

/// What was typed as a rank: a positive number, an invalid variant for dense; nullopt when it is neither.
std::optional<QVariant> parseRank(const QString& typed);

} // namespace rankscope::ui
