// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/plan_tools.h"

#include <algorithm>

#include <QLocale>

#include "ui/document/advising.h"
#include "ui/document/document.h"
#include "ui/document/words.h"

namespace rankscope::ui {

PlanTools::PlanTools(Document& document, QObject* parent) : QObject(parent), m_document(document) {
  connect(&document, &Document::spectraEnded, this, [this] {
    if (const auto work = std::exchange(m_waiting, {})) attempt(work);
  });
  connect(&document, &Document::closed, this, [this] { m_waiting = {}; });
}

void PlanTools::attempt(const std::function<void()>& work) {
  if (!m_document.isOpen()) return;
  try {
    work();
  } catch (const Error& error) {
    emit m_document.failed(error);
  }
}

void PlanTools::whenSpectraKnown(std::function<void()> work) {
  if (!m_document.isOpen()) return;
  if (static_cast<std::size_t>(m_document.spectraKnown()) == m_document.layerCount()) {
    attempt(work);
    return;
  }
  m_waiting = std::move(work);
  emit m_document.notice(tr("This needs all spectra: it will be applied as soon as they are there."));
}

PresetOptions PlanTools::options() const {
  PresetOptions options;
  options.minDim = m_document.plan().minDim;
  options.factorDtype = m_document.plan().factorDtype;
  options.group = m_document.plan().group;
  options.method = m_document.plan().method;
  options.biasShift = m_document.plan().biasShift;
  options.refineSteps = m_document.plan().refineSteps;
  return options;
}

void PlanTools::applyPreset(Preset preset, std::optional<double> fraction, std::optional<std::int64_t> rank) {
  attempt([&] {
    PresetOptions wanted = options();
    wanted.fraction = fraction;
    wanted.rank = rank;
    std::vector<std::string> notes;
    RankPlan plan = presetPlan(preset, *m_document.checkpoint(), wanted, &notes);
    QString name = tr("%1 preset").arg(words::preset(preset));
    if (fraction)
      name = tr("%1 preset at %2 %").arg(words::preset(preset), QLocale().toString(100 * *fraction, 'g', 4));
    if (rank) name = tr("%1 preset at rank %2").arg(words::preset(preset), words::count(*rank));
    m_document.changePlan(std::move(plan), name);
    if (!notes.empty())
      emit m_document.notice(tr("%n layer(s) stay dense: factors of that rank would save nothing there.", nullptr,
                                static_cast<int>(notes.size())));
  });
}

void PlanTools::applyCosine(double cosine) {
  whenSpectraKnown([this, cosine] {
    std::vector<std::string> notes;
    RankPlan plan = planForCosine(cosine, *m_document.checkpoint(), m_document.spectra(), options(), &notes);
    m_document.changePlan(std::move(plan), tr("Cosine %1 for every layer").arg(words::cosine(cosine)));
    if (!notes.empty())
      emit m_document.notice(tr("%n layer(s) stay dense: factors that reach the cosine would save nothing there.",
                                nullptr, static_cast<int>(notes.size())));
  });
}

std::optional<BenefitLookup> PlanTools::measuredBenefits(const RankPlan& pinned) const {
  const PlanPredictor* predictor = m_advising ? m_advising->predictor() : nullptr;
  if (!predictor) return std::nullopt;
  const Checkpoint& checkpoint = *m_document.checkpoint();
  BenefitLookup benefits = rankscope::measuredBenefits(*predictor, checkpoint, options());
  for (const LayerId id : planScope(checkpoint, options()))
    if (!pinned.overrides.contains(checkpoint.layer(id).name) && !benefits(id)) return std::nullopt;
  return benefits;
}

void PlanTools::applyBudget(const Budget& budget) {
  whenSpectraKnown([this, budget] {
    RankPlan pinned = m_document.plan();
    std::erase_if(pinned.overrides,
                  [this](const auto& entry) { return !m_document.planState().pinned.contains(entry.first); });
    pinned.rules.clear();
    const Checkpoint& checkpoint = *m_document.checkpoint();
    const auto measured = measuredBenefits(pinned);
    RankPlan plan = measured ? planForBudget(budget, checkpoint, *measured, options(), pinned)
                             : planForBudget(budget, checkpoint, m_document.spectra(), options(), pinned);
    const QString name = std::holds_alternative<KeepShare>(budget)
                             ? tr("Budget of %1").arg(words::share(std::get<KeepShare>(budget).share))
                             : tr("Budget of %1").arg(words::bytes(std::get<KeepBytes>(budget).bytes));
    m_document.changePlan(std::move(plan), name);
    const auto& scope = m_document.scope();
    const auto dense =
        std::count_if(scope.begin(), scope.end(), [this](LayerId id) { return m_document.choice(id).isDense(); });
    QString notice = measured ? tr("Shared by what the advice measured each layer to cost the model.")
                              : tr("Shared by the energy that the weights keep, which does not say what the model "
                                   "loses: Advise measures that, and budgets then go by it.");
    if (dense > 0)
      notice += QLatin1Char(' ') +
                tr("%1 of %2 attention and MLP matrices stay dense: they are worth their bytes.")
                    .arg(words::count(dense), words::count(static_cast<std::int64_t>(scope.size())));
    emit m_document.notice(notice);
  });
}

void PlanTools::clear() {
  attempt([&] {
    RankPlan plan;
    plan.factorDtype = m_document.plan().factorDtype;
    plan.group = m_document.plan().group;
    m_document.changePlan(std::move(plan), tr("Everything dense"));
  });
}

void PlanTools::setFactorStorage(Storage storage, int group) {
  attempt([&] {
    PlanState next = m_document.planState();
    next.plan.factorDtype = storage;
    next.plan.group = isInteger(storage) ? group : 0;
    m_document.change(next, tr("Factors as %1").arg(words::storage(storage)));
  });
}

void PlanTools::setMinDim(std::int64_t minDim) {
  attempt([&] {
    PlanState next = m_document.planState();
    next.plan.minDim = minDim;
    m_document.change(next, tr("Smallest side %1").arg(words::count(minDim)));
  });
}

void PlanTools::setRules(const std::vector<Rule>& rules, const QString& name) {
  attempt([&] {
    for (const Rule& rule : rules) Matcher{rule}; // a bad pattern is refused before anything changes
    PlanState next = m_document.planState();
    next.plan.rules = rules;
    m_document.change(next, name);
  });
}

void PlanTools::reach(double value, bool energy) {
  attempt([&] {
    std::vector<std::pair<LayerId, std::optional<std::int64_t>>> ranks;
    for (const LayerId id : m_document.selection()) {
      const auto spectrum = m_document.spectrum(id);
      if (spectrum) ranks.emplace_back(id, energy ? spectrum->rankForEnergy(value) : spectrum->rankForCosine(value));
    }
    if (ranks.empty()) return;
    const QString name = energy ? tr("Energy %1 for %n layer(s)", nullptr, static_cast<int>(ranks.size()))
                                : tr("Cosine %1 for %n layer(s)", nullptr, static_cast<int>(ranks.size()));
    m_document.setRanks(ranks, name.arg(words::cosine(value)));
  });
}

void PlanTools::reachCosine(double cosine) {
  reach(cosine, false);
}
void PlanTools::reachEnergy(double energy) {
  reach(energy, true);
}

void PlanTools::copyRank(bool sameRole, bool sameBlock) {
  attempt([&] {
    const auto current = m_document.current();
    if (!current) return;
    const LayerInfo& model = m_document.layer(*current);
    std::vector<LayerId> layers;
    for (const LayerId id : sameRole || sameBlock ? m_document.allLayers() : m_document.selection()) {
      const LayerInfo& layer = m_document.layer(id);
      if (sameRole && layer.role != model.role) continue;
      if (sameBlock && layer.block != model.block) continue;
      if ((sameRole || sameBlock) && m_document.isPinned(id)) continue;
      layers.push_back(id);
    }
    m_document.setRank(layers, m_document.rank(*current));
  });
}

} // namespace rankscope::ui
