// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/help.h"

#include <QFile>
#include <QHBoxLayout>
#include <QListWidget>
#include <QLocale>
#include <QTextBrowser>

#include "ui/icons.h"
#include "ui/models/layer_delegates.h"

namespace rankscope::ui {

namespace {
constexpr int kPageRole = Qt::UserRole + 1;
}

QStringList Help::pages() {
  return {QStringLiteral("layers"),    QStringLiteral("spectrum"), QStringLiteral("diagnostics"),
          QStringLiteral("cosine"),    QStringLiteral("map"),      QStringLiteral("tradeoff"),
          QStringLiteral("evaluate"),  QStringLiteral("advise"),   QStringLiteral("plan"),
          QStringLiteral("snapshots"), QStringLiteral("jobs")};
}

QString Help::text(const QString& page) {
  registerResources();
  const QString language = QLocale().language() == QLocale::Portuguese ? QStringLiteral("pt_BR") : QStringLiteral("en");
  for (const QString& folder : {language, QStringLiteral("en")}) {
    QFile file(QStringLiteral(":/help/%1/%2.md").arg(folder, page));
    if (file.open(QIODevice::ReadOnly)) return QString::fromUtf8(file.readAll());
  }
  return {};
}

Help::Help(QWidget* parent) : QDialog(parent), m_list(new QListWidget(this)), m_text(new QTextBrowser(this)) {
  setWindowTitle(tr("Help"));
  resize(860, 600);
  m_list->setAccessibleName(tr("Help pages"));
  m_text->setAccessibleName(tr("Help text"));
  m_list->setMaximumWidth(210);
  m_list->setItemDelegate(new RowDelegate(m_list));
  m_text->setOpenExternalLinks(true);
  m_text->setFrameShape(QFrame::NoFrame);
  m_text->document()->setDocumentMargin(16);
  auto* row = new QHBoxLayout(this);
  row->addWidget(m_list);
  row->addWidget(m_text, 1);
  for (const QString& page : pages()) {
    // The first line of a page is its title.
    auto* item = new QListWidgetItem(text(page).section(QLatin1Char('\n'), 0, 0).remove(0, 2), m_list);
    item->setData(kPageRole, page);
  }
  connect(m_list, &QListWidget::currentItemChanged, this, [this](QListWidgetItem* item) {
    if (item) m_text->setMarkdown(text(item->data(kPageRole).toString()));
  });
  m_list->setCurrentRow(0);
}

void Help::showPage(const QString& page) {
  m_list->setCurrentRow(static_cast<int>(std::max<qsizetype>(0, pages().indexOf(page))));
}
QString Help::page() const {
  return m_list->currentItem() ? m_list->currentItem()->data(kPageRole).toString() : QString();
}

} // namespace rankscope::ui
