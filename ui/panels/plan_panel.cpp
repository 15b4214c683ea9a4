// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/plan_panel.h"

#include <algorithm>

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QSpinBox>
#include <QTabWidget>
#include <QVBoxLayout>

#include "ui/document/document.h"
#include "ui/document/plan_tools.h"
#include "ui/document/words.h"
#include "ui/panels/method_box.h"
#include "ui/panels/rules_panel.h"

namespace rankscope::ui {

namespace {

QDoubleSpinBox* spin(QWidget* parent, double low, double high, double step, int decimals, double value,
                     const QString& suffix) {
  auto* box = new QDoubleSpinBox(parent);
  box->setRange(low, high);
  box->setSingleStep(step);
  box->setDecimals(decimals);
  box->setValue(value);
  box->setSuffix(suffix);
  box->setKeyboardTracking(false);
  return box;
}

QWidget* pair(QWidget* left, QWidget* right) {
  auto* holder = new QWidget;
  auto* row = new QHBoxLayout(holder);
  row->setContentsMargins(0, 0, 0, 0);
  row->addWidget(left, 1);
  row->addWidget(right);
  return holder;
}

QPushButton* applyButton(const QString& what, const QString& tip) {
  auto* button = new QPushButton(PlanPanel::tr("Apply"));
  button->setAccessibleName(PlanPanel::tr("Apply %1").arg(what));
  button->setToolTip(tip);
  return button;
}

} // namespace

PlanPanel::PlanPanel(Document& document, PlanTools& tools, QWidget* parent)
    : QWidget(parent), m_document(document), m_tools(tools), m_tabs(new QTabWidget(this)) {
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  auto* inside = new QWidget;
  auto* column = new QVBoxLayout(inside);
  column->setContentsMargins(10, 8, 10, 8);
  column->addWidget(choices());
  column->addWidget(new MethodBox(document, this));
  m_summary = new QLabel;
  m_summary->setWordWrap(true);
  column->addWidget(m_summary);
  column->addStretch(1);
  m_rules = new RulesPanel(document, tools);
  auto* scroll = new QScrollArea(this);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidget(inside);
  m_tabs->setDocumentMode(true);
  m_tabs->setAccessibleName(tr("Pages of the plan"));
  m_tabs->addTab(scroll, tr("Presets and budgets"));
  m_tabs->addTab(m_rules, tr("Rules"));
  box->addWidget(m_tabs);
  connect(&document, &Document::opened, this, &PlanPanel::showPlan);
  connect(&document, &Document::planChanged, this, &PlanPanel::showPlan);
  connect(&document, &Document::closed, this, &PlanPanel::showPlan);
  showPlan();
}

QWidget* PlanPanel::choices() {
  auto* holder = new QWidget;
  auto* form = new QFormLayout(holder);
  form->setContentsMargins(0, 0, 0, 0);
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);

  m_preset = new QComboBox;
  m_preset->setAccessibleName(tr("Preset"));
  for (const Preset preset : {Preset::Uniform, Preset::Selective, Preset::Hybrid}) {
    m_preset->addItem(words::preset(preset), static_cast<int>(preset));
  }
  m_preset->setItemData(0, tr("The same share of the full rank for every attention and MLP matrix"), Qt::ToolTipRole);
  m_preset->setItemData(1, tr("Uniform, but MLP, first and last block stay dense"), Qt::ToolTipRole);
  m_preset->setItemData(2,
                        tr("MLP dense; first and last block 18.75 %, attention output 12.5 %, other attention 9.375 %"),
                        Qt::ToolTipRole);
  m_fraction = spin(this, 0.1, 100, 1, 2, 6.25, tr(" % of rank"));
  m_fraction->setAccessibleName(tr("Share of the full rank"));
  auto* presetApply = applyButton(tr("preset"), tr("Replace the plan by this preset; pinned layers stay"));
  form->addRow(tr("Preset"), pair(pair(m_preset, m_fraction), presetApply));
  connect(m_preset, &QComboBox::currentIndexChanged, this,
          [this] { m_fraction->setEnabled(m_preset->currentData().toInt() != static_cast<int>(Preset::Hybrid)); });
  connect(presetApply, &QPushButton::clicked, this, [this] {
    const auto preset = static_cast<Preset>(m_preset->currentData().toInt());
    m_tools.applyPreset(preset, preset == Preset::Hybrid ? std::nullopt : std::optional(m_fraction->value() / 100));
  });

  m_cosine = spin(this, 0.01, 1, 0.01, 4, 0.95, {});
  m_cosine->setAccessibleName(tr("Cosine for every layer"));
  auto* cosineApply = applyButton(
      tr("cosine"), tr("For each layer the smallest rank that reaches this cosine; dense where that saves nothing"));
  form->addRow(tr("Same cosine"), pair(m_cosine, cosineApply));
  connect(cosineApply, &QPushButton::clicked, this, [this] { m_tools.applyCosine(m_cosine->value()); });

  m_keep = spin(this, 0.1, 100, 5, 1, 50, tr(" % of the linears' bytes"));
  m_keep->setAccessibleName(tr("Share of bytes to keep"));
  auto* keepApply =
      applyButton(tr("budget"),
                  tr("Share these bytes among attention and MLP matrices so that the kept relative energy is largest"));
  form->addRow(tr("Budget"), pair(m_keep, keepApply));
  connect(keepApply, &QPushButton::clicked, this, [this] { m_tools.applyBudget(KeepShare{m_keep->value() / 100}); });

  m_size = spin(this, 0.1, 1e9, 10, 1, 100, tr(" MiB whole model"));
  m_size->setAccessibleName(tr("Size of the whole model"));
  auto* sizeApply = applyButton(tr("size"), tr("The same, so that the whole exported model has this size"));
  form->addRow(tr("Target size"), pair(m_size, sizeApply));
  connect(sizeApply, &QPushButton::clicked, this,
          [this] { m_tools.applyBudget(KeepBytes{static_cast<std::uint64_t>(m_size->value() * 1024 * 1024)}); });

  m_storage = new QComboBox;
  m_storage->setAccessibleName(tr("Number format of the factors"));
  for (const Storage storage : {Storage::F32, Storage::F16, Storage::BF16, Storage::Int8, Storage::Int4}) {
    m_storage->addItem(words::storage(storage), static_cast<int>(storage));
  }
  m_group = new QComboBox;
  m_group->setAccessibleName(tr("Numbers that share a scale"));
  m_group->addItem(tr("one scale per slice"), 0);
  for (const int group : {32, 64, 128}) m_group->addItem(tr("groups of %1").arg(group), group);
  form->addRow(tr("Factors"), pair(m_storage, m_group));
  const auto takeStorage = [this] {
    if (m_showing) return;
    m_tools.setFactorStorage(static_cast<Storage>(m_storage->currentData().toInt()), m_group->currentData().toInt());
  };
  connect(m_storage, &QComboBox::currentIndexChanged, this, takeStorage);
  connect(m_group, &QComboBox::currentIndexChanged, this, takeStorage);

  m_minDim = new QSpinBox;
  m_minDim->setRange(0, 1000000);
  m_minDim->setSpecialValueText(tr("no limit"));
  m_minDim->setKeyboardTracking(false);
  m_minDim->setAccessibleName(tr("Smallest side that rules may compress"));
  m_minDim->setToolTip(tr("Rules leave matrices whose smaller side is below this dense"));
  form->addRow(tr("Smallest side"), m_minDim);
  connect(m_minDim, &QSpinBox::valueChanged, this, [this](int value) {
    if (!m_showing) m_tools.setMinDim(value);
  });
  return holder;
}

void PlanPanel::showRules() {
  m_tabs->setCurrentWidget(m_rules);
}

void PlanPanel::showPlan() {
  m_showing = true;
  setEnabled(m_document.isOpen());
  const RankPlan& plan = m_document.plan();
  m_storage->setCurrentIndex(m_storage->findData(static_cast<int>(plan.factorDtype)));
  m_group->setCurrentIndex(std::max(0, m_group->findData(plan.group)));
  m_group->setEnabled(isInteger(plan.factorDtype));
  m_minDim->setValue(static_cast<int>(plan.minDim));
  const int hand = static_cast<int>(plan.overrides.size());
  m_summary->setText(plan.rules.empty() && hand == 0
                         ? tr("Every layer is dense. Apply a preset or a budget, drag the rank line, or add a rule.")
                         : tr("%1 set layer by layer; the others by the first rule that matches, else dense.")
                               .arg(tr("%n rank(s)", nullptr, hand)));
  m_showing = false;
}

} // namespace rankscope::ui
