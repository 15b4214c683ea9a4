// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include <QObject>

namespace rankscope::ui {

/// Carries results from worker threads to the GUI thread in batches, so that a thousand small layers finishing at once
/// cost the event loop a few visits and not a thousand. Letters are opened in the order they were posted.
class Mailbox final : public QObject {
  Q_OBJECT

 public:
  using Letter = std::function<void()>;
  explicit Mailbox(QObject* parent = nullptr) : QObject(parent) {}

  /// From any thread. The letter runs on the thread this object lives in, at the latest about 30 ms later.
  void post(Letter letter);

  /// Opens what has arrived now. On the owner's thread.
  void open();

 signals:
  void emptied(); ///< after every batch

 private:
  std::mutex m_mutex;
  std::vector<Letter> m_letters;
};

} // namespace rankscope::ui
