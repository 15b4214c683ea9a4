// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QWidget>

#include "core/checkpoint/layer.h"
#include "core/plan/presets.h"

class QComboBox;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QTimer;
class QToolButton;
class QTreeView;

namespace rankscope::ui {

class Document;
class PlanTools;
class RuleListModel;

/// The ordered rules of the plan and, below them, one being written, with what it would change said before it is
/// applied. Every change is an undo step.
class RulesPanel final : public QWidget {
  Q_OBJECT

 public:
  RulesPanel(Document& document, PlanTools& tools, QWidget* parent = nullptr);

  QTreeView* list() const { return m_list; }
  QLineEdit* patternEdit() const { return m_pattern; }
  QLineEdit* actionEdit() const { return m_action; }
  QLabel* previewLabel() const { return m_preview; }

 signals:
  void loadWanted();
  void saveWanted();

 protected:
  bool eventFilter(QObject* object, QEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  QWidget* buttons();
  QWidget* editor();
  QToolButton* button(QHBoxLayout& row, const char* picture, const QString& tip);
  int currentRow() const;
  std::optional<Rule> written() const;
  void suggest();
  void takeUp(int row);
  void preview();
  void put(bool replace);
  void remove();
  void move(int from, int to);
  void startFrom(Preset preset);

  Document& m_document;
  PlanTools& m_tools;
  RuleListModel* m_model;
  QTreeView* m_list;
  QLineEdit* m_pattern;
  QComboBox* m_kind;
  QLineEdit* m_action;
  QLabel* m_preview;
  QPushButton* m_add;
  QPushButton* m_replace;
  QPushButton* m_select;
  QTimer* m_later;
  std::vector<LayerId> m_matched; ///< by the rule as it is written
};

} // namespace rankscope::ui
