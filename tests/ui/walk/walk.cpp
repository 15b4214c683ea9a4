// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/walk/walk.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDialog>
#include <QDockWidget>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScreen>
#include <QSpinBox>
#include <QTimer>
#include <QToolButton>
#include <QTreeView>
#include <QUndoStack>

#include <qcustomplot.h>

#include "core/evaluate/default_text.h"
#include "tests/ui/advice_fixture.h"
#include "tests/ui/ui_models.h"
#include "ui/command_search.h"
#include "ui/document/document.h"
#include "ui/document/plan_tools.h"
#include "ui/document/evaluations.h"
#include "ui/file_actions.h"
#include "ui/main_window.h"
#include "ui/models/advice_model.h"
#include "ui/models/layer_table_model.h"
#include "ui/page_switch.h"
#include "ui/panels/advise_page.h"
#include "ui/panels/banner.h"
#include "ui/panels/curve_panel.h"
#include "ui/panels/layers_panel.h"
#include "ui/panels/map_panel.h"
#include "ui/panels/plan_panel.h"
#include "ui/panels/rules_panel.h"
#include "ui/panels/snapshots_panel.h"
#include "ui/panels/tradeoff_panel.h"
#include "ui/plots/rank_plot.h"
#include "ui/tour.h"

namespace rankscope::walk {

using namespace rankscope::ui;
using rankscope::test::layerNamed;

void Walk::expect(bool holds, const char* what) {
  if (holds) return;
  ++m_failures;
  std::printf("FAIL  step %d: %s\n", m_step, what);
}

void Walk::settle(int milliseconds) {
  QTest::qWait(milliseconds);
}

void Walk::waitIdle() {
  expect(test::waitIdle(m_window.jobs(), 240000), "the jobs end");
  settle();
}

void Walk::picture(const char* name) {
  settle();
  const QString file = QStringLiteral("%1-%2.png").arg(++m_step, 2, 10, QLatin1Char('0')).arg(QLatin1String(name));
  const QPixmap screen = QGuiApplication::primaryScreen()->grabWindow(0);
  expect(!screen.isNull() && screen.save(m_pictures.filePath(file)), "the picture is saved");
}

void Walk::front(const char* dock) {
  auto* holder = m_window.findChild<QDockWidget*>(QLatin1String(dock));
  expect(holder, dock);
  if (!holder) return;
  holder->show();
  holder->raise();
  settle(150);
}

QAction* Walk::action(const char* name) {
  return m_window.findChild<QAction*>(QLatin1String(name));
}

void Walk::clickLayer(const char* part, Qt::KeyboardModifiers modifiers) {
  const LayerId id = layerNamed(m_window.document(), part);
  QTreeView* table = m_window.layers().table();
  for (int row = 0; row < table->model()->rowCount(); ++row) {
    const QModelIndex index = table->model()->index(row, 0);
    if (index.data(LayerTableModel::LayerRole).toInt() != static_cast<int>(id.value)) continue;
    table->scrollTo(index);
    QTest::mouseClick(table->viewport(), Qt::LeftButton, modifiers, table->visualRect(index).center());
  }
}

void Walk::dragCursor(RankPlot& plot, std::int64_t to) {
  const double y = plot.canvas()->yAxis->range().center();
  const auto at = [&](double rank) { return plot.pixelOf(rank, y); };
  const auto from = static_cast<double>(plot.cursorRank().value_or(1));
  QTest::mousePress(plot.canvas(), Qt::LeftButton, {}, at(from));
  constexpr int kMoves = 12;
  for (int i = 1; i <= kMoves; ++i) {
    const QPoint point = at(from + (static_cast<double>(to) - from) * i / kMoves);
    QMouseEvent move(QEvent::MouseMove, point, plot.canvas()->mapToGlobal(point), Qt::NoButton, Qt::LeftButton, {});
    QApplication::sendEvent(plot.canvas(), &move);
    settle(10);
  }
  QTest::mouseRelease(plot.canvas(), Qt::LeftButton, {}, at(static_cast<double>(to)));
}

void Walk::all() {
  expect(m_window.findChild<QPushButton*>(QStringLiteral("startDemo"))->isVisible(), "the start page offers the demo");
  picture("start");
  openDemo();
  takeTour();
  explore();
  tuneByDrag();
  brushTheMap();
  writeARule();
  pinAndPreset();
  undoAll();
  compareAndCompress();
  evaluate();
  advise();
  groupAndSearch();
  lookAtDialogs();
  exportAndReopen();
  meetAnError();
}

void Walk::openDemo() {
  QTest::mouseClick(m_window.findChild<QPushButton*>(QStringLiteral("startDemo")), Qt::LeftButton);
  expect(QTest::qWaitFor([this] { return m_window.document().isOpen(); }, 20000), "the demo opens");
  waitIdle();
  expect(static_cast<std::size_t>(m_window.document().spectraKnown()) == m_window.document().layerCount(),
         "all spectra arrive");
  picture("demo");
}

void Walk::takeTour() {
  m_window.startTour();
  auto* tour = m_window.findChild<Tour*>();
  expect(tour && tour->isVisible(), "the tour begins");
  if (!tour) return;
  picture("tour");
  for (int i = 0; i < 2; ++i) tour->next();
  picture("tour-plan");
  QTest::keyClick(tour, Qt::Key_Escape);
  expect(!tour->isVisible(), "Escape ends the tour");
  front("dockCosine");
}

void Walk::explore() {
  Document& document = m_window.document();
  clickLayer("h.1.attn.attention.q_proj");
  clickLayer("h.3.attn.attention.q_proj", Qt::ControlModifier);
  clickLayer("h.5.attn.attention.v_proj", Qt::ControlModifier);
  expect(document.selection().size() == 3, "three layers are selected");
  expect(m_window.spectrum().plot().canvas()->graphCount() == 4, "three curves and the random matrix");
  picture("explore");
  LayersPanel& layers = m_window.layers();
  const QByteArray usual = layers.headerState();
  for (int column = LayerTableModel::Role; column < LayerTableModel::FirstDiagnostic; ++column)
    layers.showColumn(column, false);
  for (const auto which : {Diagnostic::StableRank, Diagnostic::EffectiveRank, Diagnostic::NoiseEdge,
                           Diagnostic::AboveEdge, Diagnostic::Alpha, Diagnostic::RankFor95, Diagnostic::Kurtosis})
    layers.showColumn(LayerTableModel::columnOf(which), true);
  expect(!layers.table()->isColumnHidden(LayerTableModel::columnOf(Diagnostic::Alpha)), "diagnostics are shown");
  picture("diagnostics");
  layers.restoreHeader(usual);
}

void Walk::tuneByDrag() {
  Document& document = m_window.document();
  document.setRank(document.selection(), 100);
  settle(50);
  const int steps = document.undoStack().count();
  dragCursor(m_window.spectrum().plot(), 64);
  const auto rank = document.rank(*document.current()).value_or(0);
  expect(std::abs(rank - 64) <= 2, "the rank follows the drag");
  for (const LayerId id : document.selection()) expect(document.rank(id) == rank, "all selected layers follow");
  expect(document.undoStack().count() == steps + 1, "a drag is one undo step");
  expect(m_window.cosine().plot().cursorRank() == rank, "the other plot follows");
  picture("drag");
  auto* outputs = m_window.spectrum().findChild<QToolButton*>(QStringLiteral("ofOutputs"));
  QTest::mouseClick(outputs, Qt::LeftButton);
  waitIdle();
  expect(m_window.spectrum().plot().canvas()->graphCount() == 3, "three curves of outputs, no random matrix");
  expect(m_window.cosine().plot().canvas()->graphCount() == 3, "in both plots");
  picture("outputs");
  QTest::mouseClick(outputs, Qt::LeftButton);
}

void Walk::brushTheMap() {
  front("dockMap");
  auto* view = m_window.findChild<MapView*>();
  const auto corner = view->cellRect(1, 0).center(), opposite = view->cellRect(3, 2).center();
  QTest::mousePress(view, Qt::LeftButton, {}, corner);
  QMouseEvent move(QEvent::MouseMove, opposite, view->mapToGlobal(opposite), Qt::NoButton, Qt::LeftButton, {});
  QApplication::sendEvent(view, &move);
  QTest::mouseRelease(view, Qt::LeftButton, {}, opposite);
  expect(m_window.document().selection().size() == 9, "a rectangle of nine cells is selected");
  picture("map");
}

void Walk::writeARule() {
  Document& document = m_window.document();
  action("rules")->trigger();
  RulesPanel& rules = m_window.plan().rules();
  rules.patternEdit()->clear();
  QTest::keyClicks(rules.patternEdit(), QStringLiteral("*.mlp.*"));
  const auto before = document.totals().model.after;
  QTest::keyClicks(rules.actionEdit(), QStringLiteral("25 %"));
  expect(!rules.previewLabel()->text().isEmpty(), "the effect is said");
  expect(document.totals().model.after == before && document.plan().rules.empty(), "nothing is applied yet");
  picture("rule-preview");
  QTest::keyClick(rules.actionEdit(), Qt::Key_Return);
  expect(document.plan().rules.size() == 1 && document.totals().model.after < before, "Return applies the rule");
  picture("rule");
}

void Walk::pinAndPreset() {
  Document& document = m_window.document();
  clickLayer("h.0.attn.attention.q_proj");
  const LayerId pinned = *document.current();
  document.setRank({pinned}, 200);
  QTest::keyClick(m_window.layers().table(), Qt::Key_P);
  expect(document.isPinned(pinned), "P pins");
  action("presetUniform25")->trigger();
  expect(document.rank(pinned) == 200, "the preset leaves the pinned layer alone");
  expect(document.totals().compressed > 20, "the preset sets the others");
  front("dockCosine");
  picture("pin-preset");
}

void Walk::undoAll() {
  Document& document = m_window.document();
  front("dockHistory");
  const int index = document.undoStack().index();
  action("undo")->trigger();
  action("undo")->trigger();
  expect(document.undoStack().index() == index - 2, "undo steps back");
  picture("history");
  action("redo")->trigger();
  action("redo")->trigger();
  expect(document.undoStack().index() == index, "redo steps forward");
}

void Walk::compareAndCompress() {
  Document& document = m_window.document();
  m_window.findChild<SnapshotsPanel*>()->keep(QStringLiteral("25 %"));
  m_window.tools().applyBudget(KeepShare{0.5});
  waitIdle();
  front("dockSnapshots");
  picture("snapshots");
  front("dockTradeOff");
  QTest::mouseClick(m_window.findChild<TradeOffPanel*>()->measureButton(), Qt::LeftButton);
  waitIdle();
  picture("trade-off");
  action("compress")->trigger();
  settle(120);
  waitIdle();
  expect(document.totals().measured == document.totals().compressed, "everything is measured");
  front("dockCosine");
  clickLayer("h.2.mlp.c_fc");
  picture("compressed");
  front("dockJobs");
  picture("jobs");
}

void Walk::evaluate() {
  // A short text is enough for a picture.
  m_window.findChild<QSpinBox*>(QStringLiteral("evaluateTokens"))->setValue(1000);
  action("evaluate")->trigger();
  settle();
  picture("evaluate");
  waitIdle();
  expect(!m_window.evaluations().entries().empty(), "the evaluation is kept");
  picture("evaluated");
  m_window.pages().showPage(&m_window.layers());
  front("dockTradeOff");
  const TradeOffMark* plan = m_window.findChild<TradeOffPanel*>()->shown().plan();
  expect(plan && plan->measured, "the evaluation places the plan in the trade-off");
  picture("trade-off-kl");
  front("dockCosine");
}

/// Curves of the advice in the trade-off that have several points within the axes.
static int frontiersDrawn(const QCustomPlot& plot) {
  int drawn = 0;
  for (int i = 0; i < plot.graphCount(); ++i) {
    const QCPGraph& graph = *plot.graph(i);
    if (!graph.realVisibility() || graph.pen().style() != Qt::DashLine) continue;
    const auto inside = [&](const QCPGraphData& point) {
      return plot.xAxis->range().contains(point.key) && plot.yAxis->range().contains(point.value);
    };
    if (std::count_if(graph.data()->constBegin(), graph.data()->constEnd(), inside) > 3) ++drawn;
  }
  return drawn;
}

/// As `advise` could have found it: measuring takes minutes.
static Advice likelyAdvice(const Document& document) {
  using Group = AdviceOption::Group;
  struct Option {
    const char* name;
    Group group;
    double kept, kl;
  };
  constexpr Option kOptions[]{
      {"study-hybrid", Group::Study, 0.82, 1.9}, {"plain-uniform", Group::InBudget, 0.5, 5.2},
      {"low-rank", Group::InBudget, 0.5, 0.31},  {"int4", Group::InBudget, 0.28, 0.011},
      {"mixed", Group::InBudget, 0.42, 0.004},   {"as-small-as-study-hybrid", Group::EqualBytes, 0.8, 0.0006}};
  Advice advice = test::advice();
  advice.modelBytes = document.totals().model.before;
  advice.scopeTotal = 0;
  for (const LayerId id : document.scope()) advice.scopeTotal += document.layer(id).bytes;
  advice.options.clear();
  for (const Option& given : kOptions) {
    AdviceOption option = test::option(given.name, given.group, 24, given.kl);
    option.scopeKept = given.kept;
    option.withinBudget = given.kept <= 0.5;
    option.meanCosine = 0.9 + 0.09 * given.kept;
    option.bytes =
        advice.modelBytes - static_cast<std::uint64_t>((1 - given.kept) * static_cast<double>(advice.scopeTotal));
    option.kept = static_cast<double>(option.bytes) / static_cast<double>(advice.modelBytes);
    option.measured.compressed.value = 5.1 * std::exp(given.kl);
    advice.options.push_back(option);
  }
  advice.recommended = 4;
  advice.frontier.clear();
  for (int i = 1; i < 25; ++i) {
    const double kept = i / 25.0;
    const auto bytes = static_cast<std::uint64_t>(kept * static_cast<double>(advice.scopeTotal));
    PlanPrediction lowRank, quantised;
    lowRank.kl = 6 * std::exp(-6 * kept);
    quantised.kl = 0.4 * std::exp(-11 * kept);
    advice.frontier.push_back({"low rank", bytes, kept, lowRank});
    if (kept > 0.2) advice.frontier.push_back({"quantised, with corrections", bytes, kept, quantised});
  }
  return advice;
}

void Walk::advise() {
  const Advice advice = likelyAdvice(m_window.document());
  action("close")->trigger();
  test::fillRun(demoFolder(), advice);
  expect(test::opened(m_window.files(), QString::fromStdString(demoFolder().string())), "the demo opens again");
  waitIdle();
  m_window.pages().showPage(&m_window.advisePage());
  expect(m_window.advisePage().model().rowCount() == 6, "all options are in the table");
  expect(m_window.advisePage().takeButton().isEnabled(), "the recommended one is chosen");
  picture("advised");
  m_window.pages().showPage(&m_window.layers());
  front("dockTradeOff");
  expect(frontiersDrawn(*m_window.findChild<TradeOffPanel*>()->canvas()) == 2, "the advice's two frontiers are drawn");
  picture("trade-off-frontiers");
  front("dockCosine");
}

void Walk::groupAndSearch() {
  front("dockCosine");
  m_window.layers().groupBox()->setCurrentIndex(1);
  settle();
  QTreeView* table = m_window.layers().table();
  expect(table->isExpanded(table->model()->index(0, 0)), "groups are open");
  QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(table->model()->index(1, 0)).center());
  expect(m_window.document().selection().size() > 3, "a group selects its layers");
  picture("groups");
  m_window.layers().groupBox()->setCurrentIndex(0);
  QTest::keyClicks(m_window.layers().filterEdit(), QStringLiteral("k_proj block:1-4"));
  settle();
  expect(table->model()->rowCount() == 4, "the filter leaves four layers");
  picture("filter");
  m_window.layers().filterEdit()->clear();
  settle();
}

void Walk::lookAtDialogs() {
  const auto look = [this](const char* name, const char* trigger) {
    QTimer::singleShot(400, &m_window, [this, name] {
      if (auto* commands = qobject_cast<CommandSearch*>(QApplication::activePopupWidget())) {
        for (const char letter : {'r', 'e', 'p'}) QTest::keyClick(commands->windowHandle(), letter);
        expect(commands->findChild<QLineEdit*>()->text() == QLatin1String("rep"), "what is typed is searched for");
      }
      picture(name);
      if (auto* dialog = qobject_cast<QDialog*>(QApplication::activeModalWidget()))
        dialog->reject();
      else if (auto* popup = qobject_cast<QDialog*>(QApplication::activePopupWidget()))
        popup->reject();
    });
    action(trigger)->trigger();
    settle(100);
  };
  look("preferences", "preferences");
  look("commands", "commands");
  m_window.layers().table()->setFocus();
  action("help")->trigger();
  picture("help");
  for (QWidget* top : QApplication::topLevelWidgets()) {
    if (auto* dialog = qobject_cast<QDialog*>(top)) dialog->close();
  }
}

void Walk::exportAndReopen() {
  Document& document = m_window.document();
  const QString folder = m_pictures.filePath(QStringLiteral("export"));
  QDir(folder).removeRecursively();
  document.exportModel(folder.toStdString(), ExportKind::Factored, false);
  waitIdle();
  expect(QFile::exists(folder + QStringLiteral("/rankscope.json")), "the export is there");
  picture("exported");
  const QString run = m_pictures.filePath(QStringLiteral("walk.h5"));
  QFile::remove(run);
  document.saveRunAs(run.toStdString());
  waitIdle();
  const auto totals = document.totals();
  action("close")->trigger();
  expect(!document.isOpen(), "the model closes");
  picture("recent");
  expect(test::opened(m_window.files(), run), "the run opens again");
  waitIdle();
  expect(document.totals().measured == totals.measured && document.totals().model.after == totals.model.after,
         "plan and results are back");
  picture("reopened");
  expect(test::opened(m_window.files(), folder), "the export opens, too");
  waitIdle();
  picture("export-opened");
}

void Walk::meetAnError() {
  const QString bad = m_pictures.filePath(QStringLiteral("bad.safetensors"));
  test::writeFile(bad.toStdString(), "nothing of the kind");
  expect(!test::opened(m_window.files(), bad), "a bad file is refused");
  expect(m_window.document().isOpen(), "the open document stays");
  expect(m_window.banner().text().contains(QStringLiteral("bad.safetensors")), "the message names the file");
  picture("error");
}

} // namespace rankscope::walk
