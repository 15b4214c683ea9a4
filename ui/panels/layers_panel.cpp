// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/layers_panel.h"

#include <algorithm>
#include <set>

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QScrollBar>
#include <QTimer>
#include <QTreeView>
#include <QVBoxLayout>

#include "ui/document/document.h"
#include "ui/document/settings.h"
#include "ui/document/words.h"
#include "ui/icons.h"
#include "ui/models/layer_delegates.h"
#include "ui/models/layer_groups.h"
#include "ui/models/layer_proxy.h"
#include "ui/models/layer_table_model.h"
#include "ui/panels/frozen_column.h"

namespace rankscope::ui {

LayersPanel::LayersPanel(Document& document, QWidget* parent)
    : QWidget(parent), m_document(document), m_model(new LayerTableModel(document, this)),
      m_proxy(new LayerProxy(document, this)), m_groups(new LayerGroups(document, this)), m_table(new QTreeView(this)),
      m_filter(new QLineEdit(this)), m_role(new QComboBox(this)), m_verdict(new QComboBox(this)),
      m_group(new QComboBox(this)), m_count(new QLabel(this)), m_columnMenu(new QMenu(tr("Columns"), this)),
      m_visibleTimer(new QTimer(this)) {
  m_proxy->setSourceModel(m_model);
  m_groups->setSourceModel(m_proxy);
  m_filter->setPlaceholderText(tr("Filter: words, /regex/, block:0-3"));
  m_filter->setToolTip(
      tr("Words must all occur in the name or role; /…/ is a regular expression; block:2 or block:0-3 picks blocks"));
  m_filter->setClearButtonEnabled(true);
  m_filter->setAccessibleName(tr("Filter layers"));
  m_role->setAccessibleName(tr("Show role"));
  m_verdict->setAccessibleName(tr("Show verdict"));
  m_verdict->addItem(tr("All verdicts"), -1);
  for (const Verdict verdict : kVerdicts) {
    m_verdict->addItem(words::verdictMark(verdict) + QLatin1Char(' ') + words::verdict(verdict),
                       static_cast<int>(verdict));
  }
  m_group->setAccessibleName(tr("Group layers"));
  m_group->addItem(tr("Not grouped"));
  m_group->addItem(tr("By block"));
  m_group->addItem(tr("By role"));
  m_group->setToolTip(tr("Groups show sums; selecting one selects its layers, and + and − open and close it"));
  m_group->setCurrentIndex(std::clamp(settings::number(QStringLiteral("layers/group"), 0), 0, 2));
  auto* bar = new QHBoxLayout;
  bar->setContentsMargins(6, 6, 6, 0);
  bar->addWidget(m_filter, 1);
  bar->addWidget(m_role);
  bar->addWidget(m_verdict);
  bar->addWidget(m_group);
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(6);
  box->addLayout(bar);
  box->addWidget(m_table, 1);
  m_count->setContentsMargins(8, 0, 8, 4);
  box->addWidget(m_count);
  setUpTable();
  setUpColumns();

  auto* settle = new QTimer(this);
  settle->setSingleShot(true);
  settle->setInterval(80);
  connect(settle, &QTimer::timeout, this, &LayersPanel::applyFilter);
  connect(m_filter, &QLineEdit::textChanged, settle, qOverload<>(&QTimer::start));
  connect(m_role, &QComboBox::currentIndexChanged, this, &LayersPanel::applyFilter);
  connect(m_verdict, &QComboBox::currentIndexChanged, this, &LayersPanel::applyFilter);
  connect(m_group, &QComboBox::currentIndexChanged, this, [this](int choice) {
    settings::setNumber(QStringLiteral("layers/group"), choice);
    applyGrouping();
  });
  applyGrouping();
  connect(&document, &Document::opened, this, [this] {
    const QSignalBlocker quiet(m_role);
    m_role->clear();
    m_role->addItem(tr("All roles"), -1);
    std::set<Role> roles;
    for (const LayerInfo& layer : m_document.checkpoint()->layers()) roles.insert(layer.role);
    for (const Role role : roles) m_role->addItem(words::role(role), static_cast<int>(role));
    applyFilter();
    fitNames();
    m_visibleTimer->start();
  });
  connect(&document, &Document::totalsChanged, this, &LayersPanel::makeRoomForMark);
  connect(&document, &Document::selectionChanged, this, &LayersPanel::showSelection);
  m_visibleTimer->setSingleShot(true);
  m_visibleTimer->setInterval(60);
  connect(m_visibleTimer, &QTimer::timeout, this, &LayersPanel::tellVisible);
}

/// Layers that a filter hides stay selected: rows that go take nothing with them.
void LayersPanel::keepSelection() {
  connect(m_proxy, &QAbstractItemModel::rowsAboutToBeRemoved, this, [this] { m_showing = true; });
  connect(m_proxy, &QAbstractItemModel::rowsRemoved, this, [this] { m_showing = false; });
}

void LayersPanel::setUpTable() {
  keepSelection(); // before the table itself hears of rows
  m_frozen = new FrozenColumn(*m_table, LayerTableModel::Name);
  m_frozen->setAccessibleName(tr("Names of layers"));
  showModel(m_proxy);
  m_table->setObjectName(QStringLiteral("layers"));
  m_table->setAccessibleName(tr("Layers"));
  m_table->setIndentation(16);
  m_table->setUniformRowHeights(true);
  m_table->setAlternatingRowColors(true);
  m_table->setAllColumnsShowFocus(false);
  m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed);
  m_table->setSortingEnabled(true);
  m_table->sortByColumn(LayerTableModel::Name, Qt::AscendingOrder);
  m_table->setContextMenuPolicy(Qt::CustomContextMenu);
  m_table->setFrameShape(QFrame::NoFrame);
  m_table->installEventFilter(this);
  m_table->setItemDelegate(new RowDelegate(this));
  m_table->setItemDelegateForColumn(
      LayerTableModel::Rank,
      new RankDelegate(
          [this](const QModelIndex& index, const QVariant& rank) {
            std::vector<LayerId> layers = shownSelection();
            const std::vector<LayerId> edited = layersOf(index);
            if (edited.empty()) return;
            if (std::find(layers.begin(), layers.end(), edited.front()) == layers.end()) layers = edited;
            m_document.setRank(layers, rank.isValid() ? std::optional<std::int64_t>(rank.toLongLong()) : std::nullopt);
          },
          this));
  m_table->setItemDelegateForColumn(LayerTableModel::Verdict, new VerdictDelegate(this));
  m_table->setItemDelegateForColumn(LayerTableModel::MeasuredCosine, new MeasuredDelegate(this));
  m_table->setItemDelegateForColumn(LayerTableModel::MeasuredError, new MeasuredDelegate(this));
  m_table->setItemDelegateForColumn(LayerTableModel::OutputCosine, new MeasuredDelegate(this));
  const auto keep = [this](bool open) {
    return [this, open](const QModelIndex& group) {
      const int key = group.data(LayerGroups::KeyRole).toInt();
      if (open)
        m_closed.erase(key);
      else
        m_closed.insert(key);
    };
  };
  connect(m_table, &QTreeView::expanded, this, keep(true));
  connect(m_table, &QTreeView::collapsed, this, keep(false));
  connect(m_groups, &QAbstractItemModel::modelReset, this, &LayersPanel::showGroups,
          Qt::QueuedConnection); // after the table itself
  connect(m_table->verticalScrollBar(), &QScrollBar::valueChanged, m_visibleTimer, qOverload<>(&QTimer::start));
  connect(m_table, &QWidget::customContextMenuRequested, this,
          [this](const QPoint& at) { emit contextMenuWanted(m_table->viewport()->mapToGlobal(at)); });
}

void LayersPanel::focusFilter() {
  m_filter->setFocus(Qt::ShortcutFocusReason);
  m_filter->selectAll();
}

void LayersPanel::applyFilter() {
  if (!m_document.isOpen()) return;
  QString error;
  auto filter = parseLayerFilter(m_filter->text(), &error);
  if (!filter) {
    m_count->setText(tr("Regular expression: %1").arg(error));
    return;
  }
  if (const int role = m_role->currentData().toInt(); m_role->count() > 0 && role >= 0)
    filter->role = static_cast<Role>(role);
  if (const int verdict = m_verdict->currentData().toInt(); verdict >= 0)
    filter->verdict = static_cast<Verdict>(verdict);
  m_proxy->setFilter(std::move(*filter));
  showSelection();
  const int shown = m_proxy->rowCount(), all = m_model->rowCount();
  m_count->setText(shown == all ? tr("%n layer(s)", nullptr, all)
                   : shown == 0 ? tr("No layer matches: clear the filter to see all %1").arg(words::count(all))
                                : tr("%1 of %2 layers").arg(words::count(shown), words::count(all)));
  m_visibleTimer->start();
}

bool LayersPanel::isGrouped() const {
  return m_group->currentIndex() > 0;
}

/// Without groups the table shows the flat proxy itself, which keeps its place when rows come and go.
void LayersPanel::applyGrouping() {
  const QByteArray header = headerState();
  m_closed.clear();
  m_groups->setBy(m_group->currentIndex() == 2 ? LayerGroups::By::Role : LayerGroups::By::Block);
  QAbstractItemModel* model = m_proxy;
  if (isGrouped()) model = m_groups;
  m_table->setRootIsDecorated(isGrouped());
  m_table->setItemsExpandable(isGrouped());
  if (model != m_table->model()) {
    showModel(model);
    restoreHeader(header);
    if (m_document.isOpen()) fitNames();
  }
  showGroups();
}

void LayersPanel::showModel(QAbstractItemModel* model) {
  m_table->setModel(model);
  m_frozen->takeModel();
  connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &LayersPanel::takeSelection);
  // A table that gets the focus makes a row the current one without selecting it: that says nothing.
  connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this, [this] {
    if (m_table->selectionModel()->hasSelection()) takeSelection();
  });
}

void LayersPanel::showGroups() {
  if (!isGrouped()) {
    showSelection();
    return;
  }
  const std::set<int> closed = m_closed;
  for (int row = 0; row < m_groups->rowCount(); ++row) {
    const QModelIndex group = m_groups->index(row, 0);
    m_table->setExpanded(group, !closed.contains(group.data(LayerGroups::KeyRole).toInt()));
  }
  m_closed = closed;
  showSelection();
}

std::vector<LayerId> LayersPanel::layersOf(const QModelIndex& index) const {
  if (!index.isValid()) return {};
  if (index.model() == m_groups) return m_groups->layersOf(index);
  return {LayerId{static_cast<std::size_t>(index.data(LayerTableModel::LayerRole).toInt())}};
}

QModelIndex LayersPanel::shown(LayerId id, int column) const {
  const QModelIndex flat = m_proxy->mapFromSource(m_model->index(static_cast<int>(id.value), column));
  return isGrouped() ? m_groups->mapFromSource(flat) : flat;
}

void LayersPanel::takeSelection() {
  if (m_showing || !m_document.isOpen()) return;
  std::vector<LayerId> layers;
  for (const QModelIndex& index : m_table->selectionModel()->selectedRows()) {
    const std::vector<LayerId> row = layersOf(index);
    layers.insert(layers.end(), row.begin(), row.end());
  }
  std::sort(layers.begin(), layers.end());
  layers.erase(std::unique(layers.begin(), layers.end()), layers.end());
  const QModelIndex current = m_table->selectionModel()->currentIndex();
  std::optional<LayerId> front;
  if (current.isValid() && m_table->selectionModel()->isRowSelected(current.row(), current.parent())) {
    const std::vector<LayerId> row = layersOf(current);
    if (!row.empty()) front = row.front();
  } else if (!layers.empty()) {
    front = layers.front();
  }
  m_keyGesture = 0;
  m_showing = true;
  m_document.select(std::move(layers), front);
  m_showing = false;
}

void LayersPanel::showSelection() {
  if (m_showing || !m_document.isOpen()) return;
  m_showing = true;
  QItemSelection selection;
  for (const LayerId id : m_document.selection()) {
    const QModelIndex index = shown(id, 0);
    if (index.isValid()) selection.select(index, index.siblingAtColumn(LayerTableModel::ColumnCount - 1));
  }
  m_table->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
  const QModelIndex current =
      m_document.current() ? shown(*m_document.current(), LayerTableModel::Rank) : QModelIndex();
  if (current.isValid()) {
    m_table->selectionModel()->setCurrentIndex(current, QItemSelectionModel::NoUpdate);
    const int across = m_table->horizontalScrollBar()->value();
    m_table->scrollTo(current);
    m_table->horizontalScrollBar()->setValue(across);
  }
  m_showing = false;
}

void LayersPanel::tellVisible() {
  if (!m_document.isOpen()) return;
  std::vector<LayerId> layers;
  QModelIndex index = m_table->indexAt(QPoint(2, 2));
  const QRect view = m_table->viewport()->rect();
  while (index.isValid() && m_table->visualRect(index).top() < view.bottom()) {
    if (index.data(LayerTableModel::LayerRole).isValid()) layers.push_back(layersOf(index).front());
    index = m_table->indexBelow(index);
  }
  m_document.setVisibleLayers(std::move(layers));
}

} // namespace rankscope::ui
