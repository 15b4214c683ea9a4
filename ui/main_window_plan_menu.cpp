// SPDX-License-Identifier: GPL-3.0-or-later
// The Plan menu: everything that changes ranks.
#include "ui/main_window.h"

#include <QAction>
#include <QActionGroup>
#include <QDockWidget>
#include <QInputDialog>
#include <QMenu>
#include <QMenuBar>

#include "ui/document/document.h"
#include "ui/document/plan_tools.h"
#include "ui/document/words.h"
#include "ui/document/settings.h"
#include "ui/file_actions.h"
#include "ui/icons.h"
#include "ui/panels/curve_panel.h"
#include "ui/panels/layers_panel.h"
#include "ui/panels/plan_panel.h"

namespace rankscope::ui {

void MainWindow::setUpPlanMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Plan"));
  QMenu* presets = menu->addMenu(icon("preset"), tr("&Preset"));
  presets->setObjectName(QStringLiteral("presetMenu"));
  for (const double percent : {6.25, 12.5, 25.0}) {
    add(presets, nullptr, tr("Uniform, %1 % of full rank").arg(locale().toString(percent, 'g', 4)), {},
        QStringLiteral("presetUniform%1").arg(percent),
        [this, percent] { m_tools->applyPreset(Preset::Uniform, percent / 100); });
  }
  presets->addSeparator();
  add(presets, nullptr, tr("Selective: MLP, first and last block dense"), {}, QStringLiteral("presetSelective"),
      [this] { m_tools->applyPreset(Preset::Selective); });
  add(presets, nullptr, tr("Hybrid: MLP dense, ranks by role"), {}, QStringLiteral("presetHybrid"),
      [this] { m_tools->applyPreset(Preset::Hybrid); });
  QMenu* budgets = menu->addMenu(tr("&Budget"));
  for (const int percent : {90, 75, 50, 25}) {
    add(budgets, nullptr, tr("Keep %1 % of the linears' bytes").arg(percent), {},
        QStringLiteral("budget%1").arg(percent), [this, percent] { m_tools->applyBudget(KeepShare{percent / 100.0}); });
  }
  QMenu* quantise = menu->addMenu(tr("&Quantise attention and MLP"));
  quantise->setToolTipsVisible(true);
  const auto quantiseAll = [&](const QString& text, std::optional<Storage> storage, const QString& name) {
    add(quantise, nullptr, text, {}, name, [this, storage] { m_document->setBase(m_document->scope(), storage); });
    quantise->actions().last()->setToolTip(tr("Ranks stay, as corrections of what rounding loses"));
  };
  for (const char* name : {"int8", "int4", "int3"})
    quantiseAll(QLatin1String(name), parseStorage(name), QStringLiteral("quantise-%1").arg(QLatin1String(name)));
  quantiseAll(tr("Not at all"), std::nullopt, QStringLiteral("quantise-none"));
  add(menu, nullptr, tr("&Everything dense"), {}, QStringLiteral("planClear"), [this] { m_tools->clear(); });
  menu->addSeparator();
  m_layerMenu = menu->addMenu(tr("&Selected layers"));
  const auto ask = [this](const QString& title, double value, auto apply) {
    bool agreed = false;
    const double wanted = QInputDialog::getDouble(this, title, tr("Between 0 and 1:"), value, 0.001, 1, 4, &agreed);
    if (agreed) apply(wanted);
  };
  add(m_layerMenu, nullptr, tr("Set to &cosine…"), QKeySequence(tr("Ctrl+Shift+K")), QStringLiteral("reachCosine"),
      [this, ask] {
        ask(tr("Smallest rank that reaches a cosine"), 0.95, [this](double v) { m_tools->reachCosine(v); });
      });
  add(m_layerMenu, nullptr, tr("Set to &energy…"), {}, QStringLiteral("reachEnergy"), [this, ask] {
    ask(tr("Smallest rank that keeps a share of the energy"), 0.9, [this](double v) { m_tools->reachEnergy(v); });
  });
  m_layerMenu->addSeparator();
  add(m_layerMenu, nullptr, tr("Copy rank to same &role"), {}, QStringLiteral("copyToRole"),
      [this] { m_tools->copyRank(true, false); });
  add(m_layerMenu, nullptr, tr("Copy rank to same &block"), {}, QStringLiteral("copyToBlock"),
      [this] { m_tools->copyRank(false, true); });
  add(m_layerMenu, nullptr, tr("Copy rank to all s&elected"), {}, QStringLiteral("copyToSelected"),
      [this] { m_tools->copyRank(false, false); });
  m_layerMenu->addSeparator();
  QMenu* bases = m_layerMenu->addMenu(tr("&Quantised base"));
  const auto base = [&](const QString& text, std::optional<Storage> storage, const QString& name) {
    add(bases, nullptr, text, {}, name, [this, storage] { m_document->setBase(m_document->selection(), storage); });
  };
  for (const char* name : {"int8", "int4", "int3"})
    base(QLatin1String(name), parseStorage(name), QStringLiteral("base-%1").arg(QLatin1String(name)));
  base(tr("None"), std::nullopt, QStringLiteral("base-none"));
  m_layerMenu->addSeparator();
  add(m_layerMenu, nullptr, tr("&Dense, or half of break-even (D)"), {}, QStringLiteral("toggleDense"),
      [this] { m_layers->toggleDense(); });
  add(m_layerMenu, "pin", tr("&Pin or unpin (P)"), {}, QStringLiteral("togglePin"),
      [this] { m_layers->togglePinned(); });
  add(m_layerMenu, nullptr, tr("Back to the r&ules"), {}, QStringLiteral("clearOverrides"),
      [this] { m_document->clearOverrides(m_document->selection()); });
  QMenu* snap = menu->addMenu(tr("S&nap dragging"));
  auto* group = new QActionGroup(this);
  for (const int step : {1, 8, 16, 64}) {
    QAction* action = add(
        snap, nullptr, step == 1 ? tr("To every rank") : tr("To multiples of %1").arg(step), {},
        QStringLiteral("snap%1").arg(step),
        [this, step] {
          settings::setRankStep(step);
          m_spectrum->setRankStep(step);
          m_cosine->setRankStep(step);
        },
        false);
    action->setCheckable(true);
    action->setChecked(settings::rankStep() == step);
    group->addAction(action);
  }
  menu->addSeparator();
  add(menu, nullptr, tr("Ru&les"), {}, QStringLiteral("rules"), [this] {
    auto* holder = findChild<QDockWidget*>(QStringLiteral("dockPlan"));
    holder->show();
    holder->raise();
    m_plan->showRules();
  });
  add(menu, nullptr, tr("&Load plan…"), {}, QStringLiteral("loadPlan"), [this] { m_files->askLoadPlan(); });
  add(menu, nullptr, tr("Sa&ve plan…"), {}, QStringLiteral("savePlan"), [this] { m_files->askSavePlan(); });
  connect(m_layers, &LayersPanel::contextMenuWanted, this, [this](const QPoint& at) { m_layerMenu->popup(at); });
}

} // namespace rankscope::ui
