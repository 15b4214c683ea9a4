// SPDX-License-Identifier: GPL-3.0-or-later
#include "python.h"

#include <QProcess>
#include <QProcessEnvironment>

namespace rankscope::test {

Output runProgram(const QString& program, const QStringList& arguments) {
  QProcess process;
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
  environment.insert(QStringLiteral("OPENBLAS_NUM_THREADS"), QStringLiteral("1")); // other tests run beside this one
  process.setProcessEnvironment(environment);
  process.start(program, arguments);
  Output output;
  output.ok = process.waitForStarted() && process.waitForFinished(450'000) &&
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
