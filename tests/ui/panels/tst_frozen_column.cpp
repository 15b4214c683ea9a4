// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/frozen_column.h"

#include <QComboBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QScrollBar>

#include "tests/ui/ui_models.h"
#include "tests/ui/window_test.h"
#include "ui/document/read_model.h"
#include "ui/models/layer_table_model.h"
#include "ui/panels/layers_panel.h"

using namespace rankscope;
using namespace rankscope::ui;

/// The names of layers stay in sight while the table is scrolled sideways, and behave as the table does.
class TestFrozenColumn final : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    m_folder = std::make_unique<test::TemporaryFolder>();
    const auto model = test::writeSmallModel(*m_folder / "neo", test::SmallFamily::GptNeo, {.blocks = 8});
    m_jobs = std::make_unique<JobRunner>();
    m_document = std::make_unique<Document>(*m_jobs);
    m_panel = std::make_unique<LayersPanel>(*m_document);
    m_panel->resize(460, 300);
    m_panel->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_panel.get()));
    m_document->show(readModel(model));
    QVERIFY(test::waitIdle(*m_jobs));
    QCoreApplication::processEvents();
  }
  void cleanup() {
    m_panel.reset();
    m_document.reset();
    m_jobs.reset();
    m_folder.reset();
  }

  void showsTheRowsOfTheTable() {
    QVERIFY(!frozen().isVisible()); // the column itself is in sight
    scrollAside();
    QVERIFY(frozen().isVisible());
    QVERIFY(frozen().geometry().left() <= table().viewport()->geometry().left());
    table().verticalScrollBar()->setValue(7);
    rowsAgree();
    frozen().verticalScrollBar()->setValue(3);
    QCOMPARE(table().verticalScrollBar()->value(), 3);
    rowsAgree();
    m_panel->resize(430, 380);
    QCoreApplication::processEvents();
    rowsAgree();
    table().horizontalScrollBar()->setValue(0);
    QVERIFY(!frozen().isVisible());
  }

  void selectsAndKeepsTheKeyboardWithTheTable() {
    scrollAside();
    const QModelIndex third = table().model()->index(2, LayerTableModel::Name);
    QTest::mouseClick(frozen().viewport(), Qt::LeftButton, {}, frozen().visualRect(third).center());
    QCOMPARE(m_document->selection().size(), std::size_t{1});
    QCOMPARE(m_document->current()->value, static_cast<std::size_t>(third.data(LayerTableModel::LayerRole).toInt()));
    QCOMPARE(frozen().focusProxy(), &table());
    QTest::keyClick(&table(), Qt::Key_Down, Qt::ShiftModifier);
    QCOMPARE(m_document->selection().size(), std::size_t{2});
    QVERIFY(frozen().selectionModel()->isRowSelected(3, {}));
    const int across = table().horizontalScrollBar()->value();
    QTest::keyClick(&table(), Qt::Key_Down);
    QCOMPARE(table().horizontalScrollBar()->value(), across);
  }

  void theRankIsNotEditedBeneathIt() {
    scrollAside();
    table().setCurrentIndex(table().model()->index(1, LayerTableModel::Name));
    scrollAside();
    QTest::keyClick(&table(), Qt::Key_4);
    auto* editor = table().findChild<QLineEdit*>();
    QVERIFY(editor);
    const int left = table().header()->sectionViewportPosition(LayerTableModel::Rank);
    QVERIFY2(!frozen().isVisible() || left >= frozen().width(), qPrintable(QString::number(left)));
    QTest::keyClick(editor, Qt::Key_Return);
    QTRY_COMPARE(m_document->rank(LayerId{1}).value_or(0), 4);
  }

  void sortsTheTable() {
    scrollAside();
    const QString first = table().model()->index(0, LayerTableModel::Name).data().toString();
    const QHeaderView& header = *frozen().header();
    const QPoint at(header.sectionViewportPosition(LayerTableModel::Name) + 30, header.height() / 2);
    QTest::mouseClick(header.viewport(), Qt::LeftButton, {}, at);
    QCOMPARE(table().header()->sortIndicatorOrder(), Qt::DescendingOrder);
    QCOMPARE(header.sortIndicatorOrder(), Qt::DescendingOrder);
    const int last = table().model()->rowCount() - 1;
    QCOMPARE(table().model()->index(last, LayerTableModel::Name).data().toString(), first);
    table().sortByColumn(LayerTableModel::Size, Qt::AscendingOrder);
    QCOMPARE(header.sortIndicatorSection(), static_cast<int>(LayerTableModel::Size));
    rowsAgree();
  }

  void opensAndClosesGroupsWithTheTable() {
    m_panel->groupBox()->setCurrentIndex(1);
    QCoreApplication::processEvents();
    scrollAside();
    const QModelIndex second = table().model()->index(1, 0);
    QVERIFY(table().isExpanded(second) && frozen().isExpanded(second));
    frozen().collapse(second);
    QVERIFY(!table().isExpanded(second));
    rowsAgree();
    table().expand(second);
    QVERIFY(frozen().isExpanded(second));
    rowsAgree();
    m_panel->groupBox()->setCurrentIndex(0);
    scrollAside();
    rowsAgree();
  }

 private:
  QTreeView& table() { return *m_panel->table(); }
  FrozenColumn& frozen() { return *table().findChild<FrozenColumn*>(); }
  void scrollAside() { table().horizontalScrollBar()->setValue(table().horizontalScrollBar()->maximum()); }

  /// Every row of the table that is seen lies beside its name.
  void rowsAgree() {
    QCoreApplication::processEvents();
    int seen = 0;
    QModelIndex index = table().indexAt(QPoint(table().viewport()->width() - 2, 2));
    for (; index.isValid(); index = table().indexBelow(index)) {
      const QRect there = table().visualRect(index);
      if (there.top() > table().viewport()->height()) break;
      const QModelIndex name = index.siblingAtColumn(LayerTableModel::Name);
      const QRect here = frozen().visualRect(name);
      const QPoint top = frozen().viewport()->mapToGlobal(here.topLeft());
      QCOMPARE(top.y(), table().viewport()->mapToGlobal(there.topLeft()).y());
      QCOMPARE(here.height(), there.height());
      ++seen;
    }
    QVERIFY(seen > 3);
  }

  std::unique_ptr<test::TemporaryFolder> m_folder;
  std::unique_ptr<JobRunner> m_jobs;
  std::unique_ptr<Document> m_document;
  std::unique_ptr<LayersPanel> m_panel;
};

RANKSCOPE_WINDOW_TEST_MAIN(TestFrozenColumn)
#include "tst_frozen_column.moc"
