// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QFrame>

class QLabel;
class QPushButton;
class QTimer;
class QToolButton;

namespace rankscope::ui {

/// One message that does not block: what happened, what can be done, at most one button. It lies over the lower edge of
/// its parent, so that nothing moves when it comes and goes.
class Banner final : public QFrame {
  Q_OBJECT

 public:
  enum class Kind { Note, Success, Problem, Waiting };

  explicit Banner(QWidget* parent = nullptr);

  /// Replaces what is shown. Notes and successes go away by themselves, problems stay until closed, and what is waited
  /// for until endWaiting().
  void show(Kind kind, const QString& what, const QString& advice = {}, const QString& action = {},
            std::function<void()> act = {});
  void endWaiting();
  void clear() { hide(); } ///< what is shown is out of date
  QString text() const;

 protected:
  void changeEvent(QEvent* event) override;
  bool eventFilter(QObject* object, QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  void restyle();
  void place();
  bool isPassing() const { return m_kind == Kind::Note || m_kind == Kind::Success; }

  QLabel* m_mark;
  QLabel* m_text;
  QPushButton* m_action;
  QToolButton* m_close;
  QTimer* m_timer;
  std::function<void()> m_act;
  Kind m_kind = Kind::Note;
};

} // namespace rankscope::ui
