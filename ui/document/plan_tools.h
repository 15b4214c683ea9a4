// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <QObject>

#include "core/plan/budget.h"
#include "core/plan/presets.h"

namespace rankscope::ui {

class Advising;
class Document;

/// Presets, targets, budgets and bulk edits on the open document, each one undo step. What needs spectra that are still
/// being computed waits for them. Failures and remarks go through the document's signals.
class PlanTools final : public QObject {
  Q_OBJECT

 public:
  explicit PlanTools(Document& document, QObject* parent = nullptr);
  /// Whose measurements share a budget, where it has them for all layers; else the energy that the weights keep does.
  void weighWith(const Advising& advising) { m_advising = &advising; }

  void applyPreset(Preset preset, std::optional<double> fraction = {}, std::optional<std::int64_t> rank = {});
  void applyCosine(double cosine);
  void applyBudget(const Budget& budget);
  void clear(); ///< everything dense, no rules

  void setFactorStorage(Storage storage, int group);
  void setMinDim(std::int64_t minDim);
  void setRules(const std::vector<Rule>& rules, const QString& name);

  /// On the selected layers.
  void reachCosine(double cosine);
  void reachEnergy(double energy);
  void copyRank(bool sameRole, bool sameBlock); ///< of the current layer to layers like it; to the selection if neither

 private:
  void attempt(const std::function<void()>& work);
  void whenSpectraKnown(std::function<void()> work);
  PresetOptions options() const;
  std::optional<BenefitLookup> measuredBenefits(const RankPlan& pinned) const;
  void reach(double value, bool energy);

  Document& m_document;
  const Advising* m_advising = nullptr;
  std::function<void()> m_waiting;
};

} // namespace rankscope::ui
