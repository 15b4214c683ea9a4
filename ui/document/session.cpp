// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/session.h"

#include <csignal>

#include <cerrno>
#include <unistd.h>

#include <QSettings>

#include "ui/document/settings_file.h"

namespace rankscope::ui::session {

namespace {

const QString kGroup = QStringLiteral("sessions");

QString keyOf(const QString& process) {
  return kGroup + QLatin1Char('/') + process;
}

bool isAlive(qint64 process) {
  return process == getpid() || kill(static_cast<pid_t>(process), 0) == 0 || errno == EPERM;
}

} // namespace

void note(const QString& path) {
  const QString own = keyOf(QString::number(getpid()));
  if (path.isEmpty())
    settings::changedFile().remove(own);
  else
    settings::changedFile().setValue(own, path);
}

QString takeLost() {
  QSettings& settings = settings::changedFile();
  settings.beginGroup(kGroup);
  const QStringList processes = settings.childKeys();
  settings.endGroup();
  QString lost;
  for (const QString& process : processes) {
    if (isAlive(process.toLongLong())) continue;
    lost = settings.value(keyOf(process)).toString();
    settings.remove(keyOf(process));
  }
  return lost;
}

} // namespace rankscope::ui::session
