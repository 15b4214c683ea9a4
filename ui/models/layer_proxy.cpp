// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/layer_proxy.h"

#include "ui/document/document.h"
#include "ui/document/words.h"
#include "ui/models/layer_table_model.h"

namespace rankscope::ui {

LayerProxy::LayerProxy(Document& document, QObject* parent) : QSortFilterProxyModel(parent), m_document(document) {
  setSortRole(LayerTableModel::SortRole);
}

void LayerProxy::setFilter(LayerFilter filter) {
  m_filter = std::move(filter);
  invalidateFilter();
}

bool LayerProxy::filterAcceptsRow(int row, const QModelIndex&) const {
  if (m_filter.isEmpty()) return true;
  const LayerId id{static_cast<std::size_t>(row)};
  return accepts(m_filter, m_document.layer(id), words::role(m_document.layer(id).role), m_document.verdict(id));
}

bool LayerProxy::lessThan(const QModelIndex& left, const QModelIndex& right) const {
  const QVariant a = left.data(sortRole()), b = right.data(sortRole());
  if (a.isValid() != b.isValid()) return (sortOrder() == Qt::AscendingOrder) == a.isValid();
  if (!a.isValid()) return left.row() < right.row();
  if (a == b) return left.row() < right.row();
  return a.toDouble() < b.toDouble();
}

} // namespace rankscope::ui
