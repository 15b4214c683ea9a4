// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/layer_delegates.h"

#include <QApplication>
#include <QLineEdit>
#include <QLocale>
#include <QPainter>

#include "ui/document/document.h"
#include "ui/document/words.h"
#include "ui/models/layer_table_model.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {

/// The cell without its text: selection, focus, alternate colours.
void paintBackground(QPainter* painter, QStyleOptionViewItem& option) {
  option.text.clear();
  const QWidget* widget = option.widget;
  (widget ? widget->style() : QApplication::style())->drawControl(QStyle::CE_ItemViewItem, &option, painter, widget);
}

QColor textColour(const QStyleOptionViewItem& option) {
  return option.palette.color(option.state & QStyle::State_Selected ? QPalette::HighlightedText : QPalette::Text);
}

constexpr int kMargin = 6;
constexpr int kStyleMargin = 3; ///< beside a text, by itself
constexpr int kBarHeight = 3;
constexpr int kRowPadding = 8;

} // namespace

void CellDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const {
  QStyleOptionViewItem option = given;
  initStyleOption(&option, index);
  if (!option.icon.isNull()) {
    QStyledItemDelegate::paint(painter, given, index);
    return;
  }
  const QString text = option.text;
  paintBackground(painter, option);
  const QRect cell = option.rect.adjusted(kMargin, 0, -kMargin, 0);
  painter->save();
  painter->setFont(option.font);
  painter->setPen(textColour(option));
  painter->drawText(cell, static_cast<int>(QStyle::visualAlignment(option.direction, option.displayAlignment)),
                    QFontMetrics(option.font).elidedText(text, option.textElideMode, cell.width()));
  painter->restore();
}

QSize CellDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QSize size = QStyledItemDelegate::sizeHint(option, index);
  size.rwidth() += 2 * (kMargin - kStyleMargin);
  return size;
}

QSize RowDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QSize size = CellDelegate::sizeHint(option, index);
  size.setHeight(option.fontMetrics.height() + kRowPadding);
  return size;
}

RankDelegate::RankDelegate(Commit commit, QObject* parent) : QStyledItemDelegate(parent), m_commit(std::move(commit)) {}

void RankDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const {
  QStyleOptionViewItem option = given;
  initStyleOption(&option, index);
  const QString text = option.text;
  paintBackground(painter, option);
  const Theme& theme = themeFor(option.palette);
  const bool dense = !index.data(Qt::EditRole).isValid();

  painter->save();
  QRect cell = option.rect.adjusted(kMargin, 0, -kMargin, 0);
  const QRect line(cell.left(), option.rect.bottom() - kBarHeight - 1, cell.width(), kBarHeight);
  if (!dense) {
    const double share = std::clamp(index.data(LayerTableModel::ShareRole).toDouble(), 0.0, 1.0);
    const double even = std::clamp(index.data(LayerTableModel::BreakEvenRole).toDouble(), 0.0, 1.0);
    painter->fillRect(line, theme.grid);
    QRect filled = line;
    filled.setWidth(std::max(2, static_cast<int>(share * line.width())));
    painter->fillRect(filled, share >= even ? theme.of(Verdict::Critical) : theme.series[0]);
    painter->fillRect(QRect(line.left() + static_cast<int>(even * line.width()), line.top() - 1, 1, kBarHeight + 2),
                      theme.axis);
  }
  painter->setFont(option.font);
  painter->setPen(dense ? option.palette.color(QPalette::PlaceholderText) : textColour(option));
  painter->drawText(cell.adjusted(0, 0, 0, dense ? 0 : -kBarHeight + 1), Qt::AlignRight | Qt::AlignVCenter,
                    QFontMetrics(option.font).elidedText(text, Qt::ElideRight, cell.width()));
  if (index.data(LayerTableModel::PinnedRole).toBool()) {
    painter->setPen(Qt::NoPen);
    painter->setBrush(theme.cursor);
    painter->setRenderHint(QPainter::Antialiasing);
    painter->drawEllipse(QPointF(cell.left() + 3, option.rect.center().y()), 2.5, 2.5);
  }
  painter->restore();
}

QWidget* RankDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem&, const QModelIndex&) const {
  auto* editor = new QLineEdit(parent);
  editor->setFrame(false);
  editor->setAlignment(Qt::AlignRight);
  editor->setAccessibleName(tr("Rank"));
  editor->setPlaceholderText(tr("rank or d"));
  return editor;
}

void RankDelegate::setEditorData(QWidget* editor, const QModelIndex& index) const {
  const QVariant rank = index.data(Qt::EditRole);
  auto* line = static_cast<QLineEdit*>(editor);
  line->setText(rank.isValid() ? rank.toString() : words::rank(std::nullopt));
  line->selectAll();
}

void RankDelegate::setModelData(QWidget* editor, QAbstractItemModel*, const QModelIndex& index) const {
  if (const auto rank = parseRank(static_cast<QLineEdit*>(editor)->text())) m_commit(index, *rank);
}

std::optional<QVariant> parseRank(const QString& typed) {
  const QString text = typed.trimmed();
  if (!text.isEmpty() && words::rank(std::nullopt).startsWith(text, Qt::CaseInsensitive)) return QVariant();
  bool isNumber = false;
  const qlonglong rank = QLocale().toLongLong(text, &isNumber);
  if (!isNumber || rank < 1) return std::nullopt;
  return QVariant(rank);
}

void VerdictDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const {
  QStyleOptionViewItem option = given;
  initStyleOption(&option, index);
  const QVariant which = index.data(LayerTableModel::VerdictRole);
  if (!which.isValid()) {
    CellDelegate::paint(painter, given, index);
    return;
  }
  const auto verdict = static_cast<rankscope::Verdict>(which.toInt());
  const QString text = option.text;
  paintBackground(painter, option);
  painter->save();
  QFont font = option.font;
  const bool measured = index.data(LayerTableModel::StandingRole).toInt() == static_cast<int>(Standing::Measured);
  font.setBold(measured);
  painter->setFont(font);
  painter->setPen(themeFor(option.palette).of(verdict));
  QRect cell = option.rect.adjusted(kMargin, 0, -kMargin, 0);
  const int mark = option.fontMetrics.horizontalAdvance(QStringLiteral("▲ "));
  painter->drawText(QRect(cell.left(), cell.top(), mark, cell.height()), Qt::AlignLeft | Qt::AlignVCenter,
                    words::verdictMark(verdict));
  cell.setLeft(cell.left() + mark + 2);
  painter->drawText(cell, Qt::AlignLeft | Qt::AlignVCenter,
                    QFontMetrics(font).elidedText(text, Qt::ElideRight, cell.width()));
  painter->restore();
}

QSize VerdictDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QSize size = QStyledItemDelegate::sizeHint(option, index);
  QFont bold = option.font;
  bold.setBold(true);
  const QFontMetrics metrics(bold);
  size.setWidth(metrics.horizontalAdvance(QStringLiteral("▲ ") + words::verdict(Verdict::Excellent)) + 2 * kMargin + 4);
  return size;
}

void MeasuredDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
  QStyledItemDelegate::initStyleOption(option, index);
  const auto standing = static_cast<Standing>(index.data(LayerTableModel::StandingRole).toInt());
  if (!index.data(LayerTableModel::SortRole).isValid()) return;
  if (standing == Standing::Measured) option->font.setBold(true);
  if (standing == Standing::Stale) {
    option->font.setStrikeOut(true);
    const QColor grey = themeFor(option->palette).stale;
    option->palette.setColor(QPalette::Text, grey);
    option->palette.setColor(QPalette::HighlightedText, grey);
  }
}

} // namespace rankscope::ui
