// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QSpinBox;
class QTabWidget;

namespace rankscope::ui {

class Document;
class PlanTools;
class RulesPanel;

/// Presets, targets, budgets, number format and method; on a second page the rules.
class PlanPanel final : public QWidget {
  Q_OBJECT

 public:
  PlanPanel(Document& document, PlanTools& tools, QWidget* parent = nullptr);
  RulesPanel& rules() { return *m_rules; }
  void showRules(); ///< brings them to the front of the panel

 private:
  QWidget* choices();
  void showPlan();

  Document& m_document;
  PlanTools& m_tools;
  QTabWidget* m_tabs;
  QComboBox* m_preset;
  QDoubleSpinBox* m_fraction;
  QDoubleSpinBox* m_cosine;
  QDoubleSpinBox* m_keep;
  QDoubleSpinBox* m_size;
  QComboBox* m_storage;
  QComboBox* m_group;
  QSpinBox* m_minDim;
  QLabel* m_summary;
  RulesPanel* m_rules;
  bool m_showing = false;
};

} // namespace rankscope::ui
