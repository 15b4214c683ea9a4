// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QStringList>

#include <filesystem>

#include "tests/support/temporary.h"

namespace rankscope::test {

inline QString text(const std::filesystem::path& path) {
  return QString::fromStdString(path.string());
}

/// The program, which finds caches as a new user has them: empty at first, and not those of whoever runs the tests.
inline QString rankscopeCli() {
  static const TemporaryFolder folder;
  qputenv("XDG_CACHE_HOME", text(folder / "cache").toUtf8());
  return QStringLiteral(RANKSCOPE_BIN_DIR "/rankscope-cli");
}

/// What a run of rankscope-cli left.
struct Outcome {
  int status = -1;
  QByteArray out;
  QByteArray err;

  /// Of `--json`; empty when the output is not exactly one object.
  const QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
  /// One line that begins with the program's name: what a failure must look like.
  bool isOneLine() const { return err.startsWith("rankscope-cli: ") && err.count('\n') == 1 && err.endsWith('\n'); }
};

inline Outcome cli(const QStringList& arguments) {
  QProcess process;
  process.start(rankscopeCli(), arguments);
  if (!process.waitForFinished(180'000)) return {-1, {}, process.errorString().toUtf8()};
  return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
}

/// Shows what was printed when a status is not the expected one.
#define COMPARE_STATUS(outcome, expected)                                                                              \
  QVERIFY2((outcome).status == (expected),                                                                             \
           (QByteArray("status ") + QByteArray::number((outcome).status) + ": " + (outcome).err).constData())

} // namespace rankscope::test
