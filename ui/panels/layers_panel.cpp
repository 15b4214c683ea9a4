// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/layers_panel.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
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
#include "ui/models/layer_proxy.h"
#include "ui/models/layer_table_model.h"

namespace rankscope::ui {

using Column = LayerTableModel::Column;

namespace {

/// What matters first stands first; the rest is a scroll away.
constexpr std::array kOrder{LayerTableModel::Name,           LayerTableModel::Shape,
                            LayerTableModel::Rank,           LayerTableModel::PredictedCosine,
                            LayerTableModel::MeasuredCosine, LayerTableModel::Verdict,
                            LayerTableModel::BytesAfter,     LayerTableModel::Size,
                            LayerTableModel::PredictedError, LayerTableModel::MeasuredError,
                            LayerTableModel::EffectiveRank,  LayerTableModel::StableRank,
                            LayerTableModel::Role,           LayerTableModel::Block,
                            LayerTableModel::DType};

LayerId layerOf(const QModelIndex& index) {
  return LayerId{static_cast<std::size_t>(index.data(LayerTableModel::LayerRole).toInt())};
}

} // namespace

LayersPanel::LayersPanel(Document& document, QWidget* parent)
    : QWidget(parent), m_document(document), m_model(new LayerTableModel(document, this)),
      m_proxy(new LayerProxy(document, this)), m_table(new QTreeView(this)), m_filter(new QLineEdit(this)),
      m_role(new QComboBox(this)), m_verdict(new QComboBox(this)), m_count(new QLabel(this)),
      m_columnMenu(new QMenu(tr("Columns"), this)), m_visibleTimer(new QTimer(this)) {
  m_proxy->setSourceModel(m_model);
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
  auto* bar = new QHBoxLayout;
  bar->setContentsMargins(6, 6, 6, 0);
  bar->addWidget(m_filter, 1);
  bar->addWidget(m_role);
  bar->addWidget(m_verdict);
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
  connect(&document, &Document::selectionChanged, this, &LayersPanel::showSelection);
  m_visibleTimer->setSingleShot(true);
  m_visibleTimer->setInterval(60);
  connect(m_visibleTimer, &QTimer::timeout, this, &LayersPanel::tellVisible);
}

void LayersPanel::setUpTable() {
  m_table->setModel(m_proxy);
  m_table->setObjectName(QStringLiteral("layers"));
  m_table->setAccessibleName(tr("Layers"));
  m_table->setRootIsDecorated(false);
  m_table->setItemsExpandable(false);
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
            std::vector<LayerId> layers = m_document.selection();
            const LayerId edited = layerOf(index);
            if (std::find(layers.begin(), layers.end(), edited) == layers.end()) layers = {edited};
            m_document.setRank(layers, rank.isValid() ? std::optional<std::int64_t>(rank.toLongLong()) : std::nullopt);
          },
          this));
  m_table->setItemDelegateForColumn(LayerTableModel::Verdict, new VerdictDelegate(this));
  m_table->setItemDelegateForColumn(LayerTableModel::MeasuredCosine, new MeasuredDelegate(this));
  m_table->setItemDelegateForColumn(LayerTableModel::MeasuredError, new MeasuredDelegate(this));
  connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &LayersPanel::takeSelection);
  connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this, &LayersPanel::takeSelection);
  connect(m_table->verticalScrollBar(), &QScrollBar::valueChanged, m_visibleTimer, qOverload<>(&QTimer::start));
  connect(m_table, &QWidget::customContextMenuRequested, this,
          [this](const QPoint& at) { emit contextMenuWanted(m_table->viewport()->mapToGlobal(at)); });
}

void LayersPanel::setUpColumns() {
  QHeaderView* header = m_table->header();
  header->setStretchLastSection(false);
  header->setSectionsMovable(true);
  header->setFirstSectionMovable(true);
  header->setHighlightSections(false);
  header->setMinimumSectionSize(36);
  const QFontMetrics metrics(m_table->font());
  const auto width = [&](const char* sample) { return metrics.horizontalAdvance(QString::fromUtf8(sample)) + 22; };
  const std::map<int, int> widths{{LayerTableModel::Name, width("h.10.attn.attention.out_proj")},
                                  {LayerTableModel::Role, width("attention out")},
                                  {LayerTableModel::Block, width("Block ")},
                                  {LayerTableModel::Shape, width("32000 × 4096")},
                                  {LayerTableModel::DType, width("bf16 ")},
                                  {LayerTableModel::Size, width("123.9 MiB")},
                                  {LayerTableModel::StableRank, width("Stable rank ")},
                                  {LayerTableModel::EffectiveRank, width("Eff. rank 00")},
                                  {LayerTableModel::Rank, width("  dense  ")},
                                  {LayerTableModel::PredictedCosine, width("≈ Cosine")},
                                  {LayerTableModel::PredictedError, width("≈ Error 0 ")},
                                  {LayerTableModel::MeasuredCosine, width("0.99997")},
                                  {LayerTableModel::MeasuredError, width("00.00 % ")},
                                  {LayerTableModel::Verdict, width("▲ EXCELLENT")},
                                  {LayerTableModel::BytesAfter, width("123.9 MiB")}};
  for (const auto& [column, pixels] : widths) header->resizeSection(column, pixels);
  for (std::size_t i = 0; i < kOrder.size(); ++i)
    header->moveSection(header->visualIndex(kOrder[i]), static_cast<int>(i));
  header->setContextMenuPolicy(Qt::CustomContextMenu);
  connect(header, &QWidget::customContextMenuRequested, this,
          [this, header](const QPoint& at) { m_columnMenu->popup(header->mapToGlobal(at)); });
  for (const auto column : kOrder) {
    QAction* action = m_columnMenu->addAction(m_model->headerData(column, Qt::Horizontal).toString());
    action->setToolTip(m_model->headerData(column, Qt::Horizontal, Qt::ToolTipRole).toString());
    action->setCheckable(true);
    action->setChecked(true);
    action->setEnabled(column != LayerTableModel::Name);
    connect(action, &QAction::toggled, this,
            [header, column](bool shown) { header->setSectionHidden(column, !shown); });
    connect(m_columnMenu, &QMenu::aboutToShow, action,
            [header, column, action] { action->setChecked(!header->isSectionHidden(column)); });
  }
}

/// Names and shapes are known at once and set their columns; what the others will hold is known by its form.
void LayersPanel::fitNames() {
  for (const auto column : {LayerTableModel::Name, LayerTableModel::Shape, LayerTableModel::Role}) {
    m_table->resizeColumnToContents(column);
    m_table->setColumnWidth(column, std::clamp(m_table->columnWidth(column) + 8, 60, 320));
  }
}

QByteArray LayersPanel::headerState() const {
  return m_table->header()->saveState();
}
void LayersPanel::restoreHeader(const QByteArray& state) {
  if (!state.isEmpty()) m_table->header()->restoreState(state);
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
  const int shown = m_proxy->rowCount(), all = m_model->rowCount();
  m_count->setText(shown == all ? tr("%n layer(s)", nullptr, all)
                   : shown == 0 ? tr("No layer matches: clear the filter to see all %1").arg(words::count(all))
                                : tr("%1 of %2 layers").arg(words::count(shown), words::count(all)));
  m_visibleTimer->start();
}

void LayersPanel::takeSelection() {
  if (m_showing || !m_document.isOpen()) return;
  std::vector<LayerId> layers;
  for (const QModelIndex& index : m_table->selectionModel()->selectedRows()) layers.push_back(layerOf(index));
  std::sort(layers.begin(), layers.end());
  const QModelIndex current = m_table->selectionModel()->currentIndex();
  std::optional<LayerId> front;
  if (current.isValid() && m_table->selectionModel()->isRowSelected(current.row(), current.parent()))
    front = layerOf(current);
  else if (!layers.empty())
    front = layers.front();
  m_keyGesture = 0;
  m_showing = true;
  m_document.select(std::move(layers), front);
  m_showing = false;
}

void LayersPanel::showSelection() {
  if (m_showing) return;
  m_showing = true;
  QItemSelection selection;
  for (const LayerId id : m_document.selection()) {
    const QModelIndex index = m_proxy->mapFromSource(m_model->index(static_cast<int>(id.value), 0));
    if (index.isValid()) selection.select(index, index.siblingAtColumn(LayerTableModel::ColumnCount - 1));
  }
  m_table->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
  if (m_document.current()) {
    const QModelIndex index =
        m_proxy->mapFromSource(m_model->index(static_cast<int>(m_document.current()->value), LayerTableModel::Rank));
    if (index.isValid()) {
      m_table->selectionModel()->setCurrentIndex(index, QItemSelectionModel::NoUpdate);
      const int across = m_table->horizontalScrollBar()->value();
      m_table->scrollTo(index);
      m_table->horizontalScrollBar()->setValue(across);
    }
  }
  m_showing = false;
}

void LayersPanel::tellVisible() {
  if (!m_document.isOpen()) return;
  std::vector<LayerId> layers;
  QModelIndex index = m_table->indexAt(QPoint(2, 2));
  const QRect view = m_table->viewport()->rect();
  while (index.isValid() && m_table->visualRect(index).top() < view.bottom()) {
    layers.push_back(layerOf(index));
    index = m_table->indexBelow(index);
  }
  m_document.setVisibleLayers(std::move(layers));
}

void LayersPanel::copySelection(bool markdown) const {
  const QHeaderView* header = m_table->header();
  std::vector<int> columns;
  for (int visual = 0; visual < header->count(); ++visual) {
    const int column = header->logicalIndex(visual);
    if (!header->isSectionHidden(column)) columns.push_back(column);
  }
  const QString gap = markdown ? QStringLiteral(" | ") : QStringLiteral("\t");
  const QString edge = markdown ? QStringLiteral("|") : QString();
  const auto line = [&](auto&& cell) {
    QStringList cells;
    for (const int column : columns) cells.append(cell(column));
    return (markdown ? edge + QLatin1Char(' ') : QString()) + cells.join(gap) +
           (markdown ? QLatin1Char(' ') + edge : QString()) + QLatin1Char('\n');
  };
  QString text = line([&](int column) { return m_model->headerData(column, Qt::Horizontal).toString(); });
  if (markdown) text += line([](int) { return QStringLiteral("---"); });
  QModelIndexList rows = m_table->selectionModel()->selectedRows();
  std::sort(rows.begin(), rows.end(), [](const QModelIndex& a, const QModelIndex& b) { return a.row() < b.row(); });
  for (const QModelIndex& row : rows) {
    text += line([&](int column) { return row.siblingAtColumn(column).data().toString(); });
  }
  QApplication::clipboard()->setText(text);
}

void LayersPanel::stepRanks(qint64 by) {
  if (m_document.selection().empty()) return;
  if (m_keyGesture == 0) m_keyGesture = m_document.newGesture();
  std::vector<std::pair<LayerId, std::optional<std::int64_t>>> ranks;
  for (const LayerId id : m_document.selection()) {
    const LayerInfo& layer = m_document.layer(id);
    const std::int64_t from =
        m_document.rank(id).value_or(static_cast<std::int64_t>(breakEvenRank(layer.rows, layer.cols)) + 1);
    ranks.emplace_back(id, std::clamp<std::int64_t>(from + by, 1, layer.smallSide()));
  }
  const QString name = ranks.size() == 1 ? tr("Rank %1 for %2")
                                               .arg(words::rank(ranks.front().second),
                                                    words::shortName(m_document.layer(ranks.front().first)))
                                         : tr("Step the rank of %n layers", nullptr, static_cast<int>(ranks.size()));
  m_document.setRanks(ranks, name, m_keyGesture);
}

void LayersPanel::toggleDense() {
  const std::vector<LayerId> layers = m_document.selection();
  if (layers.empty()) return;
  const bool allDense = std::all_of(layers.begin(), layers.end(), [this](LayerId id) { return !m_document.rank(id); });
  if (!allDense) {
    m_document.setRank(layers, std::nullopt);
    return;
  }
  std::vector<std::pair<LayerId, std::optional<std::int64_t>>> ranks;
  for (const LayerId id : layers) {
    const LayerInfo& layer = m_document.layer(id);
    ranks.emplace_back(id,
                       std::max<std::int64_t>(1, static_cast<std::int64_t>(breakEvenRank(layer.rows, layer.cols) / 2)));
  }
  m_document.setRanks(ranks, tr("Half of break-even for %n layer(s)", nullptr, static_cast<int>(ranks.size())));
}

void LayersPanel::togglePinned() {
  const std::vector<LayerId>& layers = m_document.selection();
  if (layers.empty()) return;
  const bool all = std::all_of(layers.begin(), layers.end(), [this](LayerId id) { return m_document.isPinned(id); });
  m_document.setPinned(layers, !all);
}

bool LayersPanel::eventFilter(QObject* object, QEvent* event) {
  if (object != m_table || event->type() != QEvent::KeyPress) return QWidget::eventFilter(object, event);
  // What the rank editor did not use arrives here too, such as the Return that ends it.
  if (m_table->findChild<QLineEdit*>()) return false;
  const auto& key = *static_cast<QKeyEvent*>(event);
  const auto modifiers = key.modifiers() & ~Qt::KeypadModifier;
  const qint64 step = modifiers == Qt::ShiftModifier     ? 16
                      : modifiers == Qt::ControlModifier ? 128
                                                         : settings::rankStep();
  switch (key.key()) {
  case Qt::Key_Left:
    stepRanks(-step);
    return true;
  case Qt::Key_Right:
    stepRanks(step);
    return true;
  case Qt::Key_Return:
  case Qt::Key_Enter:
  case Qt::Key_F2: {
    const QModelIndex current = m_table->currentIndex();
    if (current.isValid()) m_table->edit(current.siblingAtColumn(LayerTableModel::Rank));
    return true;
  }
  default:
    break;
  }
  if (modifiers == Qt::NoModifier && key.key() == Qt::Key_D) return toggleDense(), true;
  if (modifiers == Qt::NoModifier && key.key() == Qt::Key_P) return togglePinned(), true;
  // A digit begins to edit the rank with it, as in a spreadsheet.
  if (modifiers == Qt::NoModifier && key.key() >= Qt::Key_1 && key.key() <= Qt::Key_9 &&
      m_table->currentIndex().isValid()) {
    m_table->edit(m_table->currentIndex().siblingAtColumn(LayerTableModel::Rank));
    if (auto* editor = m_table->findChild<QLineEdit*>()) editor->setText(key.text());
    return true;
  }
  return false;
}

} // namespace rankscope::ui
