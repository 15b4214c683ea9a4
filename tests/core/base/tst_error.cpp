// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_main.h"

#include <cerrno>
#include <cstring>
#include <set>

#include "core/base/error.h"

using namespace rankscope;

class TestError : public QObject {
  Q_OBJECT

 private slots:
  void kindsHaveDistinctNames();
  void systemErrorsBecomeKinds_data();
  void systemErrorsBecomeKinds();
  void cancelledIsNoError();
};

void TestError::kindsHaveDistinctNames() {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::InUse); ++kind)
    names.insert(name(static_cast<ErrorKind>(kind)));
  QCOMPARE(names.size(), std::size_t{9});
  QVERIFY(!names.contains("unknown"));
}

void TestError::systemErrorsBecomeKinds_data() {
  QTest::addColumn<int>("number");
  QTest::addColumn<QString>("what");
  QTest::addColumn<int>("kind");
  const auto row = [](const char* tag, int number, const char* what, ErrorKind kind) {
    QTest::newRow(tag) << number << what << static_cast<int>(kind);
  };
  row("missing", ENOENT, "cannot open", ErrorKind::NotFound);
  row("file as a folder", ENOTDIR, "cannot open", ErrorKind::NotFound);
  row("no folder to write to", ENOENT, "cannot write", ErrorKind::Unwritable);
  row("file as a folder to write to", ENOTDIR, "cannot write", ErrorKind::Unwritable);
  row("full", ENOSPC, "cannot write", ErrorKind::NoSpace);
  row("quota", EDQUOT, "cannot write", ErrorKind::NoSpace);
  row("locked", EWOULDBLOCK, "cannot open", ErrorKind::InUse);
  row("busy", EBUSY, "cannot write", ErrorKind::InUse);
  row("unreadable", EACCES, "cannot read", ErrorKind::Unreadable);
  row("unopenable", EACCES, "cannot open", ErrorKind::Unreadable);
  row("unwritable", EACCES, "cannot write", ErrorKind::Unwritable);
  row("read-only disk", EROFS, "cannot rename", ErrorKind::Unwritable);
}

void TestError::systemErrorsBecomeKinds() {
  QFETCH(int, number);
  QFETCH(QString, what);
  QFETCH(int, kind);
  const Error error = systemError(number, what.toStdString(), "/some/where");
  QCOMPARE(static_cast<int>(error.kind()), kind);
  const QString sentence = error.what();
  QVERIFY2(sentence.startsWith(what + " /some/where: "), error.what());
  QVERIFY2(sentence.endsWith(std::strerror(number)), error.what());
}

void TestError::cancelledIsNoError() {
  bool caught = false;
  try {
    throw Cancelled();
  } catch (const Error&) {
    QFAIL("caught as an Error");
  } catch (const std::exception& stop) {
    caught = QString(stop.what()) == "cancelled";
  }
  QVERIFY(caught);
}

RANKSCOPE_TEST_MAIN(TestError)
#include "tst_error.moc"
