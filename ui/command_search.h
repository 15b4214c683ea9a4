// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

class QAction;
class QLineEdit;
class QListWidget;
class QMenuBar;

namespace rankscope::ui {

/// How well `typed` fits `text`: every letter in order, the nearer to each other and to beginnings of words the
/// better; -1 when it does not fit.
int fitness(const QString& typed, const QString& text);

/// All actions of the menus, found by typing some of their letters (Ctrl+K).
class CommandSearch final : public QDialog {
  Q_OBJECT

 public:
  CommandSearch(const QMenuBar& menus, QWidget* parent);

 protected:
  bool eventFilter(QObject* object, QEvent* event) override;

 private:
  struct Command {
    QString text;
    QAction* action;
  };
  void collect(const QList<QAction*>& actions, const QString& path);
  void search(const QString& typed);
  void run();

  QLineEdit* m_typed;
  QListWidget* m_list;
  QList<Command> m_commands;
};

} // namespace rankscope::ui
