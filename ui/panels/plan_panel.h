// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "core/plan/rank_plan.h"

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QSpinBox;
class QTableWidget;

namespace rankscope::ui {

class Document;
class PlanTools;

/// Presets, targets, budgets, number format and the ordered list of rules.
class PlanPanel final : public QWidget {
  Q_OBJECT

 public:
  PlanPanel(Document& document, PlanTools& tools, QWidget* parent = nullptr);

 private:
  QWidget* choices();
  QWidget* rules();
  void showPlan();
  void showRules();
  void takeRules(const QString& name);
  void addRule();
  void moveRule(int by);

  Document& m_document;
  PlanTools& m_tools;
  QComboBox* m_preset;
  QDoubleSpinBox* m_fraction;
  QDoubleSpinBox* m_cosine;
  QDoubleSpinBox* m_keep;
  QDoubleSpinBox* m_size;
  QComboBox* m_storage;
  QComboBox* m_group;
  QSpinBox* m_minDim;
  QTableWidget* m_rules;
  QLabel* m_summary;
  std::vector<Rule> m_shownRules;
  const void* m_shownModel = nullptr; ///< for which the matches were counted
  bool m_showing = false;
};

/// A rule's action as typed ("128", "12.5 %", "cosine 0.95", "energy 0.9", "dense"); nullopt when it is none of these.
std::optional<Action> parseAction(const QString& typed);

} // namespace rankscope::ui
