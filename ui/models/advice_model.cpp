// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/advice_model.h"

#include <array>
#include <cmath>

#include <QFont>

#include "ui/document/advice_words.h"
#include "ui/document/words.h"

namespace rankscope::ui {

namespace {

QString known(double value, QString (*say)(double)) {
  return std::isfinite(value) ? say(value) : QStringLiteral("–");
}
QString two(double value) {
  return words::real(value, value >= 1000 ? 0 : 2);
}

} // namespace

void AdviceModel::show(const AdviceView& view) {
  beginResetModel();
  m_view = view;
  endResetModel();
}

int AdviceModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_view.rows.size());
}

int AdviceModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

QString AdviceModel::textOf(const AdviceRow& row, Column column) const {
  switch (column) {
  case Name:
    return row.withinBudget ? optionName(row.name) : tr("%1 (over budget)").arg(optionName(row.name));
  case Bytes:
    return words::bytes(row.bytes);
  case Kept:
    return words::share(row.scopeKept);
  case WeightCosine:
    return known(row.meanCosine, words::cosine);
  case OutputCosine:
    return known(row.outputCosine, words::cosine);
  case PredictedKl:
    return known(row.predictedKl, words::nats);
  case Kl:
    return known(row.kl, words::nats);
  case Perplexity:
    return known(row.perplexity, two);
  case Repeated:
    return known(row.repeated, words::share);
  case Prefill:
    return words::times(row.prefill);
  case Decode:
    return words::times(row.decode);
  case ColumnCount:
    break;
  }
  return {};
}

QVariant AdviceModel::numberOf(const AdviceRow& row, Column column) const {
  switch (column) {
  case Name:
    return row.name;
  case Bytes:
    return static_cast<qulonglong>(row.bytes);
  case Kept:
    return row.scopeKept;
  case WeightCosine:
    return row.meanCosine;
  case OutputCosine:
    return row.outputCosine;
  case PredictedKl:
    return row.predictedKl;
  case Kl:
    return row.kl;
  case Perplexity:
    return row.perplexity;
  case Repeated:
    return row.repeated;
  case Prefill:
    return row.prefill.value;
  case Decode:
    return row.decode.value;
  case ColumnCount:
    break;
  }
  return {};
}

QVariant AdviceModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const auto at = static_cast<std::size_t>(index.row());
  const AdviceRow& row = m_view.rows[at];
  const auto column = static_cast<Column>(index.column());
  switch (role) {
  case Qt::DisplayRole:
    return column == Name && m_view.recommended == at ? QStringLiteral("★ ") + textOf(row, column)
                                                      : textOf(row, column);
  case SortRole:
    return numberOf(row, column);
  case Qt::ToolTipRole:
    return row.sample.isEmpty() ? optionWords(row)
                                : tr("%1\nIt writes: %2").arg(optionWords(row), row.sample.left(300));
  case Qt::TextAlignmentRole:
    return static_cast<int>((column == Name ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  case Qt::FontRole:
    if (m_view.recommended == at) {
      QFont bold;
      bold.setBold(true);
      return bold;
    }
    return {};
  default:
    return {};
  }
}

QVariant AdviceModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  static const std::array<const char*, ColumnCount> titles{
      QT_TR_NOOP("Option"),        QT_TR_NOOP("Size"),          QT_TR_NOOP("Linears kept"), QT_TR_NOOP("Weight cosine"),
      QT_TR_NOOP("Output cosine"), QT_TR_NOOP("KL, predicted"), QT_TR_NOOP("KL"),           QT_TR_NOOP("Perplexity"),
      QT_TR_NOOP("Repeated"),      QT_TR_NOOP("Reads"),         QT_TR_NOOP("Writes")};
  static const std::array<const char*, ColumnCount> explanations{
      QT_TR_NOOP("A way to compress the model; a star marks the recommended one"),
      QT_TR_NOOP("Bytes of the whole exported model"),
      QT_TR_NOOP("Share of the bytes of attention and MLP"),
      QT_TR_NOOP("Mean cosine of the weights that changed"),
      QT_TR_NOOP("Mean cosine of the model's logits, raw"),
      QT_TR_NOOP("KL that was predicted before the plan was run"),
      QT_TR_NOOP("KL in nats a token against the original, on text that took no part in calibration"),
      QT_TR_NOOP("On the same text"),
      QT_TR_NOOP("Share of repeated 4-grams in a greedy sample: how much the model repeats itself"),
      QT_TR_NOOP("Speed of reading a text, relative to the original"),
      QT_TR_NOOP("Speed of writing a text, relative to the original")};
  const auto at = static_cast<std::size_t>(section);
  if (role == Qt::DisplayRole) return tr(titles[at]);
  if (role == Qt::ToolTipRole) return tr(explanations[at]);
  return {};
}

} // namespace rankscope::ui
