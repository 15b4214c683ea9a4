// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/command_search.h"

#include <algorithm>

#include <QAction>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMenuBar>
#include <QVBoxLayout>

namespace rankscope::ui {

namespace {

constexpr int kIndexRole = Qt::UserRole + 1;
constexpr int kIconPixels = 16;
constexpr int kRowPadding = 10;

QString plain(QString text) {
  text.remove(QLatin1Char('&'));
  return text;
}

} // namespace

int fitness(const QString& typed, const QString& text) {
  int score = 0;
  qsizetype at = -1;
  for (const QChar letter : typed) {
    if (letter.isSpace()) continue;
    const qsizetype found = text.indexOf(letter, at + 1, Qt::CaseInsensitive);
    if (found < 0) return -1;
    const bool begins = found == 0 || !text[found - 1].isLetterOrNumber();
    score += found == at + 1 ? 5 : begins ? 4 : 1;
    at = found;
  }
  return 100 * score - static_cast<int>(text.size());
}

CommandSearch::CommandSearch(const QMenuBar& menus, QWidget* parent)
    : QDialog(parent, Qt::Popup), m_typed(new QLineEdit(this)), m_list(new QListWidget(this)) {
  m_typed->setPlaceholderText(tr("What do you want to do?"));
  m_typed->setAccessibleName(tr("Search commands"));
  m_list->setAccessibleName(tr("Commands"));
  m_list->setFrameShape(QFrame::NoFrame);
  m_list->setIconSize({kIconPixels, kIconPixels});
  m_typed->installEventFilter(this);
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(8, 8, 8, 8);
  box->addWidget(m_typed);
  box->addWidget(m_list, 1);
  resize(520, 360);
  collect(menus.actions(), {});
  connect(m_typed, &QLineEdit::textChanged, this, &CommandSearch::search);
  connect(m_list, &QListWidget::itemClicked, this, &CommandSearch::run);
  search({});
  m_typed->setFocus(Qt::PopupFocusReason); // a popup hands its keys to the child that has the focus, or keeps them
}

void CommandSearch::collect(const QList<QAction*>& actions, const QString& path) {
  for (QAction* action : actions) {
    if (action->isSeparator() || action->text().isEmpty()) continue;
    const QString text = path.isEmpty() ? plain(action->text()) : path + QStringLiteral(" ▸ ") + plain(action->text());
    if (action->menu())
      collect(action->menu()->actions(), text);
    else
      m_commands.append({text, action});
  }
}

void CommandSearch::search(const QString& typed) {
  std::vector<std::pair<int, int>> found; // fitness, index
  for (int i = 0; i < m_commands.size(); ++i) {
    const int fits = typed.isEmpty() ? 0 : fitness(typed, m_commands[i].text);
    if (fits >= 0 || typed.isEmpty()) found.emplace_back(fits, i);
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  m_list->clear();
  QPixmap blank(kIconPixels, kIconPixels);
  blank.fill(Qt::transparent);
  const QIcon nothing(blank);
  for (const auto& [fits, i] : found) {
    const Command& command = m_commands[i];
    const QString keys = command.action->shortcut().toString(QKeySequence::NativeText);
    auto* item =
        new QListWidgetItem(command.action->icon(),
                            keys.isEmpty() ? command.text : QStringLiteral("%1    %2").arg(command.text, keys), m_list);
    item->setData(kIndexRole, i);
    item->setSizeHint(QSize(0, fontMetrics().height() + kRowPadding));
    // So that all words begin at the same place.
    if (command.action->icon().isNull()) item->setIcon(nothing);
    if (!command.action->isEnabled()) item->setFlags(Qt::NoItemFlags);
  }
  if (m_list->count() > 0) m_list->setCurrentRow(0);
}

void CommandSearch::run() {
  const QListWidgetItem* item = m_list->currentItem();
  if (!item) return;
  QAction* action = m_commands[item->data(kIndexRole).toInt()].action;
  accept();
  if (action->isEnabled()) action->trigger();
}

bool CommandSearch::eventFilter(QObject* object, QEvent* event) {
  if (object == m_typed && event->type() == QEvent::KeyPress) {
    const auto key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Up || key == Qt::Key_Down) {
      const int row = m_list->currentRow() + (key == Qt::Key_Down ? 1 : -1);
      m_list->setCurrentRow(std::clamp(row, 0, m_list->count() - 1));
      return true;
    }
    if (key == Qt::Key_Return || key == Qt::Key_Enter) return run(), true;
  }
  return QDialog::eventFilter(object, event);
}

} // namespace rankscope::ui
