// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/snapshots_panel.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QInputDialog>
#include <QPushButton>
#include <QSplitter>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "ui/document/document.h"
#include "ui/document/plan_quality.h"
#include "ui/document/words.h"
#include "ui/models/layer_delegates.h"
#include "ui/refresher.h"

namespace rankscope::ui {

namespace {

constexpr int kLaterMs = 60;

/// A snapshot as it would be now; nullopt when it does not fit the model or a spectrum is missing.
std::optional<ResolvedPlan> resolved(const Document& document, const std::string& json) {
  try {
    return resolve(parsePlan(json, "snapshot"), *document.checkpoint(), document.spectra());
  } catch (const Error&) {
    return std::nullopt;
  }
}

QTreeWidget* list(const QStringList& headers, const QString& name) {
  auto* tree = new QTreeWidget;
  tree->setHeaderLabels(headers);
  tree->setAccessibleName(name);
  tree->setRootIsDecorated(false);
  tree->header()->setStretchLastSection(false);
  tree->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
  tree->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  tree->setUniformRowHeights(true);
  tree->setItemDelegate(new RowDelegate(tree));
  tree->setFrameShape(QFrame::NoFrame);
  tree->setAlternatingRowColors(true);
  return tree;
}

} // namespace

SnapshotsPanel::SnapshotsPanel(Document& document, QWidget* parent)
    : QWidget(parent), m_document(document),
      m_list(list({tr("Snapshot"), tr("Size"), tr("Kept"), tr("≈ Mean cosine")}, tr("Snapshots of plans"))),
      m_differences(list({tr("Layer"), tr("Snapshot"), tr("Now"), tr("≈ Cosine"), tr("≈ Now")},
                         tr("Layers where the snapshot differs from the plan"))),
      m_keep(new QPushButton(tr("Keep this plan…"))), m_return(new QPushButton(tr("Return to it"))),
      m_remove(new QPushButton(tr("Delete"))) {
  auto* split = new QSplitter(Qt::Vertical);
  split->addWidget(m_list);
  split->addWidget(m_differences);
  auto* row = new QHBoxLayout;
  row->setContentsMargins(6, 0, 6, 6);
  for (QPushButton* button : {m_keep, m_return, m_remove}) row->addWidget(button);
  row->addStretch(1);
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->addWidget(split, 1);
  box->addLayout(row);
  connect(&document, &Document::snapshotsChanged, this, &SnapshotsPanel::showSnapshots);
  connect(&document, &Document::opened, this, &SnapshotsPanel::showSnapshots);
  connect(&document, &Document::closed, this, &SnapshotsPanel::showSnapshots);
  connect(&document, &Document::spectraEnded, this, &SnapshotsPanel::showSnapshots);
  auto* later = new Refresher(
      *this, [this] { showDifferences(); }, kLaterMs);
  connect(&document, &Document::planChanged, later, &Refresher::request);
  connect(m_list, &QTreeWidget::currentItemChanged, this, &SnapshotsPanel::showDifferences);
  connect(m_list, &QTreeWidget::itemActivated, this, &SnapshotsPanel::returnToSelected);
  connect(m_keep, &QPushButton::clicked, this, &SnapshotsPanel::askKeep);
  connect(m_return, &QPushButton::clicked, this, &SnapshotsPanel::returnToSelected);
  connect(m_remove, &QPushButton::clicked, this, &SnapshotsPanel::removeSelected);
  showSnapshots();
}

QString SnapshotsPanel::selected() const {
  return m_list->currentItem() ? m_list->currentItem()->text(0) : QString();
}

void SnapshotsPanel::keep(const QString& name) {
  auto snapshots = m_document.snapshots();
  snapshots[name.toStdString()] = toJson(planWithPins(m_document.planState()));
  m_document.setSnapshots(std::move(snapshots));
}

void SnapshotsPanel::askKeep() {
  if (!m_document.isOpen()) return;
  bool agreed = false;
  const QString suggestion = m_document.undoStack().undoText().isEmpty()
                                 ? tr("Plan %1").arg(m_document.snapshots().size() + 1)
                                 : m_document.undoStack().undoText();
  const QString name =
      QInputDialog::getText(this, tr("Keep this plan"), tr("Name:"), QLineEdit::Normal, suggestion, &agreed).trimmed();
  if (agreed && !name.isEmpty()) keep(name);
}

void SnapshotsPanel::showSnapshots() {
  const QString was = selected();
  m_list->clear();
  if (m_document.isOpen()) {
    for (const auto& [name, json] : m_document.snapshots()) {
      auto* item = new QTreeWidgetItem(m_list, {QString::fromStdString(name)});
      if (const auto plan = resolved(m_document, json)) {
        const ByteTotals bytes = modelTotals(*m_document.checkpoint(), *plan);
        const auto quality = meanCosine(*m_document.checkpoint(), *plan, m_document.spectra());
        item->setText(1, words::bytes(bytes.after));
        item->setText(2, words::share(bytes.kept()));
        item->setText(3, quality ? words::cosine(*quality) : QStringLiteral("…"));
      } else {
        item->setText(1, tr("needs spectra, or belongs to another model"));
      }
      for (int column = 1; column < 4; ++column) item->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
      if (item->text(0) == was) m_list->setCurrentItem(item);
    }
  }
  if (!m_list->currentItem()) m_list->setCurrentItem(m_list->topLevelItem(0));
  showDifferences();
}

void SnapshotsPanel::showDifferences() {
  m_differences->clear();
  const QString name = selected();
  m_return->setEnabled(!name.isEmpty());
  m_remove->setEnabled(!name.isEmpty());
  m_keep->setEnabled(m_document.isOpen());
  if (name.isEmpty() || !m_document.isOpen()) return;
  const auto entry = m_document.snapshots().find(name.toStdString());
  const auto plan = entry == m_document.snapshots().end() ? std::nullopt : resolved(m_document, entry->second);
  if (!plan) return;
  const auto cosine = [this](LayerId id, const LayerChoice& choice) {
    const auto spectrum = m_document.spectrum(id);
    if (choice.isDense()) return words::cosine(1);
    return spectrum && isPredictable(choice) ? words::cosine(spectrum->cosineAt(*choice.rank)) : QStringLiteral("…");
  };
  for (const LayerId id : m_document.allLayers()) {
    const LayerChoice &then = plan->layers[id.value], &now = m_document.choice(id);
    if (then == now) continue;
    auto* item = new QTreeWidgetItem(m_differences, {words::shortName(m_document.layer(id)), words::choice(then),
                                                     words::choice(now), cosine(id, then), cosine(id, now)});
    for (int column = 1; column < 5; ++column) item->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
  }
  if (m_differences->topLevelItemCount() == 0)
    new QTreeWidgetItem(m_differences, {tr("The plan is the same as this snapshot")});
}

void SnapshotsPanel::returnToSelected() {
  const auto entry = m_document.snapshots().find(selected().toStdString());
  if (entry == m_document.snapshots().end()) return;
  try {
    const PlanState next = stateFrom(parsePlan(entry->second, "the snapshot"));
    m_document.change(next, tr("Return to \"%1\"").arg(selected()));
  } catch (const Error& error) {
    emit m_document.failed(error);
  }
}

void SnapshotsPanel::removeSelected() {
  auto snapshots = m_document.snapshots();
  snapshots.erase(selected().toStdString());
  m_document.setSnapshots(std::move(snapshots));
}

} // namespace rankscope::ui
