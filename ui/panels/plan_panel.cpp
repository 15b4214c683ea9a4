// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/plan_panel.h"

#include <algorithm>

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QRegularExpression>
#include <QScrollArea>
#include <QSpinBox>
#include <QTableWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/document/document.h"
#include "ui/document/plan_tools.h"
#include "ui/document/words.h"
#include "ui/panels/method_box.h"
#include "ui/icons.h"

namespace rankscope::ui {

namespace {

enum RuleColumn { PatternColumn, SyntaxColumn, ActionColumn, MatchesColumn };

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

std::optional<Action> parseAction(const QString& typed) {
  const QString text = typed.trimmed().toLower();
  if (!text.isEmpty() && (QStringLiteral("dense").startsWith(text) || words::rank(std::nullopt).startsWith(text)))
    return KeepDense{};
  static const QRegularExpression form(QStringLiteral("^([^\\d]*?)\\s*([\\d.,]+)\\s*(%?).*$"));
  const auto match = form.match(text);
  if (!match.hasMatch()) return std::nullopt;
  bool isNumber = false;
  double value = QLocale().toDouble(match.captured(2), &isNumber);
  if (!isNumber) value = match.captured(2).toDouble(&isNumber);
  if (!isNumber || value <= 0) return std::nullopt;
  const QString word = match.captured(1);
  const bool percent = !match.captured(3).isEmpty();
  if (percent) value /= 100;
  if (!word.isEmpty() && (QStringLiteral("cosine").startsWith(word) || PlanPanel::tr("cosine").startsWith(word))) {
    return value <= 1 ? std::optional<Action>(ReachCosine{value}) : std::nullopt;
  }
  if (!word.isEmpty() && (QStringLiteral("energy").startsWith(word) || PlanPanel::tr("energy").startsWith(word))) {
    return value <= 1 ? std::optional<Action>(ReachEnergy{value}) : std::nullopt;
  }
  if (percent) return value <= 1 ? std::optional<Action>(UseFraction{value}) : std::nullopt;
  if (value != static_cast<double>(static_cast<std::int64_t>(value))) return std::nullopt;
  return UseRank{static_cast<std::int64_t>(value)};
}

PlanPanel::PlanPanel(Document& document, PlanTools& tools, QWidget* parent)
    : QWidget(parent), m_document(document), m_tools(tools) {
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  auto* inside = new QWidget;
  auto* column = new QVBoxLayout(inside);
  column->setContentsMargins(10, 8, 10, 8);
  column->addWidget(choices());
  column->addWidget(new MethodBox(document, this));
  column->addWidget(rules(), 1);
  auto* scroll = new QScrollArea(this);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidget(inside);
  box->addWidget(scroll);
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

QWidget* PlanPanel::rules() {
  auto* holder = new QWidget;
  auto* box = new QVBoxLayout(holder);
  box->setContentsMargins(0, 6, 0, 0);
  m_summary = new QLabel;
  m_summary->setWordWrap(true);
  box->addWidget(m_summary);
  m_rules = new QTableWidget(0, 4);
  m_rules->setAccessibleName(tr("Rules, the first that matches decides"));
  m_rules->setHorizontalHeaderLabels({tr("Pattern"), tr("Kind"), tr("Action"), tr("Layers")});
  m_rules->horizontalHeaderItem(ActionColumn)
      ->setToolTip(tr("A rank (128), a share (12.5 %), cosine 0.95, energy 0.9, or dense"));
  m_rules->horizontalHeader()->setSectionResizeMode(PatternColumn, QHeaderView::Stretch);
  for (const int column : {SyntaxColumn, ActionColumn, MatchesColumn}) {
    m_rules->horizontalHeader()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
  }
  m_rules->verticalHeader()->setVisible(false);
  m_rules->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_rules->setSelectionMode(QAbstractItemView::SingleSelection);
  m_rules->setMinimumHeight(90);
  box->addWidget(m_rules, 1);
  auto* row = new QHBoxLayout;
  const auto button = [&](const char* picture, const QString& tip) {
    auto* tool = new QToolButton;
    tool->setIcon(icon(picture));
    tool->setToolTip(tip);
    tool->setAccessibleName(tip);
    tool->setAutoRaise(true);
    row->addWidget(tool);
    return tool;
  };
  connect(button("add", tr("Add a rule for the selected layer")), &QToolButton::clicked, this, &PlanPanel::addRule);
  connect(button("remove", tr("Remove the rule")), &QToolButton::clicked, this, [this] {
    const int at = m_rules->currentRow();
    std::vector<Rule> rules = m_document.plan().rules;
    if (at < 0 || at >= static_cast<int>(rules.size())) return;
    rules.erase(rules.begin() + at);
    m_tools.setRules(rules, tr("Remove rule"));
  });
  connect(button("up", tr("Move the rule up")), &QToolButton::clicked, this, [this] { moveRule(-1); });
  connect(button("down", tr("Move the rule down")), &QToolButton::clicked, this, [this] { moveRule(1); });
  row->addStretch(1);
  auto* hand = new QPushButton(tr("Clear hand-set ranks"));
  hand->setToolTip(tr("Let the rules decide for every layer that is not pinned"));
  connect(hand, &QPushButton::clicked, this, [this] {
    if (!m_document.isOpen()) return;
    PlanState next = m_document.planState();
    std::erase_if(next.plan.overrides, [&](const auto& entry) { return !next.pinned.contains(entry.first); });
    m_document.change(next, tr("Clear hand-set ranks"));
  });
  row->addWidget(hand);
  box->addLayout(row);
  connect(m_rules, &QTableWidget::cellChanged, this, [this] {
    if (!m_showing) takeRules(tr("Edit rule"));
  });
  return holder;
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
  // Matching every name against every rule is for changes of rules, not for each step of a drag.
  if (m_shownRules != plan.rules || m_shownModel != m_document.checkpoint().get()) showRules();
  m_showing = false;
}

void PlanPanel::showRules() {
  const std::vector<Rule>& rules = m_document.plan().rules;
  m_shownRules = rules;
  m_shownModel = m_document.checkpoint().get();
  const int kept = m_rules->currentRow();
  m_rules->setRowCount(static_cast<int>(rules.size()));
  std::vector<bool> taken(m_document.layerCount(), false);
  for (int row = 0; row < static_cast<int>(rules.size()); ++row) {
    const Rule& rule = rules[static_cast<std::size_t>(row)];
    m_rules->setItem(row, PatternColumn, new QTableWidgetItem(QString::fromStdString(rule.pattern)));
    auto* syntax = new QTableWidgetItem(rule.syntax == Rule::Syntax::Glob ? tr("glob") : tr("regex"));
    syntax->setToolTip(tr("Double-click to change: g for a glob over the whole name, r for a regular expression"));
    m_rules->setItem(row, SyntaxColumn, syntax);
    m_rules->setItem(row, ActionColumn, new QTableWidgetItem(words::action(rule.action)));
    int matches = 0, decides = 0;
    QStringList names;
    const Matcher matcher(rule);
    for (const LayerId id : m_document.allLayers()) {
      if (!matcher.matches(m_document.layer(id).name)) continue;
      ++matches;
      if (names.size() < 30) names.append(words::shortName(m_document.layer(id)));
      if (!taken[id.value]) ++decides;
      taken[id.value] = true;
    }
    auto* count =
        new QTableWidgetItem(decides == matches ? words::count(matches) : tr("%1 of %2").arg(decides).arg(matches));
    count->setToolTip(matches == 0 ? tr("No layer has such a name") : names.join(QLatin1Char('\n')));
    count->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable);
    count->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_rules->setItem(row, MatchesColumn, count);
  }
  if (kept >= 0 && kept < m_rules->rowCount()) m_rules->setCurrentCell(kept, PatternColumn);
}

void PlanPanel::takeRules(const QString& name) {
  std::vector<Rule> rules = m_document.plan().rules;
  for (int row = 0; row < m_rules->rowCount(); ++row) {
    Rule& rule = rules[static_cast<std::size_t>(row)];
    rule.pattern = m_rules->item(row, PatternColumn)->text().toStdString();
    rule.syntax = m_rules->item(row, SyntaxColumn)->text().startsWith(QLatin1Char('r'), Qt::CaseInsensitive)
                      ? Rule::Syntax::Regex
                      : Rule::Syntax::Glob;
    const auto action = parseAction(m_rules->item(row, ActionColumn)->text());
    if (!action) {
      emit m_document.failed(
          Error(ErrorKind::BadRequest,
                tr("\"%1\" is no action: write a rank (128), a share (12.5 %), cosine 0.95, energy 0.9 or dense")
                    .arg(m_rules->item(row, ActionColumn)->text())
                    .toStdString()));
      m_showing = true;
      showRules();
      m_showing = false;
      return;
    }
    rule.action = *action;
  }
  m_tools.setRules(rules, name);
  m_showing = true;
  showRules(); // also where the rules were refused: the table shows what holds
  m_showing = false;
}

void PlanPanel::addRule() {
  if (!m_document.isOpen()) return;
  std::vector<Rule> rules = m_document.plan().rules;
  Rule rule;
  rule.pattern = "*";
  rule.action = UseFraction{0.125};
  if (const auto current = m_document.current()) {
    // The same place in every block: numbers become stars.
    QString pattern = QString::fromStdString(m_document.layer(*current).name);
    pattern.replace(QRegularExpression(QStringLiteral("(?<=\\.)\\d+(?=\\.)")), QStringLiteral("*"));
    rule.pattern = pattern.toStdString();
  }
  rules.push_back(rule);
  m_tools.setRules(rules, tr("Add rule"));
  m_rules->setCurrentCell(m_rules->rowCount() - 1, PatternColumn);
  m_rules->editItem(m_rules->item(m_rules->rowCount() - 1, PatternColumn));
}

void PlanPanel::moveRule(int by) {
  std::vector<Rule> rules = m_document.plan().rules;
  const int from = m_rules->currentRow(), to = from + by;
  if (from < 0 || to < 0 || to >= static_cast<int>(rules.size())) return;
  std::swap(rules[static_cast<std::size_t>(from)], rules[static_cast<std::size_t>(to)]);
  m_tools.setRules(rules, tr("Reorder rules"));
  m_rules->setCurrentCell(to, PatternColumn);
}

} // namespace rankscope::ui
