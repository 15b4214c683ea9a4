// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/layer_table_model.h"

#include <algorithm>
#include <cmath>

#include <QLocale>

#include "ui/document/plan_quality.h"
#include "ui/document/words.h"

namespace rankscope::ui {

namespace {

const QString kUnknown = QStringLiteral("…");
const QString kNothing = QStringLiteral("–");

/// Name, shape and the like never do: views that sort by them need not look again.
constexpr int kFirstThatChanges = LayerTableModel::Rank;

Diagnostic diagnosticOf(int column) {
  return static_cast<Diagnostic>(column - LayerTableModel::FirstDiagnostic);
}

QString wholeName(const LayerInfo& layer) {
  return QString::fromStdString(layer.name);
}

} // namespace

LayerTableModel::LayerTableModel(Document& document, QObject* parent)
    : QAbstractTableModel(parent), m_document(document) {
  connect(&document, &Document::aboutToChange, this, [this] { beginResetModel(); });
  connect(&document, &Document::opened, this, [this] { endResetModel(); });
  connect(&document, &Document::closed, this, [this] { endResetModel(); });
  connect(&document, &Document::layersChanged, this, [this](const std::vector<LayerId>& layers) {
    if (layers.empty()) return;
    constexpr std::size_t kWhole = 64;
    if (layers.size() > kWhole) {
      emit dataChanged(index(static_cast<int>(layers.front().value), kFirstThatChanges),
                       index(static_cast<int>(layers.back().value), ColumnCount - 1));
      return;
    }
    for (const LayerId id : layers) {
      const int row = static_cast<int>(id.value);
      emit dataChanged(index(row, kFirstThatChanges), index(row, ColumnCount - 1));
    }
  });
}

int LayerTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_document.layerCount());
}

int LayerTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

QString LayerTableModel::text(LayerId id, Column column) const {
  const LayerInfo& layer = m_document.layer(id);
  const auto spectrum = m_document.spectrum(id);
  const bool failed = !m_document.spectrumError(id).isEmpty();
  const auto whenKnown = [&](auto&& say) { return spectrum ? say() : failed ? tr("error") : kUnknown; };
  const LayerResult* result = m_document.result(id);
  if (isDiagnostic(column)) {
    return whenKnown([&] {
      const auto value = m_document.diagnostic(id, diagnosticOf(column));
      return value ? ui::text(diagnosticOf(column), *value) : kNothing;
    });
  }
  switch (column) {
  case Name:
    return words::shortName(layer);
  case Role:
    return layer.roleGuessed ? tr("%1 ?").arg(words::role(layer.role)) : words::role(layer.role);
  case Block:
    return layer.block ? QString::number(*layer.block) : kNothing;
  case Shape:
    return words::shape(layer.rows, layer.cols);
  case DType:
    return words::dtype(layer.dtype);
  case Size:
    return words::bytes(layer.bytes);
  case Rank:
    if (layer.base) return tr("%1 (stored)").arg(words::stored(layer));
    if (layer.factoredRank) return tr("%1 (factored)").arg(words::count(*layer.factoredRank));
    return words::choice(m_document.choice(id));
  case PredictedCosine:
  case PredictedError: {
    if (!isPredictable(m_document.choice(id))) return kNothing;
    return whenKnown([&] {
      const double cosine = *m_document.predictedCosine(id);
      return column == PredictedCosine ? words::cosine(cosine)
                                       : words::relativeError(spectrum->relativeErrorAt(*m_document.rank(id)));
    });
  }
  case MeasuredCosine:
  case MeasuredError:
    if (!result || result->choice.isDense()) return kNothing;
    if (!result->error.isEmpty()) return tr("error");
    return column == MeasuredCosine ? words::cosine(result->quality.cosine)
                                    : words::relativeError(result->quality.relativeError);
  case Verdict: {
    if (m_document.choice(id).isDense()) return kNothing;
    const auto verdict = m_document.verdict(id);
    return verdict                                ? words::verdict(*verdict)
           : failed                               ? tr("error")
           : isPredictable(m_document.choice(id)) ? kUnknown
                                                  : kNothing;
  }
  case OutputCosine:
    return result && result->outputs ? words::cosine(result->outputs->cosine) : kNothing;
  case BytesAfter:
    return (m_document.isLarger(id) ? QStringLiteral("⚠ ") : QString()) + words::bytes(m_document.bytesAfter(id));
  default:
    break;
  }
  return {};
}

QVariant LayerTableModel::raw(LayerId id, Column column) const {
  if (column == Name) return static_cast<qulonglong>(id.value); // model order; sorting asks a great many times
  const LayerInfo& layer = m_document.layer(id);
  const auto spectrum = m_document.spectrum(id);
  const LayerResult* result = m_document.result(id);
  const bool measured = result && !result->choice.isDense() && result->error.isEmpty();
  const LayerChoice& choice = m_document.choice(id);
  const auto chosen = isPredictable(choice) ? choice.rank : std::nullopt; // what the spectrum predicts of
  if (isDiagnostic(column)) {
    const auto value = m_document.diagnostic(id, diagnosticOf(column));
    return value ? QVariant(*value) : QVariant();
  }
  switch (column) {
  case Role:
    return static_cast<int>(layer.role);
  case Block:
    return layer.block ? QVariant(*layer.block) : QVariant();
  case Shape:
    return static_cast<qulonglong>(layer.parameters());
  case DType:
    return static_cast<int>(layer.dtype);
  case Size:
    return static_cast<qulonglong>(layer.bytes);
  case Rank:
    return static_cast<qlonglong>(choice.isDense() ? layer.smallSide() + 1 // dense is more than any rank
                                                   : choice.rank.value_or(0));
  case PredictedCosine: {
    const auto cosine = m_document.predictedCosine(id);
    return chosen && cosine ? QVariant(*cosine) : QVariant();
  }
  case PredictedError:
    return chosen && spectrum ? QVariant(spectrum->relativeErrorAt(*chosen)) : QVariant();
  case MeasuredCosine:
    return measured ? QVariant(result->quality.cosine) : QVariant();
  case MeasuredError:
    return measured ? QVariant(result->quality.relativeError) : QVariant();
  case Verdict: {
    const auto cosine = m_document.bestCosine(id);
    return !choice.isDense() && cosine ? QVariant(*cosine) : QVariant();
  }
  case BytesAfter:
    return static_cast<qulonglong>(m_document.bytesAfter(id));
  case OutputCosine:
    return result && result->outputs ? QVariant(result->outputs->cosine) : QVariant();
  default:
    break;
  }
  return {};
}

QString LayerTableModel::toolTip(LayerId id, Column column) const {
  const LayerInfo& layer = m_document.layer(id);
  const QString error = m_document.spectrumError(id);
  const LayerResult* result = m_document.result(id);
  switch (column) {
  case Name: {
    QString tip = wholeName(layer);
    if (!layer.tiedWith.empty())
      tip += QLatin1Char('\n') + tr("Also used as %1 (tied)").arg(QString::fromStdString(layer.tiedWith));
    if (!error.isEmpty()) tip += QLatin1Char('\n') + error;
    return tip;
  }
  case Role:
    return layer.roleGuessed ? tr("Guessed from the name: the model's family is not known") : QString();
  case Rank:
    return tr("Break-even at rank %1: from there on two factors are larger than the matrix")
        .arg(words::real(breakEvenRank(layer.rows, layer.cols), 0));
  case MeasuredCosine:
  case MeasuredError:
  case OutputCosine:
  case Verdict:
    if (result && !result->error.isEmpty()) return result->error;
    if (m_document.standing(id) == Standing::Stale) {
      return tr("Measured for %1, before the plan changed. Compress again to measure the plan as it is now.")
          .arg(words::choice(result->choice));
    }
    if (column == Verdict && !m_document.choice(id).isDense() && !isPredictable(m_document.choice(id)) &&
        !m_document.verdict(id))
      return tr("What %1 keeps of the weights cannot be predicted from the spectrum: Compress measures it")
          .arg(words::choice(m_document.choice(id)));
    if (column == Verdict && !m_document.choice(id).isDense()) {
      return m_document.standing(id) == Standing::Measured ? tr("From the measured cosine")
                                                           : tr("From the predicted cosine");
    }
    if (column == OutputCosine && !(result && result->outputs))
      return tr("Compress measures it where the layer's method is fitted to a text");
    return column == MeasuredCosine ? tr("Between the matrix and its factors as stored, rounding included") : QString();
  case BytesAfter:
    if (m_document.isLarger(id))
      return tr("Larger than the matrix as it is (%1): a smaller rank, or dense, would save")
                 .arg(words::bytes(layer.bytes)) +
             QLatin1Char('\n') + formula(id, column);
    return formula(id, column);
  default:
    return error.isEmpty() ? formula(id, column) : error;
  }
}

/// How a number of the table comes about, with the layer's own numbers put in.
QString LayerTableModel::formula(LayerId id, Column column) const {
  const LayerInfo& layer = m_document.layer(id);
  const auto spectrum = m_document.spectrum(id);
  const auto rank = m_document.rank(id);
  if (isDiagnostic(column)) {
    const Diagnostic which = diagnosticOf(column);
    const QString own = spectrum ? ui::formula(which, *spectrum, m_document.diagnostics(id)) : QString();
    return own.isEmpty() ? meaning(which) : own + QLatin1Char('\n') + meaning(which);
  }
  switch (column) {
  case PredictedCosine:
  case PredictedError: {
    if (!rank || !spectrum || !isPredictable(m_document.choice(id))) return {};
    const QString cosine =
        tr("√(Σσ² of the first %1 / Σσ² of all %2) = %3")
            .arg(words::count(*rank), words::count(layer.smallSide()), words::cosine(spectrum->cosineAt(*rank)));
    if (column == PredictedCosine) return cosine + QLatin1Char('\n') + tr("Predicted, for exact truncation");
    return tr("√(1 − cosine²), with the cosine %1").arg(cosine);
  }
  case BytesAfter:
    if (m_document.choice(id).base) return {};
    if (!rank) return tr("Dense: %1 × %2 numbers as they are in the checkpoint").arg(layer.rows).arg(layer.cols);
    return tr("Rank %1 × (%2 + %3) numbers as %4, scales included; dense it has %5")
        .arg(words::count(*rank))
        .arg(layer.rows)
        .arg(layer.cols)
        .arg(words::storage(m_document.resolved().layers[id.value].formatA.storage), words::bytes(layer.bytes));
  case Shape:
    return tr("%1 numbers").arg(words::count(static_cast<std::int64_t>(layer.parameters())));
  default:
    return {};
  }
}

QVariant LayerTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || !m_document.isOpen()) return {};
  const LayerId id{static_cast<std::size_t>(index.row())};
  const auto column = static_cast<Column>(index.column());
  switch (role) {
  case Qt::DisplayRole:
    return text(id, column);
  case Qt::EditRole: {
    if (column != Rank) return text(id, column);
    const auto rank = m_document.rank(id);
    return rank ? QVariant(static_cast<qlonglong>(*rank)) : QVariant();
  }
  case Qt::ToolTipRole:
    return toolTip(id, column);
  case Qt::TextAlignmentRole: {
    const bool words = column == Name || column == Role || column == DType || column == Verdict;
    return QVariant::fromValue((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  }
  case Qt::AccessibleTextRole:
    return tr("%1: %2").arg(headerData(column, Qt::Horizontal).toString(), text(id, column));
  case SortRole:
    return raw(id, column);
  case LayerRole:
    return index.row();
  case StandingRole:
    return static_cast<int>(m_document.standing(id));
  case VerdictRole: {
    const auto verdict = m_document.verdict(id);
    return verdict ? QVariant(static_cast<int>(*verdict)) : QVariant();
  }
  case ShareRole: {
    const auto rank = m_document.rank(id);
    return rank ? static_cast<double>(*rank) / static_cast<double>(m_document.layer(id).smallSide()) : 1.0;
  }
  case BreakEvenRole: {
    const LayerInfo& layer = m_document.layer(id);
    return breakEvenRank(layer.rows, layer.cols) / static_cast<double>(layer.smallSide());
  }
  case PinnedRole:
    return m_document.isPinned(id);
  default:
    return {};
  }
}

QVariant LayerTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  struct Heading {
    QString name;
    QString meaning;
  };
  const auto headingOf = [&]() -> Heading {
    if (isDiagnostic(section)) return {heading(diagnosticOf(section)), meaning(diagnosticOf(section))};
    switch (static_cast<Column>(section)) {
    case Name:
      return {tr("Layer"),
              tr("The tensor's name, without what all names share. Sorting by it gives the model's order.")};
    case Role:
      return {tr("Role"), tr("What the matrix does in the transformer")};
    case Block:
      return {tr("Block"), tr("Number of the transformer block")};
    case Shape:
      return {tr("Shape"), tr("Rows × columns as stored; sorts by the number of parameters")};
    case DType:
      return {tr("Type"), tr("Number format in the checkpoint")};
    case Size:
      return {tr("Size"), tr("Bytes in the checkpoint")};
    case Rank:
      return {tr("Rank"), tr("Rank of the two factors, or dense. Type a number, or d for dense; ← and → step.")};
    case PredictedCosine:
      return {tr("≈ Cosine"), tr("Predicted for exact truncation: √(Σ of the kept σ² / Σ of all σ²). "
                                 "Rounding of the factors comes on top: see the measured cosine.")};
    case PredictedError:
      return {tr("≈ Error"), tr("Predicted relative error ‖W − W_r‖ / ‖W‖ = √(1 − cosine²)")};
    case MeasuredCosine:
      return {tr("Cosine"), tr("Measured between the matrix and its factors as stored; "
                               "struck out where the plan has changed since")};
    case MeasuredError:
      return {tr("Error"), tr("Measured relative error ‖W − A·B‖ / ‖W‖ of the factors as stored")};
    case Verdict:
      return {tr("Verdict"), tr("By the measured cosine where there is one, else by the predicted")};
    case OutputCosine:
      return {tr("Output cosine"), tr("Measured between what the matrix and what its compressed form put out on the "
                                      "calibration text; struck out where the plan has changed since")};
    case BytesAfter:
      return {tr("After"), tr("Bytes of the factors as written, scales included, or of the dense matrix")};
    default:
      break;
    }
    return {};
  };
  if (role == Qt::DisplayRole) return headingOf().name;
  if (role == Qt::ToolTipRole) return headingOf().meaning;
  if (role == Qt::TextAlignmentRole) {
    const bool words = section == Name || section == Role || section == DType || section == Verdict;
    return QVariant::fromValue((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  }
  return {};
}

Qt::ItemFlags LayerTableModel::flags(const QModelIndex& index) const {
  Qt::ItemFlags flags = QAbstractTableModel::flags(index);
  if (!index.isValid() || !m_document.isOpen()) return flags;
  flags |= Qt::ItemNeverHasChildren;
  const LayerId id{static_cast<std::size_t>(index.row())};
  if (index.column() == Rank && !m_document.layer(id).isCompressed()) flags |= Qt::ItemIsEditable;
  return flags;
}

bool LayerTableModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  if (!index.isValid() || role != Qt::EditRole || index.column() != Rank) return false;
  const LayerId id{static_cast<std::size_t>(index.row())};
  if (!value.isValid()) {
    m_document.setRank({id}, std::nullopt);
    return true;
  }
  bool isNumber = false;
  const qlonglong rank = value.toLongLong(&isNumber);
  if (!isNumber || rank < 1) return false;
  m_document.setRank({id}, rank);
  return true;
}

} // namespace rankscope::ui
