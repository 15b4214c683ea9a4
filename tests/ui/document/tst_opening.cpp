// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/opening.h"

#include <future>

#include <QSignalSpy>

#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::ui;

class TestOpening final : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() { m_model = test::writeSmallModel(m_folder / "neo", test::SmallFamily::GptNeo); }

  void readsElsewhereAndDeliversHere() {
    Opening opening;
    std::thread::id reader, receiver;
    std::filesystem::path path;
    connect(&opening, &Opening::read, this, [&](const OpenedModel& model) {
      receiver = std::this_thread::get_id();
      path = model.checkpoint->path();
    });
    opening.start(QStringLiteral("neo"), [&] {
      reader = std::this_thread::get_id();
      return readModel(m_model);
    });
    QCOMPARE(opening.name(), QStringLiteral("neo"));
    QTRY_VERIFY(!path.empty());
    QVERIFY(reader != receiver);
    QVERIFY(receiver == std::this_thread::get_id());
    QVERIFY(opening.name().isEmpty());
  }

  void theNewestWishCounts() {
    Opening opening;
    std::promise<void> disk;
    std::vector<std::filesystem::path> shown;
    connect(&opening, &Opening::read, this,
            [&](const OpenedModel& model) { shown.push_back(model.checkpoint->path()); });
    int failures = 0;
    connect(&opening, &Opening::failed, this, [&] { ++failures; });
    opening.start(QStringLiteral("slow"), [&disk]() -> OpenedModel {
      disk.get_future().wait();
      throw Error(ErrorKind::NotFound, "gone");
    });
    opening.start(QStringLiteral("neo"), [this] { return readModel(m_model); });
    QTRY_COMPARE(shown.size(), std::size_t{1});
    disk.set_value();
    QTest::qWait(50);
    QCOMPARE(failures, 0);
  }

  void whatIsThrownIsTold() {
    Opening opening;
    QString told;
    connect(&opening, &Opening::failed, this, [&](const Error& error) { told = QString::fromUtf8(error.what()); });
    connect(&opening, &Opening::moved, this,
            [&](const ModelMoved& moved) { told = QString::fromStdString(moved.model.string()); });
    opening.start(QStringLiteral("a"), [this] { return readModel(m_folder / "vanished"); });
    QTRY_VERIFY2(told.contains(QStringLiteral("vanished")), qPrintable(told));
    opening.start(QStringLiteral("b"), []() -> OpenedModel { throw ModelMoved{"run.h5", "old/place"}; });
    QTRY_COMPARE(told, QStringLiteral("old/place"));
    opening.start(QStringLiteral("c"), []() -> OpenedModel { throw std::bad_alloc(); });
    QTRY_VERIFY(told.contains(QStringLiteral("memory")));
  }

 private:
  test::TemporaryFolder m_folder;
  std::filesystem::path m_model;
};

RANKSCOPE_TEST_MAIN(TestOpening)
#include "tst_opening.moc"
