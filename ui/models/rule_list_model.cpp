// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/rule_list_model.h"

#include <QMimeData>

#include "ui/document/document.h"
#include "ui/document/parse_action.h"
#include "ui/document/words.h"

namespace rankscope::ui {

namespace {
const QString kRowType = QStringLiteral("application/x-rankscope-rule");
constexpr int kNamesInTip = 30;
} // namespace

RuleListModel::RuleListModel(Document& document, QObject* parent) : QAbstractTableModel(parent), m_document(document) {
  connect(&document, &Document::opened, this, [this] { refresh(true); });
  connect(&document, &Document::closed, this, [this] { refresh(true); });
  connect(&document, &Document::planChanged, this, [this] { refresh(false); });
}

/// Matching every name against every rule is for changes of rules, not for each step of a drag.
void RuleListModel::refresh(bool always) {
  if (!always && m_rules == m_document.plan().rules) return;
  beginResetModel();
  m_rules = m_document.plan().rules;
  m_matches.clear();
  std::vector<bool> taken(m_document.layerCount(), false);
  for (const Rule& rule : m_rules) {
    Match match;
    const Matcher matcher(rule);
    for (const LayerId id : m_document.allLayers()) {
      if (!matcher.matches(m_document.layer(id).name)) continue;
      match.layers.push_back(id);
      if (!taken[id.value]) ++match.decides;
      taken[id.value] = true;
    }
    m_matches.push_back(std::move(match));
  }
  endResetModel();
}

int RuleListModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_rules.size());
}

int RuleListModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

QVariant RuleListModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const Rule& rule = m_rules[static_cast<std::size_t>(index.row())];
  const Match& match = m_matches[static_cast<std::size_t>(index.row())];
  const int matches = static_cast<int>(match.layers.size());
  if (role == Qt::DisplayRole || role == Qt::EditRole) {
    switch (static_cast<Column>(index.column())) {
    case Pattern:
      return QString::fromStdString(rule.pattern);
    case Kind:
      return rule.syntax == Rule::Syntax::Glob ? tr("glob") : tr("regex");
    case ActionColumn:
      return role == Qt::DisplayRole ? words::request(rule) : words::action(rule.action);
    case Matches:
      return match.decides == matches ? words::count(matches)
                                      : tr("%1 of %2").arg(words::count(match.decides), words::count(matches));
    case ColumnCount:
      break;
    }
  }
  if (role == Qt::ToolTipRole) {
    if (index.column() == Kind)
      return tr("Type g for a glob over the whole name, r for a regular expression that is searched in it");
    if (index.column() != Matches) return {};
    if (matches == 0) return tr("No layer has such a name");
    QStringList names;
    for (int i = 0; i < std::min(matches, kNamesInTip); ++i)
      names.append(words::shortName(m_document.layer(match.layers[static_cast<std::size_t>(i)])));
    if (matches > kNamesInTip) names.append(tr("and %n more", nullptr, matches - kNamesInTip));
    return names.join(QLatin1Char('\n'));
  }
  if (role == Qt::TextAlignmentRole && index.column() == Matches)
    return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
  return {};
}

QVariant RuleListModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::DisplayRole) {
    switch (static_cast<Column>(section)) {
    case Pattern:
      return tr("Pattern");
    case Kind:
      return tr("Kind");
    case ActionColumn:
      return tr("Action");
    case Matches:
      return tr("Layers");
    case ColumnCount:
      break;
    }
  }
  if (role == Qt::ToolTipRole) {
    if (section == ActionColumn) return tr("A rank (128), a share (12.5 %), cosine 0.95, energy 0.9, or dense");
    if (section == Matches)
      return tr("How many layers the rule matches; \"3 of 12\": earlier rules take the other nine");
  }
  return {};
}

Qt::ItemFlags RuleListModel::flags(const QModelIndex& index) const {
  if (!index.isValid()) return Qt::ItemIsDropEnabled;
  const Qt::ItemFlags flags =
      Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsDragEnabled | Qt::ItemNeverHasChildren;
  return index.column() == Matches ? flags : flags | Qt::ItemIsEditable;
}

bool RuleListModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  if (!index.isValid() || role != Qt::EditRole) return false;
  Rule rule = m_rules[static_cast<std::size_t>(index.row())];
  const QString typed = value.toString();
  switch (static_cast<Column>(index.column())) {
  case Pattern:
    rule.pattern = typed.toStdString();
    break;
  case Kind:
    rule.syntax = typed.startsWith(QLatin1Char('r'), Qt::CaseInsensitive) ? Rule::Syntax::Regex : Rule::Syntax::Glob;
    break;
  case ActionColumn: {
    const auto action = parseAction(typed);
    if (!action) {
      emit badAction(typed);
      return false;
    }
    rule.action = *action;
    break;
  }
  case Matches:
  case ColumnCount:
    return false;
  }
  if (rule == m_rules[static_cast<std::size_t>(index.row())]) return true;
  emit changeWanted(index.row(), rule);
  return true;
}

QStringList RuleListModel::mimeTypes() const {
  return {kRowType};
}

QMimeData* RuleListModel::mimeData(const QModelIndexList& indexes) const {
  if (indexes.isEmpty()) return nullptr;
  auto* data = new QMimeData;
  data->setData(kRowType, QByteArray::number(indexes.front().row()));
  return data;
}

bool RuleListModel::dropMimeData(const QMimeData* data, Qt::DropAction action, int row, int,
                                 const QModelIndex& parent) {
  if (action != Qt::MoveAction || !data->hasFormat(kRowType)) return false;
  const int from = data->data(kRowType).toInt();
  const int before = row >= 0 ? row : parent.isValid() ? parent.row() : rowCount();
  const int to = before > from ? before - 1 : before;
  if (from != to && from >= 0 && from < rowCount()) emit moveWanted(from, to);
  return false; // the view must not remove the row: the plan has changed and the rows with it
}

} // namespace rankscope::ui
