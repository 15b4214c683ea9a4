// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QObject>

class QTimer;
class QWidget;

namespace rankscope::ui {

/// Brings a widget up to date: once for many requests, and only while it can be seen. What changed while it was hidden
/// is made up for when it is shown.
class Refresher final : public QObject {
  Q_OBJECT

 public:
  /// `refresh` runs at most every `milliseconds`. Belongs to `widget`.
  Refresher(QWidget& widget, std::function<void()> refresh, int milliseconds);

  void request();

 protected:
  bool eventFilter(QObject* object, QEvent* event) override;

 private:
  void refreshNow();

  QWidget& m_widget;
  std::function<void()> m_refresh;
  QTimer* m_timer;
  bool m_due = false;
};

} // namespace rankscope::ui
