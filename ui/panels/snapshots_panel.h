// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "core/plan/rank_plan.h"

class QPushButton;
class QTreeWidget;

namespace rankscope::ui {

class Document;

/// Named plans: keep the one there is, compare one with it, return to one. They live in the run file.
class SnapshotsPanel final : public QWidget {
  Q_OBJECT

 public:
  explicit SnapshotsPanel(Document& document, QWidget* parent = nullptr);

  void keep(const QString& name);

 private:
  void showSnapshots();
  void showDifferences();
  void askKeep();
  void returnToSelected();
  void removeSelected();
  QString selected() const;

  Document& m_document;
  QTreeWidget* m_list;
  QTreeWidget* m_differences;
  QPushButton* m_keep;
  QPushButton* m_return;
  QPushButton* m_remove;
};

} // namespace rankscope::ui
