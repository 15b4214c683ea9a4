// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/refresher.h"

#include <QWidget>

#include "tests/ui/window_test.h"

using namespace rankscope::ui;

class TestRefresher final : public QObject {
  Q_OBJECT

 private slots:
  void manyRequestsAreOneRefresh() {
    QWidget widget;
    int count = 0;
    Refresher refresher(
        widget, [&] { ++count; }, 20);
    widget.show();
    QVERIFY(QTest::qWaitForWindowExposed(&widget));
    for (int i = 0; i < 50; ++i) refresher.request();
    QCOMPARE(count, 0);
    QTRY_COMPARE(count, 1);
    QTest::qWait(60);
    QCOMPARE(count, 1);
    refresher.request();
    QTRY_COMPARE(count, 2);
  }

  void whatIsHiddenIsMadeUpForWhenItIsShown() {
    QWidget widget;
    int count = 0;
    Refresher refresher(
        widget, [&] { ++count; }, 0);
    refresher.request();
    refresher.request();
    QTest::qWait(30);
    QCOMPARE(count, 0);
    widget.show();
    QTRY_COMPARE(count, 1);
    widget.hide();
    widget.show();
    QTest::qWait(30);
    QCOMPARE(count, 1); // nothing had been asked for
  }
};

RANKSCOPE_WINDOW_TEST_MAIN(TestRefresher)
#include "tst_refresher.moc"
