// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/settings.h"

#include <QFile>
#include <QSettings>

#include "tests/ui/window_test.h"
#include "ui/document/session.h"
#include "ui/document/settings_file.h"

using namespace rankscope::ui;

/// What is remembered between sessions, and when it goes to the disk.
class TestSettings final : public QObject {
  Q_OBJECT

 private slots:
  void whatIsSetIsKnownAtOnceAndWrittenLater() {
    settings::setRankStep(8);
    settings::addRecentFile({QStringLiteral("/a"), QStringLiteral("A"), {}, QDateTime::currentDateTime()});
    settings::addRecentFile({QStringLiteral("/b"), QStringLiteral("B"), {}, QDateTime::currentDateTime()});
    session::note(QStringLiteral("/b"));
    QCOMPARE(settings::rankStep(), 8);
    QCoreApplication::processEvents();
    QVERIFY(!onDisk().contains("rank_step")); // nobody has waited for the disk
    QTRY_VERIFY(onDisk().contains("rank_step=8"));
    QTRY_VERIFY(onDisk().contains("[sessions]"));
    const auto recent = settings::recentFiles();
    QCOMPARE(recent.size(), 2);
    QCOMPARE(recent.front().path, QStringLiteral("/b"));
    QVERIFY(recent.back().opened.isValid());
    settings::setRankStep(16);
    QTRY_VERIFY(onDisk().contains("rank_step=16")); // not only the first time
  }

  void anEndedSessionIsForgotten() {
    session::note(QStringLiteral("/b"));
    session::note({});
    QTRY_VERIFY(!onDisk().contains("[sessions]"));
    QVERIFY(session::takeLost().isEmpty());
  }

 private:
  static QByteArray onDisk() {
    QFile file(settings::file().fileName());
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
  }
};

RANKSCOPE_WINDOW_TEST_MAIN(TestSettings)
#include "tst_settings.moc"
