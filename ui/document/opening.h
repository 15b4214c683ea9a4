// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <thread>

#include <QObject>
#include <QString>

#include "core/base/error.h"
#include "ui/document/moved_model.h"
#include "ui/document/read_model.h"

namespace rankscope::ui {

/// A model on its way into the window: read on a thread of its own, so that a slow disk holds nothing up. One at a time
/// counts, the newest; what an earlier or cancelled one still finds is dropped. Belongs to the GUI thread; the
/// destructor waits for the disk.
class Opening final : public QObject {
  Q_OBJECT

 public:
  using Read = std::function<OpenedModel()>;

  using QObject::QObject;

  /// `name` is what the user knows it by; `read` runs on another thread and may throw Error or ModelMoved.
  void start(const QString& name, Read read);
  void cancel();
  const QString& name() const { return m_name; } ///< of what is being read; "" when nothing is

 signals:
  void changed(); ///< name()
  void read(const rankscope::ui::OpenedModel& model);
  void moved(const rankscope::ui::ModelMoved& moved);
  void failed(const rankscope::Error& error);

 private:
  void tell(int turn, const std::function<void()>& outcome);

  QString m_name;
  int m_turn = 0;
  std::map<int, std::jthread> m_threads; ///< by turn
};

} // namespace rankscope::ui
