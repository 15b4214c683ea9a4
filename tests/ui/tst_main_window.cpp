// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/main_window.h"

#include <future>

#include <QInputDialog>
#include <QDockWidget>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QAction>
#include <QComboBox>
#include <QDropEvent>
#include <QHeaderView>
#include <QLineEdit>
#include <QMenu>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QScrollArea>
#include <QSignalSpy>
#include <QSplitter>
#include <QTabBar>
#include <QThread>
#include <QTimer>
#include <QToolButton>
#include <QTreeView>

#include "tests/ui/ui_models.h"
#include "tests/ui/window_test.h"
#include "ui/document/evaluations.h"
#include "ui/document/opening.h"
#include "ui/document/words.h"
#include "ui/file_actions.h"
#include "ui/jobs/job_runner.h"
#include "ui/models/layer_table_model.h"
#include "ui/panels/banner.h"
#include "ui/panels/curve_panel.h"
#include "ui/panels/layers_panel.h"
#include "ui/panels/totals_bar.h"
#include "ui/plots/rank_plot.h"
#include "ui/tour.h"

#include <qcustomplot.h>

using namespace rankscope;
using namespace rankscope::ui;
using rankscope::test::layerNamed;

/// The window as a person uses it, by mouse and keyboard events, on the offscreen platform.
class TestMainWindow final : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    m_folder = std::make_unique<test::TemporaryFolder>();
    m_model = test::writeSmallModel(*m_folder / "neo", test::SmallFamily::GptNeo,
                                    {.blocks = 3, .hidden = 64, .intermediate = 120});
    m_window = std::make_unique<MainWindow>();
    m_window->resize(1280, 800);
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
  }
  void cleanup() {
    m_window.reset();
    m_folder.reset();
  }

  void emptyWindowSaysWhatToDo() {
    QVERIFY(m_window->findChild<QWidget*>(QStringLiteral("startOpen"))->isVisible());
    QVERIFY(!action("compress")->isEnabled());
    QVERIFY(!m_window->totals().isVisible());
  }

  void aDroppedFolderOpens() {
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(QString::fromStdString(m_model.string()))});
    QDragEnterEvent enter(QPoint(100, 100), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(m_window.get(), &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent drop(QPointF(100, 100), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(m_window.get(), &drop);
    QTRY_VERIFY(document().isOpen());
    QVERIFY(test::waitIdle(m_window->jobs()));
    QVERIFY(m_window->windowTitle().contains(QStringLiteral("neo")));
    QVERIFY(action("compress")->isEnabled());
    QCOMPARE(document().spectraKnown(), static_cast<int>(document().layerCount()));
  }

  void aBadFileLeavesTheModelAndSaysWhy() {
    open();
    test::writeFile(*m_folder / "bad.safetensors", "nothing of the kind");
    QVERIFY(!test::opened(m_window->files(), QString::fromStdString((*m_folder / "bad.safetensors").string())));
    QVERIFY(m_window->banner().text().contains(QStringLiteral("bad.safetensors")));
    QVERIFY(document().isOpen());
  }

  void whatCannotBeWrittenIsSaidAndChangesNothing() {
    open();
    const auto before = document().runPath();
    document().saveRunAs("/proc/rankscope/no.h5");
    QVERIFY(test::waitIdle(m_window->jobs()));
    QVERIFY2(m_window->banner().text().contains(QStringLiteral("/proc/rankscope")),
             qPrintable(m_window->banner().text()));
    QCOMPARE(document().runPath(), before);
    document().writeReport("/proc/rankscope/no.html");
    QVERIFY(test::waitIdle(m_window->jobs()));
    QVERIFY(m_window->banner().text().contains(QStringLiteral("no.html")));
    document().exportModel("/proc/rankscope/no", ExportKind::Factored, false);
    QVERIFY(test::waitIdle(m_window->jobs()));
    QCOMPARE(m_window->jobs().jobs().back().state, JobState::Failed);
    QVERIFY(m_window->banner().text().contains(QStringLiteral("/proc/rankscope")));
    QVERIFY(!test::opened(m_window->files(), QString::fromStdString((*m_folder / "vanished").string())));
    QVERIFY(document().isOpen());
  }

  void theQuestionAboutJobsGoesWhenTheyEnd() {
    open();
    Job job;
    job.title = QStringLiteral("short");
    job.prepare = [] { return [](const Progress&) { QThread::msleep(300); }; };
    m_window->jobs().enqueue(std::move(job));
    bool asked = false;
    QTimer::singleShot(100, this, [&] { asked = QApplication::activeModalWidget() != nullptr; });
    QTimer::singleShot(10000, this, [&] { // else the test would wait for a click
      if (QWidget* box = QApplication::activeModalWidget()) box->close();
    });
    QVERIFY(m_window->files().mayStop());
    QVERIFY(asked && !m_window->jobs().isBusy());
  }

  void diagnosticsAreHiddenUntilChosen() {
    open();
    LayersPanel& panel = m_window->layers();
    const QHeaderView* header = panel.table()->header();
    const int alpha = LayerTableModel::columnOf(Diagnostic::Alpha);
    for (int column = 0; column < LayerTableModel::ColumnCount; ++column)
      QCOMPARE(header->isSectionHidden(column), LayerTableModel::isDiagnostic(column));
    QAction* choose = nullptr;
    for (QMenu* menu : panel.columnMenu()->findChildren<QMenu*>())
      for (QAction* action : menu->actions())
        if (action->text() == heading(Diagnostic::Alpha)) choose = action;
    QVERIFY(choose);
    choose->trigger();
    QVERIFY(!header->isSectionHidden(alpha));
    QVERIFY(choose->toolTip().contains(QStringLiteral("Clauset")));
    const QByteArray chosen = panel.headerState();
    panel.columnMenu()->actions().back()->trigger(); // the usual columns
    QVERIFY(header->isSectionHidden(alpha));
    panel.restoreHeader(chosen);
    QVERIFY(!header->isSectionHidden(alpha));
  }

  void clickingARowSelectsItEverywhere() {
    open();
    const LayerId id = clickRow("h.1.attn.attention.k_proj");
    QCOMPARE(document().current().value(), id);
    QVERIFY(m_window->spectrum().title().contains(QStringLiteral("h.1.attn.attention.k_proj")));
    QTest::keyClick(m_window->layers().table(), Qt::Key_Down, Qt::ShiftModifier);
    QCOMPARE(document().selection().size(), std::size_t{2});
    QCOMPARE(m_window->spectrum().plot().canvas()->graphCount(), 3); // two layers and the random matrix
  }

  void draggingTheCursorMovesEverythingAndIsOneStep() {
    open();
    const LayerId id = clickRow("h.1.mlp.c_fc");
    document().setRank({id}, 20);
    const int steps = document().undoStack().count();
    RankPlot& plot = m_window->spectrum().plot();
    const double y = plot.canvas()->yAxis->range().center();
    QTest::mousePress(plot.canvas(), Qt::LeftButton, {}, plot.pixelOf(20, y));
    for (int rank = 21; rank <= 40; ++rank) {
      moveTo(plot, rank);
      QCOMPARE(*document().rank(id), rank);
      QCOMPARE(*m_window->cosine().plot().cursorRank(), rank);
      QVERIFY(m_window->totals().text().contains(words::cosine(document().totals().meanCosine)));
    }
    QTest::mouseRelease(plot.canvas(), Qt::LeftButton, {}, plot.pixelOf(40, y));
    QCOMPARE(document().undoStack().count(), steps + 1);
    QTRY_VERIFY2(action("undo")->text().contains(document().undoStack().undoText()),
                 qPrintable(action("undo")->text()));
    action("undo")->trigger();
    QCOMPARE(*document().rank(id), 20);
    action("redo")->trigger();
    QCOMPARE(*document().rank(id), 40);
    QVERIFY(!action("redo")->isEnabled());
  }

  void draggingElsewherePansAndHomeResets() {
    open();
    const LayerId id = clickRow("h.1.mlp.c_fc");
    document().setRank({id}, 20);
    RankPlot& plot = m_window->spectrum().plot();
    const Range before = plot.viewX();
    QTest::mousePress(plot.canvas(), Qt::LeftButton, {}, plot.pixelOf(45, plot.canvas()->yAxis->range().center()));
    moveTo(plot, 30);
    QTest::mouseRelease(plot.canvas(), Qt::LeftButton);
    QCOMPARE(*document().rank(id), 20);
    QVERIFY(plot.viewX().lower > before.lower);
    QCOMPARE(m_window->cosine().plot().viewX().lower, plot.viewX().lower);
    QTest::keyClick(plot.canvas(), Qt::Key_Home);
    QCOMPARE(plot.viewX().lower, before.lower);
  }

  void keysStepRanksOfAllSelectedLayers() {
    open();
    const LayerId a = clickRow("h.0.attn.attention.k_proj");
    const LayerId b = layerNamed(document(), "h.0.attn.attention.v_proj");
    document().select({a, b}, a);
    document().setRank({a, b}, 10);
    const int steps = document().undoStack().count();
    QTreeView* table = m_window->layers().table();
    QTest::keyClick(table, Qt::Key_Right);
    QTest::keyClick(table, Qt::Key_Right, Qt::ShiftModifier);
    QTest::keyClick(table, Qt::Key_Left);
    QCOMPARE(*document().rank(a), 26);
    QCOMPARE(*document().rank(b), 26);
    QTest::keyClick(table, Qt::Key_D);
    QVERIFY(!document().rank(a) && !document().rank(b));
    document().undoStack().setIndex(steps);
    QCOMPARE(*document().rank(a), 10);
    QTest::keyClick(table, Qt::Key_P);
    QVERIFY(document().isPinned(a) && document().isPinned(b));
  }

  void typingSetsTheRankOfAllSelectedLayers() {
    open();
    const LayerId a = clickRow("h.0.attn.attention.k_proj");
    const LayerId b = layerNamed(document(), "h.2.attn.attention.k_proj");
    document().select({a, b}, a);
    QTreeView* table = m_window->layers().table();
    QTest::keyClick(table, Qt::Key_2);
    auto* editor = table->findChild<QLineEdit*>();
    QVERIFY(editor);
    QTest::keyClicks(editor, QStringLiteral("3"));
    QTest::keyClick(editor, Qt::Key_Return);
    QTRY_COMPARE(document().rank(a).value_or(0), 23);
    QCOMPARE(document().rank(b).value_or(0), 23);
  }

  void theFilterShowsWhatMatches() {
    open();
    QTest::keyClicks(m_window->layers().filterEdit(), QStringLiteral("k_proj block:1-2"));
    QTRY_COMPARE(m_window->layers().table()->model()->rowCount(), 2);
    m_window->layers().filterEdit()->clear();
    QTRY_COMPARE(m_window->layers().table()->model()->rowCount(), static_cast<int>(document().layerCount()));
  }

  void aFilterKeepsTheSelection() {
    open();
    const LayerId id = clickRow("h.1.mlp.c_fc");
    const QString title = m_window->spectrum().title();
    QTreeView* table = m_window->layers().table();
    QTest::keyClicks(m_window->layers().filterEdit(), QStringLiteral("k_proj"));
    QTRY_COMPARE(table->model()->rowCount(), 3);
    QCOMPARE(document().current().value(), id);
    QCOMPARE(m_window->spectrum().title(), title);
    QVERIFY(!table->selectionModel()->hasSelection());
    const int steps = document().undoStack().count();
    QTest::keyClick(table, Qt::Key_D); // nothing that could be seen
    QCOMPARE(document().undoStack().count(), steps);
    m_window->layers().filterEdit()->clear();
    QTRY_COMPARE(table->model()->rowCount(), static_cast<int>(document().layerCount()));
    QCOMPARE(document().current().value(), id);
    QCOMPARE(table->selectionModel()->selectedRows().size(), 1);
    QCOMPARE(table->selectionModel()->selectedRows().first().data(LayerTableModel::LayerRole).toInt(),
             static_cast<int>(id.value));
  }

  void openingAnotherModelTakesAnOldErrorAway() {
    QVERIFY(!test::opened(m_window->files(), QString::fromStdString((*m_folder / "vanished").string())));
    QVERIFY(!m_window->banner().text().isEmpty());
    open();
    QVERIFY2(m_window->banner().text().isEmpty(), qPrintable(m_window->banner().text()));
  }

  void whatCannotBeRunIsNotEvaluated() {
    const auto bert = test::writeSmallModel(*m_folder / "bert", test::SmallFamily::Bert);
    QVERIFY(test::opened(m_window->files(), QString::fromStdString(bert.string())));
    QVERIFY(test::waitIdle(m_window->jobs()));
    const std::size_t jobs = m_window->jobs().jobs().size();
    action("evaluate")->trigger();
    QCOMPARE(m_window->jobs().jobs().size(), jobs);
    QVERIFY(m_window->banner().text().contains(m_window->evaluations().obstacle()));
  }

  void layoutsAreSavedByName() {
    open();
    auto* menu = m_window->findChild<QMenu*>(QStringLiteral("layouts"));
    auto* dock = m_window->findChild<QDockWidget*>(QStringLiteral("dockSpectrum"));
    const auto entry = [menu](const QString& text) -> QAction* {
      emit menu->aboutToShow();
      for (QAction* action : menu->actions())
        if (action->text().remove(QLatin1Char('&')) == text) return action;
      return nullptr;
    };
    QVERIFY(menu && dock->isVisible() && !entry(QStringLiteral("alone")));
    dock->hide();
    QTimer::singleShot(0, m_window.get(), [] {
      auto* dialog = qobject_cast<QInputDialog*>(QApplication::activeModalWidget());
      dialog->setTextValue(QStringLiteral("alone"));
      dialog->accept();
    });
    entry(QStringLiteral("Save layout…"))->trigger();
    dock->show();
    QVERIFY(entry(QStringLiteral("alone")));
    entry(QStringLiteral("alone"))->trigger();
    QVERIFY(!dock->isVisible());
    entry(QStringLiteral("Delete"))->menu()->actions().front()->trigger();
    QVERIFY(!entry(QStringLiteral("alone")) && !entry(QStringLiteral("Delete")));
  }

  void layersThatGetLargerAreMarked() {
    open();
    const LayerId id = layerNamed(document(), "h.1.mlp.c_fc");
    const LayerTableModel table(document());
    const auto cell = [&](int role) {
      return table.index(static_cast<int>(id.value), LayerTableModel::BytesAfter).data(role).toString();
    };
    document().setBase({id}, Storage::Int8);
    QVERIFY(!cell(Qt::DisplayRole).contains(QStringLiteral("⚠")) && document().totals().larger == 0);
    document().setRank({id}, 999); // the full rank of its correction
    QVERIFY2(cell(Qt::DisplayRole).startsWith(QStringLiteral("⚠ ")), qPrintable(cell(Qt::DisplayRole)));
    QVERIFY(cell(Qt::ToolTipRole).contains(words::bytes(document().layer(id).bytes)));
    QCOMPARE(document().totals().larger, 1);
    QVERIFY(m_window->totals().text().contains(QStringLiteral("1 layer(s) larger than before")));
    document().undoStack().undo();
    QVERIFY(!m_window->totals().text().contains(QStringLiteral("larger")));
  }

  void compressesSavesReopensAndExports() {
    open();
    action("presetUniform25")->trigger();
    QVERIFY(document().totals().compressed > 0);
    action("compress")->trigger();
    QVERIFY(m_window->jobs().isBusy());
    QVERIFY(test::waitIdle(m_window->jobs()));
    QCOMPARE(document().totals().measured, document().totals().compressed);
    const auto run = *m_folder / "saved.h5";
    document().saveRunAs(run);
    QVERIFY(test::waitIdle(m_window->jobs()));
    QVERIFY(m_window->banner().text().contains(QStringLiteral("saved.h5")));
    action("close")->trigger();
    QVERIFY(!document().isOpen());
    QVERIFY(test::opened(m_window->files(), QString::fromStdString(run.string())));
    QVERIFY(test::waitIdle(m_window->jobs()));
    QCOMPARE(document().totals().measured, document().totals().compressed);
    QVERIFY(document().totals().compressed > 0);
    QVERIFY(m_window->windowTitle().contains(QStringLiteral("saved.h5")));
    document().exportModel(*m_folder / "dense", ExportKind::Dense, false);
    QVERIFY(test::waitIdle(m_window->jobs()));
    QVERIFY(std::filesystem::exists(*m_folder / "dense" / "model.safetensors"));
    QVERIFY(m_window->banner().text().contains(QStringLiteral("dense")));
  }

  void cancelKeepsWhatIsFinished() {
    m_model = test::writeSmallModel(*m_folder / "larger", test::SmallFamily::GptNeo,
                                    {.blocks = 12, .hidden = 256, .heads = 4, .intermediate = 640});
    open();
    action("presetUniform25")->trigger();
    action("compress")->trigger();
    QVERIFY(QTest::qWaitFor([this] { return document().totals().measured > 0 || !m_window->jobs().isBusy(); }, 30000));
    QTest::mouseClick(m_window->findChild<QToolButton*>(QStringLiteral("cancelJob")), Qt::LeftButton);
    QVERIFY(test::waitIdle(m_window->jobs()));
    const int measured = document().totals().measured;
    QVERIFY(measured > 0);
    if (m_window->jobs().jobs().back().state == JobState::Done) QSKIP("the machine was faster than the click");
    QVERIFY(measured < document().totals().compressed);
    action("compress")->trigger();
    QVERIFY(test::waitIdle(m_window->jobs()));
    QCOMPARE(document().totals().measured, document().totals().compressed);
  }

  void everyControlHasAnAccessibleName() {
    open();
    int looked = 0;
    QStringList nameless;
    for (QWidget* widget : m_window->findChildren<QWidget*>()) {
      const bool reachable = widget->focusPolicy() & Qt::TabFocus || qobject_cast<QToolButton*>(widget);
      const bool partOfAnother = qobject_cast<QAbstractSpinBox*>(widget->parentWidget()) ||
                                 qobject_cast<QComboBox*>(widget->parentWidget()) ||
                                 widget->objectName().startsWith(QLatin1String("qt_"));
      const bool furniture = qobject_cast<QTabBar*>(widget) || qobject_cast<QScrollArea*>(widget) ||
                             qobject_cast<QSplitterHandle*>(widget) || qobject_cast<QHeaderView*>(widget) ||
                             qobject_cast<RankPlot*>(widget);
      if (!reachable || partOfAnother || furniture || widget->isHidden() || widget->window() != m_window.get())
        continue;
      const QAccessibleInterface* seen = QAccessible::queryAccessibleInterface(widget);
      QVERIFY(seen);
      if (seen->text(QAccessible::Name).isEmpty())
        nameless.append(QStringLiteral("%1 %2 in %3")
                            .arg(QString::fromLatin1(widget->metaObject()->className()), widget->objectName(),
                                 QString::fromLatin1(widget->parentWidget()->metaObject()->className())));
      ++looked;
    }
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(QStringLiteral("; "))));
    QVERIFY(looked > 40);
  }

  void theTourShowsFivePlacesAndCanBeSkipped() {
    open();
    m_window->startTour();
    auto* tour = m_window->findChild<Tour*>();
    QVERIFY(tour && tour->isVisible());
    QSignalSpy ended(tour, &Tour::ended);
    for (int step = 0; step < 4; ++step) {
      QCOMPARE(tour->step(), step);
      QVERIFY(m_window->rect().contains(tour->geometry()));
      tour->next();
    }
    QCOMPARE(ended.size(), 0);
    tour->next();
    QCOMPARE(ended.size(), 1);
    QTRY_VERIFY(!m_window->findChild<Tour*>());
    m_window->startTour();
    tour = m_window->findChild<Tour*>();
    QTest::keyClick(tour, Qt::Key_Escape);
    QTRY_VERIFY(!m_window->findChild<Tour*>());
  }

  void aMovedModelIsOfferedToBeLocated() {
    open();
    const auto run = *m_folder / "moved.h5";
    document().saveRunAs(run);
    QVERIFY(test::waitIdle(m_window->jobs()));
    action("close")->trigger();
    std::filesystem::rename(m_model, *m_folder / "elsewhere");
    QVERIFY(!test::opened(m_window->files(), QString::fromStdString(run.string())));
    QVERIFY(m_window->banner().text().contains(QStringLiteral("moved.h5")));
    m_window->files().openMoved(QString::fromStdString(run.string()),
                                QString::fromStdString((*m_folder / "elsewhere" / "config.json").string()));
    QTRY_VERIFY(document().isOpen());
    QVERIFY(test::waitIdle(m_window->jobs()));
  }

  void aSlowDiskHoldsNothingUp() {
    open();
    const auto before = document().checkpoint();
    std::promise<void> disk;
    m_window->files().opening().start(QStringLiteral("/slow/disk/model"), [&disk]() -> OpenedModel {
      disk.get_future().wait();
      throw Error(ErrorKind::Unreadable, "/slow/disk/model cannot be read");
    });
    QTRY_VERIFY2(m_window->banner().text().contains(QStringLiteral("Opening /slow/disk/model")),
                 qPrintable(m_window->banner().text()));
    // Meanwhile the window works.
    const LayerId id = clickRow("h.1.mlp.c_fc");
    document().setRank({id}, 20);
    QCOMPARE(*m_window->spectrum().plot().cursorRank(), 20);
    disk.set_value();
    QTRY_VERIFY(m_window->banner().text().contains(QStringLiteral("cannot be read")));
    QCOMPARE(document().checkpoint(), before);
    QCOMPARE(*document().rank(id), 20);
  }

  void openingCanBeGivenUp() {
    open();
    const auto before = document().checkpoint();
    std::promise<void> disk;
    m_window->files().opening().start(QStringLiteral("slow"), [&disk, model = m_model] {
      disk.get_future().wait();
      return readModel(model);
    });
    QTRY_VERIFY(m_window->banner().text().contains(QStringLiteral("Opening slow")));
    QTest::mouseClick(m_window->banner().findChild<QPushButton*>(), Qt::LeftButton);
    QVERIFY(m_window->banner().text().isEmpty());
    disk.set_value();
    QTest::qWait(100);
    QCOMPARE(document().checkpoint(), before);
  }

  void whatAKilledProcessHadOpenIsOffered() {
    QSettings settings;
    settings.setValue(QStringLiteral("sessions/999999999"), QString::fromStdString(m_model.string()));
    m_window->files().offerLost();
    QVERIFY(m_window->banner().text().contains(QStringLiteral("neo")));
    QTest::mouseClick(m_window->banner().findChild<QPushButton*>(), Qt::LeftButton);
    QTRY_VERIFY(document().isOpen());
    QVERIFY(test::waitIdle(m_window->jobs()));
    m_window->banner().hide();
    m_window->files().offerLost();
    QVERIFY(m_window->banner().text().isEmpty());
  }

  void groupsSelectTheirLayersAndStayClosed() {
    open();
    QTreeView* table = m_window->layers().table();
    m_window->layers().groupBox()->setCurrentIndex(1);
    QCOMPARE(table->model()->rowCount(), 4); // three blocks and the rest
    const QModelIndex second = table->model()->index(1, 0);
    QTRY_VERIFY(table->isExpanded(second));
    QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(second).center());
    QCOMPARE(document().selection().size(), std::size_t{6});
    QTest::keyClick(table, Qt::Key_Minus);
    QVERIFY(!table->isExpanded(second));
    QTest::keyClick(table, Qt::Key_7);
    QTest::keyClick(table->findChild<QLineEdit*>(), Qt::Key_Return);
    QTRY_COMPARE(document().rank(layerNamed(document(), "h.1.mlp.c_fc")).value_or(0), 7);
    QTest::keyClicks(m_window->layers().filterEdit(), QStringLiteral("c_fc"));
    QTRY_COMPARE(table->model()->rowCount(), 3);
    QTRY_VERIFY(table->isExpanded(table->model()->index(0, 0)));
    QVERIFY(!table->isExpanded(table->model()->index(1, 0)));
    m_window->layers().filterEdit()->clear();
    m_window->layers().groupBox()->setCurrentIndex(0);
    QTRY_COMPARE(table->model()->rowCount(), static_cast<int>(document().layerCount()));
  }

  void themesSwitchLive() {
    open();
    action("theme-dark")->trigger();
    QTRY_COMPARE(m_window->spectrum().plot().canvas()->xAxis->tickLabelColor(), darkTheme().axis);
    action("theme-light")->trigger();
    QTRY_COMPARE(m_window->spectrum().plot().canvas()->xAxis->tickLabelColor(), lightTheme().axis);
  }

 private:
  Document& document() { return m_window->document(); }
  QAction* action(const char* name) { return m_window->findChild<QAction*>(QLatin1String(name)); }

  void open() {
    QVERIFY(test::opened(m_window->files(), QString::fromStdString(m_model.string())));
    QVERIFY(test::waitIdle(m_window->jobs()));
  }

  LayerId clickRow(std::string_view part) {
    const LayerId id = layerNamed(document(), part);
    QTreeView* table = m_window->layers().table();
    for (int row = 0; row < table->model()->rowCount(); ++row) {
      const QModelIndex index = table->model()->index(row, 0);
      if (index.data(LayerTableModel::LayerRole).toInt() != static_cast<int>(id.value)) continue;
      table->scrollTo(index);
      QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(index).center());
    }
    return id;
  }

  static void moveTo(RankPlot& plot, double rank) {
    const QPoint at = plot.pixelOf(rank, plot.canvas()->yAxis->range().center());
    QMouseEvent move(QEvent::MouseMove, at, plot.canvas()->mapToGlobal(at), Qt::NoButton, Qt::LeftButton,
                     Qt::NoModifier);
    QApplication::sendEvent(plot.canvas(), &move);
  }

  std::unique_ptr<test::TemporaryFolder> m_folder;
  std::filesystem::path m_model;
  std::unique_ptr<MainWindow> m_window;
};

RANKSCOPE_WINDOW_TEST_MAIN(TestMainWindow)
#include "tst_main_window.moc"
