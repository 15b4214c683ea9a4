// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>

#include "ui/document/document.h"

namespace rankscope::ui {

/// The layers of the open document as a table. Values are read from the document when asked for; the only thing that
/// can be edited is the rank.
class LayerTableModel final : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column {
    Name,
    Role,
    Block,
    Shape,
    DType,
    Size,
    Rank,
    PredictedCosine,
    PredictedError,
    MeasuredCosine,
    MeasuredError,
    Verdict,
    BytesAfter,
    OutputCosine,
    FirstDiagnostic, ///< from here on, one column for every Diagnostic in its order
    ColumnCount = FirstDiagnostic + static_cast<int>(kDiagnosticKeys.size())
  };
  static constexpr bool isDiagnostic(int column) { return column >= FirstDiagnostic && column < ColumnCount; }
  static constexpr Column columnOf(Diagnostic which) {
    return static_cast<Column>(FirstDiagnostic + static_cast<int>(which));
  }
  enum DataRole {
    SortRole = Qt::UserRole + 1, ///< the raw number (invalid: unknown, sorts last) or text
    LayerRole,                   ///< int: LayerId::value
    StandingRole,                ///< int: Standing of a measured cell
    VerdictRole,                 ///< int: Verdict, invalid for dense
    ShareRole,                   ///< double: rank as a share of the full rank; for the bar
    BreakEvenRole,               ///< double: break-even rank as a share of the full rank
    PinnedRole,                  ///< bool
  };

  explicit LayerTableModel(Document& document, QObject* parent = nullptr);

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;
  /// Under EditRole of the rank column: a positive integer, or invalid for dense. One undo step.
  bool setData(const QModelIndex& index, const QVariant& value, int role = Qt::EditRole) override;

 private:
  QString text(LayerId id, Column column) const;
  QVariant raw(LayerId id, Column column) const;
  QString toolTip(LayerId id, Column column) const;
  QString formula(LayerId id, Column column) const;

  Document& m_document;
};

} // namespace rankscope::ui
