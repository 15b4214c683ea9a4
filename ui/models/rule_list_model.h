// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QAbstractTableModel>

#include "core/checkpoint/layer.h"
#include "core/plan/rank_plan.h"

namespace rankscope::ui {

class Document;

/// The rules of the plan in the order in which they are tried, with what each matches. Rows can be dragged; edits and
/// moves are asked for by signals and arrive back as a change of the plan.
class RuleListModel final : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column { Pattern, Kind, ActionColumn, Matches, ColumnCount };

  explicit RuleListModel(Document& document, QObject* parent = nullptr);

  /// Layers whose name the rule matches, and how many of them no earlier rule takes.
  const std::vector<LayerId>& matched(int row) const { return m_matches[static_cast<std::size_t>(row)].layers; }
  int decides(int row) const { return m_matches[static_cast<std::size_t>(row)].decides; }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role = Qt::EditRole) override;
  Qt::DropActions supportedDropActions() const override { return Qt::MoveAction; }
  QStringList mimeTypes() const override;
  QMimeData* mimeData(const QModelIndexList& indexes) const override;
  bool dropMimeData(const QMimeData* data, Qt::DropAction action, int row, int column,
                    const QModelIndex& parent) override;

 signals:
  void changeWanted(int row, const rankscope::Rule& rule);
  void moveWanted(int from, int to); ///< `to`: where it stands afterwards
  void badAction(const QString& typed);

 private:
  struct Match {
    std::vector<LayerId> layers;
    int decides = 0;
  };
  void refresh(bool always);

  Document& m_document;
  std::vector<Rule> m_rules;
  std::vector<Match> m_matches;
};

} // namespace rankscope::ui
