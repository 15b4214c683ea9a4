// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include <QFrame>

class QLabel;
class QPushButton;

namespace rankscope::ui {

/// A short tour of the window: a card that explains one place after the other, with a frame around the place. It blocks
/// nothing: the window can be used meanwhile, and Esc or "Skip" ends it.
class Tour final : public QFrame {
  Q_OBJECT

 public:
  struct Step {
    std::function<QWidget*()> place; ///< asked for when its turn comes; may bring a panel to the front
    QString title;
    QString text;
  };

  /// `window` is what the card lies over; the tour deletes itself when it ends.
  Tour(std::vector<Step> steps, QWidget* window);
  ~Tour() override;

  int step() const { return m_step; }
  void next();

 signals:
  void ended();

 protected:
  bool eventFilter(QObject* object, QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void showStep();
  void arrange();
  void end();

  std::vector<Step> m_steps;
  QWidget* m_window;
  QWidget* m_frame;
  QWidget* m_place = nullptr;
  QLabel* m_title;
  QLabel* m_text;
  QLabel* m_count;
  QPushButton* m_skip;
  QPushButton* m_next;
  int m_step = 0;
};

} // namespace rankscope::ui
