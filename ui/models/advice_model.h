// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>

#include "ui/document/advice_view.h"

namespace rankscope::ui {

/// The options of an advice as a table, one a row.
class AdviceModel final : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column {
    Name,
    Bytes,
    Kept,
    WeightCosine,
    OutputCosine,
    PredictedKl,
    Kl,
    Perplexity,
    Repeated,
    Prefill,
    Decode,
    ColumnCount
  };
  static constexpr int SortRole = Qt::UserRole + 1; ///< the number behind the text

  explicit AdviceModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

  void show(const AdviceView& view);
  const AdviceView& view() const { return m_view; }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  QString textOf(const AdviceRow& row, Column column) const;
  QVariant numberOf(const AdviceRow& row, Column column) const;

  AdviceView m_view;
};

} // namespace rankscope::ui
