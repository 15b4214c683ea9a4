// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/settings_file.h"

#include <memory>

#include <QCoreApplication>
#include <QEvent>
#include <QSettings>
#include <QThreadPool>
#include <QTimer>

namespace rankscope::ui::settings {

namespace {

constexpr int kWriteAfterMs = 500;

/// Does not write when it is asked to by an event, only when it ends.
class Kept final : public QSettings {
 protected:
  bool event(QEvent* event) override { return event->type() == QEvent::UpdateRequest || QSettings::event(event); }
};

/// What one QSettings changes is in memory that all of the program share; another one writes it.
class File final {
 public:
  File() {
    m_writer.setMaxThreadCount(1);
    m_later.setSingleShot(true);
    m_later.setInterval(kWriteAfterMs);
    QObject::connect(&m_later, &QTimer::timeout, [this] { m_writer.start([] { QSettings().sync(); }); });
  }
  ~File() { m_writer.waitForDone(); }

  QSettings& settings() { return m_settings; }
  void writeLater() { m_later.start(); }

 private:
  Kept m_settings;
  QThreadPool m_writer;
  QTimer m_later;
};

/// As long as the application.
File& theFile() {
  static std::unique_ptr<File> file;
  if (!file) {
    file = std::make_unique<File>();
    qAddPostRoutine([] { file.reset(); });
  }
  return *file;
}

} // namespace

const QSettings& file() {
  return theFile().settings();
}

QSettings& changedFile() {
  theFile().writeLater();
  return theFile().settings();
}

} // namespace rankscope::ui::settings
