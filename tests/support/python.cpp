// SPDX-License-Identifier: GPL-3.0-or-later
#include "python.h"

#include <QProcess>

namespace rankscope::test {

Output runProgram(const QString& program, const QStringList& arguments) {
  QProcess process;
  process.start(program, arguments);
  Output output;
  output.ok = process.waitForStarted() && process.waitForFinished(120'000) &&
              process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
  output.out = process.readAllStandardOutput();
  output.problem = process.readAllStandardError() + process.errorString().toUtf8();
  return output;
}

Output runPython(const QString& script, const QStringList& arguments) {
  return runProgram(QString::fromLatin1(kPython), QStringList{QStringLiteral("-c"), script} + arguments);
}

bool pythonHas(const QString& modules) {
  return runPython(QStringLiteral("import ") + modules).ok;
}

} // namespace rankscope::test
