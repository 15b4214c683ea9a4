// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/rules_panel.h"

#include <QComboBox>
#include <QFormLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QRegularExpression>
#include <QTimer>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>

#include "ui/document/document.h"
#include "ui/document/parse_action.h"
#include "ui/document/plan_tools.h"
#include "ui/document/rule_preview.h"
#include "ui/document/words.h"
#include "ui/icons.h"
#include "ui/models/layer_delegates.h"
#include "ui/models/rule_list_model.h"

namespace rankscope::ui {

namespace {
constexpr int kPreviewMs = 120;
}

RulesPanel::RulesPanel(Document& document, PlanTools& tools, QWidget* parent)
    : QWidget(parent), m_document(document), m_tools(tools), m_model(new RuleListModel(document, this)),
      m_list(new QTreeView), m_pattern(new QLineEdit), m_kind(new QComboBox), m_action(new QLineEdit),
      m_preview(new QLabel), m_add(new QPushButton(tr("Add rule"))), m_replace(new QPushButton(tr("Change rule"))),
      m_select(new QPushButton(tr("Select its layers"))), m_later(new QTimer(this)) {
  auto* title = new QLabel(tr("Rules, tried from the top"));
  QFont bold = title->font();
  bold.setBold(true);
  title->setFont(bold);
  m_list->setModel(m_model);
  m_list->setAccessibleName(tr("Rules, the first that matches decides"));
  m_list->setAccessibleDescription(tr("Alt with the up and down arrows moves a rule, Delete removes it"));
  m_list->setRootIsDecorated(false);
  m_list->setUniformRowHeights(true);
  m_list->setItemDelegate(new RowDelegate(m_list));
  m_list->setAlternatingRowColors(true);
  m_list->setDragDropMode(QAbstractItemView::InternalMove);
  m_list->setDragDropOverwriteMode(false);
  m_list->setDropIndicatorShown(true);
  m_list->setMinimumHeight(fontMetrics().height() * 7);
  m_list->installEventFilter(this);
  QHeaderView* header = m_list->header();
  header->setStretchLastSection(false);
  header->setSectionResizeMode(RuleListModel::Pattern, QHeaderView::Stretch);
  for (const int column : {RuleListModel::Kind, RuleListModel::ActionColumn, RuleListModel::Matches})
    header->setSectionResizeMode(column, QHeaderView::ResizeToContents);

  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(10, 8, 10, 8);
  box->addWidget(title);
  box->addWidget(m_list, 1);
  box->addWidget(buttons());
  box->addWidget(editor());

  connect(m_list->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this](const QModelIndex& current) { takeUp(current.row()); });
  // Queued: the rows are replaced, which must not happen under an editor or a drop.
  connect(
      m_model, &RuleListModel::changeWanted, this,
      [this](int row, const Rule& rule) {
        std::vector<Rule> rules = m_document.plan().rules;
        if (row >= static_cast<int>(rules.size())) return;
        rules[static_cast<std::size_t>(row)] = rule;
        m_tools.setRules(rules, tr("Edit rule"));
      },
      Qt::QueuedConnection);
  connect(m_model, &RuleListModel::moveWanted, this, &RulesPanel::move, Qt::QueuedConnection);
  connect(m_model, &RuleListModel::badAction, this, [this](const QString& typed) {
    const QString what =
        tr("\"%1\" is no action: write a rank (128), a share (12.5 %), cosine 0.95, energy 0.9 or dense").arg(typed);
    emit m_document.failed(Error(ErrorKind::BadRequest, what.toStdString()));
  });
  connect(&document, &Document::opened, this, &RulesPanel::suggest);
  connect(&document, &Document::selectionChanged, this, [this] {
    if (isVisible() && currentRow() < 0 && !m_pattern->isModified()) suggest();
  });
  // A drag changes the plan with every move of the mouse; the preview may come a moment later.
  m_later->setSingleShot(true);
  m_later->setInterval(kPreviewMs);
  connect(m_later, &QTimer::timeout, this, &RulesPanel::preview);
  connect(&document, &Document::planChanged, this, [this] {
    if (isVisible()) m_later->start();
  });
}

QToolButton* RulesPanel::button(QHBoxLayout& row, const char* picture, const QString& tip) {
  auto* tool = new QToolButton;
  tool->setIcon(icon(picture));
  tool->setToolTip(tip);
  tool->setAccessibleName(tip);
  tool->setAutoRaise(true);
  row.addWidget(tool);
  return tool;
}

QWidget* RulesPanel::buttons() {
  auto* holder = new QWidget;
  auto* row = new QHBoxLayout(holder);
  row->setContentsMargins(0, 0, 0, 0);
  connect(button(*row, "up", tr("Move the rule up")), &QToolButton::clicked, this,
          [this] { move(currentRow(), currentRow() - 1); });
  connect(button(*row, "down", tr("Move the rule down")), &QToolButton::clicked, this,
          [this] { move(currentRow(), currentRow() + 1); });
  connect(button(*row, "remove", tr("Remove the rule")), &QToolButton::clicked, this, &RulesPanel::remove);
  QToolButton* presets = button(*row, "preset", tr("Start from a preset, as rules"));
  presets->setPopupMode(QToolButton::InstantPopup);
  auto* menu = new QMenu(presets);
  for (const Preset preset : {Preset::Uniform, Preset::Selective, Preset::Hybrid})
    connect(menu->addAction(words::preset(preset)), &QAction::triggered, this, [this, preset] { startFrom(preset); });
  presets->setMenu(menu);
  connect(button(*row, "open", tr("Load a plan file")), &QToolButton::clicked, this, &RulesPanel::loadWanted);
  connect(button(*row, "save", tr("Save the plan as a file")), &QToolButton::clicked, this, &RulesPanel::saveWanted);
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
  return holder;
}

QWidget* RulesPanel::editor() {
  m_pattern->setAccessibleName(tr("Pattern of layer names"));
  m_pattern->setToolTip(tr("A glob must match the whole name: * stands for anything, ? for one character"));
  m_kind->setAccessibleName(tr("Kind of pattern"));
  m_kind->addItem(tr("glob"), static_cast<int>(Rule::Syntax::Glob));
  m_kind->addItem(tr("regex"), static_cast<int>(Rule::Syntax::Regex));
  m_action->setAccessibleName(tr("What the rule does"));
  m_action->setPlaceholderText(tr("128, 12.5 %, cosine 0.95, energy 0.9 or dense"));
  m_preview->setWordWrap(true);
  m_preview->setAccessibleName(tr("What the rule would change"));
  m_preview->setMinimumHeight(2 * fontMetrics().lineSpacing());
  m_preview->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  auto* holder = new QWidget;
  auto* form = new QFormLayout(holder);
  form->setContentsMargins(0, 4, 0, 0);
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  auto* pattern = new QHBoxLayout;
  pattern->addWidget(m_pattern, 1);
  pattern->addWidget(m_kind);
  form->addRow(tr("Pattern"), pattern);
  form->addRow(tr("Action"), m_action);
  form->addRow(m_preview);
  auto* row = new QHBoxLayout;
  row->addWidget(m_add);
  row->addWidget(m_replace);
  row->addStretch(1);
  row->addWidget(m_select);
  form->addRow(row);
  connect(m_pattern, &QLineEdit::textChanged, this, &RulesPanel::preview);
  connect(m_action, &QLineEdit::textChanged, this, &RulesPanel::preview);
  connect(m_kind, &QComboBox::currentIndexChanged, this, &RulesPanel::preview);
  connect(m_action, &QLineEdit::returnPressed, this, [this] { put(currentRow() >= 0); });
  connect(m_pattern, &QLineEdit::returnPressed, this, [this] { put(currentRow() >= 0); });
  connect(m_add, &QPushButton::clicked, this, [this] { put(false); });
  connect(m_replace, &QPushButton::clicked, this, [this] { put(true); });
  connect(m_select, &QPushButton::clicked, this, [this] {
    if (!m_matched.empty()) m_document.select(m_matched, m_matched.front());
  });
  return holder;
}

int RulesPanel::currentRow() const {
  return m_list->currentIndex().isValid() ? m_list->currentIndex().row() : -1;
}

std::optional<Rule> RulesPanel::written() const {
  const auto action = parseAction(m_action->text());
  if (!action || m_pattern->text().isEmpty()) return std::nullopt;
  Rule rule{static_cast<Rule::Syntax>(m_kind->currentData().toInt()), m_pattern->text().toStdString(), *action};
  // What else the rule at hand says (a quantised base, a method) is not written here and stays.
  if (currentRow() >= 0) rule.settings = m_document.plan().rules[static_cast<std::size_t>(currentRow())].settings;
  return rule;
}

/// A pattern for the current layer's place in every block, to begin with.
void RulesPanel::suggest() {
  if (const auto current = m_document.isOpen() ? m_document.current() : std::nullopt) {
    QString pattern = QString::fromStdString(m_document.layer(*current).name);
    pattern.replace(QRegularExpression(QStringLiteral("(?<=\\.)\\d+(?=\\.)")), QStringLiteral("*"));
    m_kind->setCurrentIndex(0);
    m_pattern->setText(pattern);
  }
  preview();
}

void RulesPanel::takeUp(int row) {
  if (row >= 0 && row < m_model->rowCount()) {
    const Rule& rule = m_document.plan().rules[static_cast<std::size_t>(row)];
    m_pattern->setText(QString::fromStdString(rule.pattern));
    m_kind->setCurrentIndex(m_kind->findData(static_cast<int>(rule.syntax)));
    m_action->setText(words::action(rule.action));
  }
  preview();
}

void RulesPanel::preview() {
  m_matched.clear();
  const bool open = m_document.isOpen();
  const auto rule = open ? written() : std::nullopt;
  const int row = currentRow();
  m_add->setEnabled(rule.has_value());
  m_replace->setEnabled(rule && row >= 0 && *rule != m_document.plan().rules[static_cast<std::size_t>(row)]);
  if (!open) {
    m_preview->clear();
  } else if (!rule) {
    m_preview->setText(m_action->text().isEmpty() || m_pattern->text().isEmpty()
                           ? tr("Write a pattern and an action to see what the rule would change.")
                           : tr("This is no action: write a rank, a share, a cosine, an energy, or dense."));
  } else {
    std::vector<Rule> rules = m_document.plan().rules;
    std::size_t edited = rules.size();
    if (m_replace->isEnabled())
      rules[edited = static_cast<std::size_t>(row)] = *rule;
    else
      rules.push_back(*rule);
    try {
      const RulePreview seen = previewRules(m_document, rules, edited);
      m_matched = seen.matched;
      const QString matches = tr("Matches %n layer(s).", nullptr, static_cast<int>(seen.matched.size()));
      m_preview->setText(
          seen.changed.empty()
              ? tr("%1 Applied, it would change nothing: ranks set by hand and earlier rules go first.").arg(matches)
              : tr("%1 Applied, it changes %2: %3 → %4.")
                    .arg(matches, tr("%n layer(s)", nullptr, static_cast<int>(seen.changed.size())),
                         words::bytes(seen.bytesNow), words::bytes(seen.bytesThen)));
      if (seen.matched.empty()) m_preview->setText(tr("No layer has such a name."));
    } catch (const Error& error) {
      m_preview->setText(words::trouble(error).what);
      m_add->setEnabled(false);
      m_replace->setEnabled(false);
    }
  }
  m_select->setEnabled(!m_matched.empty());
}

void RulesPanel::put(bool replace) {
  const auto rule = m_document.isOpen() ? written() : std::nullopt;
  if (!rule) return;
  std::vector<Rule> rules = m_document.plan().rules;
  const int row = currentRow();
  if (replace && row >= 0)
    rules[static_cast<std::size_t>(row)] = *rule;
  else
    rules.push_back(*rule);
  m_tools.setRules(rules, replace ? tr("Edit rule") : tr("Add rule"));
  m_pattern->setModified(false);
  const int shown = replace ? row : m_model->rowCount() - 1;
  m_list->setCurrentIndex(m_model->index(shown, RuleListModel::Pattern));
}

void RulesPanel::remove() {
  std::vector<Rule> rules = m_document.plan().rules;
  const int at = currentRow();
  if (at < 0 || at >= static_cast<int>(rules.size())) return;
  rules.erase(rules.begin() + at);
  m_tools.setRules(rules, tr("Remove rule"));
}

void RulesPanel::move(int from, int to) {
  std::vector<Rule> rules = m_document.plan().rules;
  if (from < 0 || to < 0 || from >= static_cast<int>(rules.size()) || to >= static_cast<int>(rules.size())) return;
  const Rule moved = rules[static_cast<std::size_t>(from)];
  rules.erase(rules.begin() + from);
  rules.insert(rules.begin() + to, moved);
  m_tools.setRules(rules, tr("Reorder rules"));
  m_list->setCurrentIndex(m_model->index(to, RuleListModel::Pattern));
}

void RulesPanel::startFrom(Preset preset) {
  if (!m_document.isOpen()) return;
  PlanState next = m_document.planState();
  next.plan.rules = rulesLikePreset(*m_document.checkpoint(), preset);
  std::erase_if(next.plan.overrides, [&](const auto& entry) { return !next.pinned.contains(entry.first); });
  m_document.change(next, tr("Rules of the %1 preset").arg(words::preset(preset)));
}

void RulesPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  if (m_pattern->text().isEmpty()) suggest();
  else preview();
}

bool RulesPanel::eventFilter(QObject* object, QEvent* event) {
  if (object == m_list && event->type() == QEvent::KeyPress) {
    const auto& key = *static_cast<QKeyEvent*>(event);
    const bool alt = key.modifiers() & Qt::AltModifier;
    if (alt && key.key() == Qt::Key_Up) return move(currentRow(), currentRow() - 1), true;
    if (alt && key.key() == Qt::Key_Down) return move(currentRow(), currentRow() + 1), true;
    if (key.key() == Qt::Key_Delete) return remove(), true;
  }
  return QWidget::eventFilter(object, event);
}

} // namespace rankscope::ui
