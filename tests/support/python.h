// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>

namespace rankscope::test {

/// Debian's Python, which has numpy and h5py where they are installed; another may come first on PATH.
inline constexpr const char* kPython = "/usr/bin/python3";

/// Whether the modules can be imported; a test skips, and says so, where not.
bool pythonHas(const QString& modules);

/// What a program prints to stdout; stderr and the exit status come with it when it fails.
struct Output {
  bool ok = false;
  QByteArray out;
  QByteArray problem;
};
Output runProgram(const QString& program, const QStringList& arguments);
Output runPython(const QString& script, const QStringList& arguments = {});

} // namespace rankscope::test
