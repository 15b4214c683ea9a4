// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/trade_off.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include <QCoreApplication>

#include "ui/document/advice_words.h"
#include "ui/document/advising.h"
#include "ui/document/document.h"
#include "ui/document/evaluations.h"

namespace rankscope::ui {

namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("rankscope::ui", text);
}

using Mark = TradeOffMark;

bool isQuantised(const QString& option) {
  return option == QLatin1String("int8") || option == QLatin1String("int4") || option == QLatin1String("int3");
}

/// The quality of one evaluation; NaN where it says nothing of it.
double valueOf(const EvaluationEntry& entry, ModelQuality quality) {
  if (!entry.evaluation || entry.evaluation->comparison.positions == 0) return std::nan("");
  const Comparison& measured = entry.evaluation->comparison;
  return quality == ModelQuality::Kl ? measured.kl.mean : measured.logits.cosine;
}

double valueOf(const AdviceRow& row, ModelQuality quality) {
  return quality == ModelQuality::Kl ? row.kl : row.outputCosine;
}

/// A plan as its energy, where spectra tell it.
std::optional<Mark> energyMark(const Document& document, const ResolvedPlan& plan, Mark::Kind kind,
                               const QString& name) {
  const auto kept = meanKeptEnergy(plan, document.spectra(), document.scope());
  if (!kept) return std::nullopt;
  return Mark{kind, name, modelTotals(*document.checkpoint(), plan).after, *kept};
}

/// A plan as its KL, where an advice lets it be predicted.
std::optional<Mark> predictedMark(const Document& document, const Advising& advising, const ResolvedPlan& plan,
                                  Mark::Kind kind, const QString& name) {
  const auto predicted = advising.predictor() ? advising.predictor()->predict(plan) : std::nullopt;
  if (!predicted || !predicted->covered) return std::nullopt;
  return Mark{kind,
              name,
              modelTotals(*document.checkpoint(), plan).after,
              predicted->kl,
              false,
              predicted->klLow,
              predicted->klHigh};
}

/// Every layer in scope in plain integers.
ResolvedPlan quantisedPlan(const Document& document, Storage storage) {
  RankPlan plan;
  for (const LayerId id : document.scope())
    plan.overrides[document.layer(id).name] = Override(KeepDense{}, LayerSettings{.base = storage});
  return document.resolvedAs(plan);
}

void addEnergy(TradeOff& result, std::span<const TradeOffPoint> uniform, std::span<const PlainQuantisation> quantised) {
  TradeOffLine line{TradeOffLine::Kind::Uniform, {}, {}};
  for (const TradeOffPoint& point : uniform) {
    line.bytes.push_back(static_cast<double>(point.bytes));
    line.values.push_back(point.keptEnergy);
  }
  result.lines.push_back(std::move(line));
  for (const PlainQuantisation& one : quantised)
    result.marks.push_back(
        {Mark::Kind::Quantised, QString::fromUtf8(rankscope::name(one.storage)), one.bytes, one.keptEnergy, true});
}

void addUniform(TradeOff& result, std::span<const TradeOffPoint> uniform) {
  TradeOffLine line{TradeOffLine::Kind::Uniform, {}, {}};
  for (const TradeOffPoint& point : uniform) {
    if (point.kl.value_or(0) <= 0) continue;
    line.bytes.push_back(static_cast<double>(point.bytes));
    line.values.push_back(*point.kl);
  }
  if (!line.bytes.empty()) result.lines.push_back(std::move(line));
}

void addFrontier(TradeOff& result, const Document& document, const AdviceView& view) {
  std::map<QString, TradeOffLine> lines;
  const auto whole = static_cast<double>(document.totals().model.before);
  for (const AdvicePoint& point : view.frontier) {
    if (point.kl <= 0 || point.scopeBytes == 0) continue;
    const auto kind =
        point.kind == QLatin1String("low rank") ? TradeOffLine::Kind::LowRank : TradeOffLine::Kind::Quantised;
    TradeOffLine& line = lines.try_emplace(point.kind, TradeOffLine{kind, {}, {}}).first->second;
    line.bytes.push_back(whole - static_cast<double>(view.scopeBytesBefore) + static_cast<double>(point.scopeBytes));
    line.values.push_back(point.kl);
  }
  for (auto& [kind, line] : lines) result.lines.push_back(std::move(line));
}

/// What an advice measured. Its bytes count the export's other files; here only tensors count.
void addOptions(TradeOff& result, const Document& document, const AdviceView& view, ModelQuality quality) {
  const std::uint64_t whole = document.totals().model.before;
  const std::uint64_t others = view.bytesBefore > whole ? view.bytesBefore - whole : 0;
  for (std::size_t i = 0; i < view.rows.size(); ++i) {
    const AdviceRow& row = view.rows[i];
    const double value = valueOf(row, quality);
    if (!std::isfinite(value) || row.bytes <= others) continue;
    const Mark::Kind kind = view.recommended == i                 ? Mark::Kind::Recommended
                            : isQuantised(row.name)               ? Mark::Kind::Quantised
                            : row.group == QLatin1String("study") ? Mark::Kind::Study
                                                                  : Mark::Kind::Advised;
    result.marks.push_back({kind, optionName(row.name), row.bytes - others, value, true});
  }
}

} // namespace

const TradeOffMark* TradeOff::plan() const {
  const auto found = std::find_if(marks.begin(), marks.end(), [](const Mark& m) { return m.kind == Mark::Kind::Plan; });
  return found == marks.end() ? nullptr : &*found;
}

bool isKnown(ModelQuality quality, const Advising& advising, const Evaluations& evaluations) {
  if (quality == ModelQuality::KeptEnergy) return true;
  if (quality == ModelQuality::Kl && advising.predictor()) return true;
  const auto& entries = evaluations.entries();
  if (std::any_of(entries.begin(), entries.end(),
                  [&](const EvaluationEntry& entry) { return std::isfinite(valueOf(entry, quality)); }))
    return true;
  const auto& view = advising.view();
  return view && std::any_of(view->rows.begin(), view->rows.end(),
                             [&](const AdviceRow& row) { return std::isfinite(valueOf(row, quality)); });
}

TradeOff tradeOff(ModelQuality quality, const Document& document, const Advising& advising,
                  const Evaluations& evaluations, std::span<const TradeOffPoint> uniform,
                  std::span<const PlainQuantisation> quantised) {
  TradeOff result;
  result.original = document.totals().model.before;
  const auto mark = [&](const ResolvedPlan& plan, Mark::Kind kind, const QString& name) -> std::optional<Mark> {
    if (quality == ModelQuality::KeptEnergy) return energyMark(document, plan, kind, name);
    if (quality == ModelQuality::Kl) return predictedMark(document, advising, plan, kind, name);
    return std::nullopt;
  };
  if (quality == ModelQuality::KeptEnergy) {
    addEnergy(result, uniform, quantised);
  } else {
    if (quality == ModelQuality::Kl) addUniform(result, uniform);
    if (advising.view()) {
      if (quality == ModelQuality::Kl) addFrontier(result, document, *advising.view());
      addOptions(result, document, *advising.view(), quality);
    }
    const auto has = [&](const QString& name) {
      return std::any_of(result.marks.begin(), result.marks.end(), [&](const Mark& m) { return m.name == name; });
    };
    for (const Storage storage : {Storage::Int8, Storage::Int4}) {
      const QString name = QString::fromUtf8(rankscope::name(storage));
      if (has(name)) continue; // the advice has run it
      if (const auto found = mark(quantisedPlan(document, storage), Mark::Kind::Quantised, name))
        result.marks.push_back(*found);
    }
  }
  // KL 0 has no place on a logarithmic axis.
  if (quality != ModelQuality::Kl)
    result.marks.push_back({Mark::Kind::Original, tr("original"), document.totals().model.before, 1, true});
  for (const auto& [name, json] : document.snapshots()) {
    try {
      const ResolvedPlan snapshot = resolve(parsePlan(json, "snapshot"), *document.checkpoint(), document.spectra());
      if (const auto found = mark(snapshot, Mark::Kind::Snapshot, QString::fromStdString(name)))
        result.marks.push_back(*found);
    } catch (const Error&) {
      // A snapshot that does not fit this model has no place here; its own panel says so.
    }
  }
  std::optional<Mark> plan = mark(document.resolved(), Mark::Kind::Plan, tr("this plan"));
  if (quality != ModelQuality::KeptEnergy) {
    for (const EvaluationEntry& entry : evaluations.entries()) {
      const double value = valueOf(entry, quality);
      if (!std::isfinite(value) || entry.bytes.after == 0) continue;
      if (evaluations.isStale(entry))
        result.marks.push_back({Mark::Kind::Evaluated, title(entry), entry.bytes.after, value, true});
      else
        plan = Mark{Mark::Kind::Plan, tr("this plan"), document.totals().model.after, value, true};
    }
  }
  if (plan) result.marks.push_back(*plan);
  if (quality == ModelQuality::Kl) std::erase_if(result.marks, [](const Mark& m) { return m.value <= 0; });
  return result;
}

} // namespace rankscope::ui
