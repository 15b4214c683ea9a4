// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/session.h"

#include <csignal>

#include <cerrno>
#include <unistd.h>

#include <QSettings>

namespace rankscope::ui::session {

namespace {

const QString kGroup = QStringLiteral("sessions");

bool isAlive(qint64 process) {
  return process == getpid() || kill(static_cast<pid_t>(process), 0) == 0 || errno == EPERM;
}

} // namespace

void note(const QString& path) {
  QSettings settings;
  settings.beginGroup(kGroup);
  const QString own = QString::number(getpid());
  if (path.isEmpty())
    settings.remove(own);
  else
    settings.setValue(own, path);
}

QString takeLost() {
  QSettings settings;
  settings.beginGroup(kGroup);
  QString lost;
  for (const QString& process : settings.childKeys()) {
    if (isAlive(process.toLongLong())) continue;
    lost = settings.value(process).toString();
    settings.remove(process);
  }
  return lost;
}

} // namespace rankscope::ui::session
