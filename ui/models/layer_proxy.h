// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSortFilterProxyModel>

#include "ui/models/layer_filter.h"

namespace rankscope::ui {

class Document;

/// Filters and sorts the layer table by raw values; what is not known sorts last either way.
class LayerProxy final : public QSortFilterProxyModel {
  Q_OBJECT

 public:
  explicit LayerProxy(Document& document, QObject* parent = nullptr);
  void setFilter(LayerFilter filter);
  const LayerFilter& filter() const { return m_filter; }

 protected:
  bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
  bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

 private:
  Document& m_document;
  LayerFilter m_filter;
};

} // namespace rankscope::ui
