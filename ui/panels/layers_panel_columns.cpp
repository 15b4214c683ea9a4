// SPDX-License-Identifier: GPL-3.0-or-later
// The columns of a LayersPanel: their order and widths, and the menu that chooses among them.
#include <algorithm>
#include <array>
#include <map>

#include <QAction>
#include <QHeaderView>
#include <QMenu>
#include <QTreeView>

#include "ui/document/words.h"
#include "ui/models/layer_table_model.h"
#include "ui/panels/frozen_column.h"
#include "ui/panels/layers_panel.h"

namespace rankscope::ui {

namespace {

/// What matters first stands first; the rest is a scroll away, and diagnostics come after that.
constexpr std::array kOrder{LayerTableModel::Name,           LayerTableModel::Shape,
                            LayerTableModel::Rank,           LayerTableModel::PredictedCosine,
                            LayerTableModel::MeasuredCosine, LayerTableModel::Verdict,
                            LayerTableModel::BytesAfter,     LayerTableModel::Size,
                            LayerTableModel::PredictedError, LayerTableModel::MeasuredError,
                            LayerTableModel::OutputCosine,   LayerTableModel::Role,
                            LayerTableModel::Block,          LayerTableModel::DType};

} // namespace

void LayersPanel::setUpColumns() {
  QHeaderView* header = m_table->header();
  header->setStretchLastSection(false);
  header->setSectionsMovable(true);
  header->setFirstSectionMovable(true);
  header->setHighlightSections(false);
  header->setMinimumSectionSize(36);
  const QFontMetrics metrics(m_table->font());
  const auto width = [&](const QString& sample) { return metrics.horizontalAdvance(sample) + 22; };
  const std::map<int, const char*> samples{{LayerTableModel::Name, "h.10.attn.attention.out_proj"},
                                           {LayerTableModel::Role, "attention out"},
                                           {LayerTableModel::Block, "Block "},
                                           {LayerTableModel::Shape, "32000 × 4096"},
                                           {LayerTableModel::DType, "bf16 "},
                                           {LayerTableModel::Size, "123.9 MiB"},
                                           {LayerTableModel::Rank, "  dense  "},
                                           {LayerTableModel::PredictedCosine, "≈ Cosine"},
                                           {LayerTableModel::PredictedError, "≈ Error 0 "},
                                           {LayerTableModel::MeasuredCosine, "0.99997"},
                                           {LayerTableModel::MeasuredError, "00.00 % "},
                                           {LayerTableModel::OutputCosine, "0.99997"},
                                           {LayerTableModel::Verdict, ""},
                                           {LayerTableModel::BytesAfter, "123.9 MiB"}};
  for (const auto& [column, sample] : samples)
    header->resizeSection(column, std::max(width(QString::fromUtf8(sample)),
                                           width(m_model->headerData(column, Qt::Horizontal).toString())));
  for (const Verdict verdict : kVerdicts) {
    QFont bold = m_table->font(); // once it is measured
    bold.setBold(true);
    const QString longest = words::verdictMark(verdict) + QStringLiteral("  ") + words::verdict(verdict);
    const int needed = QFontMetrics(bold).horizontalAdvance(longest) + 22;
    header->resizeSection(LayerTableModel::Verdict, std::max(header->sectionSize(LayerTableModel::Verdict), needed));
  }
  for (std::size_t i = 0; i < kOrder.size(); ++i)
    header->moveSection(header->visualIndex(kOrder[i]), static_cast<int>(i));
  for (int column = LayerTableModel::FirstDiagnostic; column < LayerTableModel::ColumnCount; ++column) {
    const QString title = m_model->headerData(column, Qt::Horizontal).toString();
    header->resizeSection(column, std::max(width(title), width(QStringLiteral("0.00000"))));
    header->setSectionHidden(column, true);
  }
  header->setContextMenuPolicy(Qt::CustomContextMenu);
  connect(header, &QWidget::customContextMenuRequested, this,
          [this, header](const QPoint& at) { m_columnMenu->popup(header->mapToGlobal(at)); });

  for (const int column : kOrder) addColumnAction(m_columnMenu, column);
  m_columnMenu->addSeparator();
  QMenu* more = m_columnMenu->addMenu(tr("Diagnostics"));
  for (int column = LayerTableModel::FirstDiagnostic; column < LayerTableModel::ColumnCount; ++column)
    addColumnAction(more, column);
  more->addSeparator();
  const auto all = [this](bool shown) {
    for (int column = LayerTableModel::FirstDiagnostic; column < LayerTableModel::ColumnCount; ++column)
      showColumn(column, shown);
  };
  connect(more->addAction(tr("Show all")), &QAction::triggered, this, [all] { all(true); });
  connect(more->addAction(tr("Hide all")), &QAction::triggered, this, [all] { all(false); });
  connect(m_columnMenu->addAction(tr("Usual columns")), &QAction::triggered, this,
          [this, usual = headerState()] { restoreHeader(usual); });
}

void LayersPanel::addColumnAction(QMenu* menu, int column) {
  QHeaderView* header = m_table->header();
  menu->setToolTipsVisible(true);
  QAction* action = menu->addAction(m_model->headerData(column, Qt::Horizontal).toString());
  action->setToolTip(m_model->headerData(column, Qt::Horizontal, Qt::ToolTipRole).toString());
  action->setCheckable(true);
  action->setChecked(!header->isSectionHidden(column));
  action->setEnabled(column != LayerTableModel::Name);
  connect(action, &QAction::toggled, this, [this, column](bool shown) { showColumn(column, shown); });
  connect(menu, &QMenu::aboutToShow, action,
          [header, column, action] { action->setChecked(!header->isSectionHidden(column)); });
}

void LayersPanel::showColumn(int column, bool shown) {
  m_table->header()->setSectionHidden(column, !shown);
}

/// Names and shapes are known at once and set their columns; what the others will hold is known by its form. Measuring
/// every cell would take as long as drawing them: the longest text of each column is enough.
void LayersPanel::fitNames() {
  const QFontMetrics metrics(m_table->font());
  for (const auto column : {LayerTableModel::Name, LayerTableModel::Shape, LayerTableModel::Role}) {
    QString longest = m_model->headerData(column, Qt::Horizontal).toString();
    for (int row = 0; row < m_model->rowCount(); ++row) {
      const QString text = m_model->index(row, column).data().toString();
      if (text.size() > longest.size()) longest = text;
    }
    const int indent = column == LayerTableModel::Name && isGrouped() ? 2 * m_table->indentation() : 0;
    m_table->setColumnWidth(column, std::clamp(metrics.horizontalAdvance(longest) + indent + 18, 60, 340));
  }
  // What a reopened export holds is told where ranks stand, and takes more room than they do.
  int ranks = m_table->columnWidth(LayerTableModel::Rank);
  for (int row = 0; row < m_model->rowCount(); ++row) {
    const QModelIndex rank = m_model->index(row, LayerTableModel::Rank);
    if (!(rank.flags() & Qt::ItemIsEditable))
      ranks = std::max(ranks, metrics.horizontalAdvance(rank.data().toString()) + 24);
  }
  m_table->setColumnWidth(LayerTableModel::Rank, ranks);
}

/// The mark of a layer that gets larger takes room that the others need not spend.
void LayersPanel::makeRoomForMark() {
  if (m_document.totals().larger == 0) return;
  const int needed = QFontMetrics(m_table->font()).horizontalAdvance(QStringLiteral("⚠ 888.8 KiB")) + 18;
  if (m_table->columnWidth(LayerTableModel::BytesAfter) < needed)
    m_table->setColumnWidth(LayerTableModel::BytesAfter, needed);
}

QByteArray LayersPanel::headerState() const {
  return m_table->header()->saveState();
}
void LayersPanel::restoreHeader(const QByteArray& state) {
  if (state.isEmpty()) return;
  m_table->header()->restoreState(state);
  m_table->doItemsLayout(); // the header does not tell the table what it hides now
  m_frozen->place();
}

} // namespace rankscope::ui
