// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/frozen_column.h"

#include <QEvent>
#include <QHeaderView>
#include <QPainter>
#include <QScrollBar>

namespace rankscope::ui {

namespace {
constexpr double kLargestShare = 0.6; ///< of the table's width
}

FrozenColumn::FrozenColumn(QTreeView& table, int column) : QTreeView(&table), m_table(table), m_column(column) {
  setObjectName(QStringLiteral("frozenColumn"));
  setFocusPolicy(Qt::ClickFocus);
  setFocusProxy(&table);
  setFrameShape(QFrame::NoFrame);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setUniformRowHeights(true);
  setEditTriggers(NoEditTriggers);
  setAutoScroll(false); // the table scrolls to what is current
  header()->setStretchLastSection(false);
  header()->setSectionsClickable(true);
  header()->setSortIndicatorShown(true);
  header()->setHighlightSections(false);
  header()->setContextMenuPolicy(Qt::CustomContextMenu);
  hide();

  table.viewport()->installEventFilter(this);
  QHeaderView* whole = table.header();
  connect(whole, &QHeaderView::sectionResized, this, &FrozenColumn::place);
  connect(whole, &QHeaderView::sectionMoved, this, &FrozenColumn::place);
  connect(whole, &QHeaderView::sortIndicatorChanged, header(), &QHeaderView::setSortIndicator);
  connect(header(), &QHeaderView::sectionClicked, this, [whole](int section) {
    const bool turns = whole->sortIndicatorSection() == section && whole->sortIndicatorOrder() == Qt::AscendingOrder;
    whole->setSortIndicator(section, turns ? Qt::DescendingOrder : Qt::AscendingOrder);
  });
  connect(header(), &QHeaderView::sectionResized, this, [this, whole](int section, int, int size) {
    if (!m_placing && section == m_column) whole->resizeSection(section, size);
  });
  connect(header(), &QWidget::customContextMenuRequested, whole, &QWidget::customContextMenuRequested);
  connect(this, &QWidget::customContextMenuRequested, &table, &QWidget::customContextMenuRequested);
  connect(table.horizontalScrollBar(), &QScrollBar::valueChanged, this, &FrozenColumn::place);
  connect(table.verticalScrollBar(), &QScrollBar::valueChanged, verticalScrollBar(), &QScrollBar::setValue);
  connect(verticalScrollBar(), &QScrollBar::valueChanged, table.verticalScrollBar(), &QScrollBar::setValue);
  connect(&table, &QTreeView::expanded, this, &QTreeView::expand);
  connect(&table, &QTreeView::collapsed, this, &QTreeView::collapse);
  connect(this, &QTreeView::expanded, &table, &QTreeView::expand);
  connect(this, &QTreeView::collapsed, &table, &QTreeView::collapse);
}

void FrozenColumn::takeModel() {
  setModel(m_table.model());
  const QItemSelectionModel* own = selectionModel(); // made by setModel()
  setSelectionModel(m_table.selectionModel());
  delete own;
  for (int column = 0; column < model()->columnCount(); ++column) setColumnHidden(column, column != m_column);
  place();
}

void FrozenColumn::place() {
  if (!model()) return;
  const QHeaderView& whole = *m_table.header();
  const bool needed = !whole.isSectionHidden(m_column) && whole.sectionViewportPosition(m_column) < 0;
  if (needed) {
    m_placing = true;
    const QRect view = m_table.viewport()->geometry();
    const int width = std::min(whole.sectionSize(m_column), static_cast<int>(kLargestShare * view.width()));
    header()->resizeSection(m_column, width);
    header()->setFixedHeight(whole.height());
    setGeometry(view.left(), view.top() - whole.height(), width, view.height() + whole.height());
    m_placing = false;
  }
  if (needed == isVisibleTo(&m_table)) return;
  if (needed) {
    setItemDelegate(m_table.itemDelegate());
    setSelectionMode(m_table.selectionMode());
    setSelectionBehavior(m_table.selectionBehavior());
    setAlternatingRowColors(m_table.alternatingRowColors());
    setContextMenuPolicy(m_table.contextMenuPolicy());
    setIndentation(m_table.indentation());
    setRootIsDecorated(m_table.rootIsDecorated());
    setItemsExpandable(m_table.itemsExpandable());
    header()->setSortIndicator(whole.sortIndicatorSection(), whole.sortIndicatorOrder());
    takeExpanded({});
  }
  setVisible(needed);
  if (needed) verticalScrollBar()->setValue(m_table.verticalScrollBar()->value());
}

void FrozenColumn::reveal(const QModelIndex& index) {
  if (!isVisibleTo(&m_table) || index.column() == m_column) return;
  const int hidden = width() - m_table.header()->sectionViewportPosition(index.column());
  if (hidden > 0) m_table.horizontalScrollBar()->setValue(m_table.horizontalScrollBar()->value() - hidden);
}

/// The table would scroll back to the column that became the current one: another of the row, which is in sight, takes
/// its place.
void FrozenColumn::mousePressEvent(QMouseEvent* event) {
  m_table.setAutoScroll(false);
  QTreeView::mousePressEvent(event);
  const QHeaderView& whole = *m_table.header();
  int beside = -1;
  for (int visual = 0; visual < whole.count() && beside < 0; ++visual) {
    const int column = whole.logicalIndex(visual);
    if (!whole.isSectionHidden(column) && whole.sectionViewportPosition(column) >= width()) beside = column;
  }
  if (beside >= 0 && currentIndex().isValid())
    selectionModel()->setCurrentIndex(currentIndex().siblingAtColumn(beside), QItemSelectionModel::NoUpdate);
  m_table.setAutoScroll(true);
}

void FrozenColumn::paintEvent(QPaintEvent* event) {
  QTreeView::paintEvent(event);
  QPainter painter(viewport());
  painter.setPen(palette().color(QPalette::Mid));
  painter.drawLine(viewport()->rect().topRight(), viewport()->rect().bottomRight());
}

void FrozenColumn::takeExpanded(const QModelIndex& parent) {
  for (int row = 0; row < model()->rowCount(parent); ++row) {
    const QModelIndex index = model()->index(row, 0, parent);
    if (!model()->hasChildren(index)) continue;
    setExpanded(index, m_table.isExpanded(index));
    takeExpanded(index);
  }
}

bool FrozenColumn::eventFilter(QObject* object, QEvent* event) {
  if (event->type() == QEvent::Resize) place();
  return QTreeView::eventFilter(object, event);
}

} // namespace rankscope::ui
