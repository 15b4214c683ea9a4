// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/start_page.h"

#include <algorithm>

#include <QDir>
#include <QFileInfo>
#include <QLabel>
#include <QListWidget>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/document/settings.h"
#include "ui/document/words.h"
#include "ui/icons.h"

namespace rankscope::ui {

namespace {

constexpr int kPathRole = Qt::UserRole + 1;

qint64 safetensorsBytes(const QDir& snapshot) {
  qint64 bytes = 0;
  for (const QFileInfo& file : snapshot.entryInfoList({QStringLiteral("*.safetensors")}, QDir::Files))
    bytes += file.size();
  return bytes;
}

/// With ~ for the home folder; of a long path the end, which is where paths differ.
QString shortPath(const QString& path) {
  constexpr qsizetype kMost = 64;
  QString text = path;
  if (text.startsWith(QDir::homePath() + QLatin1Char('/'))) text.replace(0, QDir::homePath().size(), QLatin1Char('~'));
  return text.size() <= kMost ? text : QStringLiteral("…") + text.right(kMost - 1);
}

} // namespace

QVector<CachedModel> huggingFaceModels() {
  QString home = qEnvironmentVariable("HF_HOME");
  if (home.isEmpty()) home = QDir::homePath() + QStringLiteral("/.cache/huggingface");
  const QDir hub(home + QStringLiteral("/hub"));
  QVector<CachedModel> models;
  for (const QFileInfo& repository : hub.entryInfoList({QStringLiteral("models--*")}, QDir::Dirs, QDir::Time)) {
    const QDir snapshots(repository.filePath() + QStringLiteral("/snapshots"));
    for (const QFileInfo& snapshot : snapshots.entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Time)) {
      const qint64 bytes = safetensorsBytes(QDir(snapshot.filePath()));
      if (bytes == 0) continue;
      QString name = repository.fileName().mid(8);
      name.replace(QLatin1String("--"), QLatin1String("/"));
      models.append({name, snapshot.filePath(), bytes});
      break; // the newest snapshot stands for the model
    }
  }
  return models;
}

StartPage::StartPage(QWidget* parent) : QWidget(parent), m_files(new QListWidget(this)) {
  setAutoFillBackground(true);
  setBackgroundRole(QPalette::Base);
  auto* picture = new QLabel;
  picture->setPixmap(icon("rankscope").pixmap(64, 64));
  auto* title = new QLabel(tr("Open a model to see its layers"));
  QFont large = title->font();
  large.setPointSizeF(large.pointSizeF() * 1.7);
  title->setFont(large);
  auto* hint =
      new QLabel(tr("Drop a Hugging Face folder, a .safetensors file or a run file (.h5) anywhere in this window."));
  hint->setForegroundRole(QPalette::PlaceholderText);
  auto* open = new QPushButton(icon("open"), tr("Open file…"));
  open->setObjectName(QStringLiteral("startOpen"));
  auto* folder = new QPushButton(icon("demo"), tr("Open the demo"));
  folder->setObjectName(QStringLiteral("startDemo"));
  open->setDefault(true);
  for (QPushButton* button : {open, folder}) button->setMinimumWidth(150);
  auto* buttons = new QHBoxLayout;
  buttons->addStretch(1);
  buttons->addWidget(open);
  buttons->addWidget(folder);
  buttons->addStretch(1);
  m_files->setAccessibleName(tr("Recent and cached models"));
  m_files->setFrameShape(QFrame::NoFrame);
  m_files->setMinimumHeight(160);
  m_files->setMaximumWidth(720);
  m_files->setMinimumWidth(420);
  m_files->setUniformItemSizes(false);
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(40, 30, 40, 20);
  box->setSpacing(12);
  box->addStretch(1);
  box->addWidget(picture, 0, Qt::AlignHCenter);
  box->addWidget(title, 0, Qt::AlignHCenter);
  box->addWidget(hint, 0, Qt::AlignHCenter);
  box->addLayout(buttons);
  box->addSpacing(10);
  auto* centred = new QHBoxLayout;
  centred->addStretch(1);
  centred->addWidget(m_files, 4);
  centred->addStretch(1);
  box->addLayout(centred, 3);
  box->addStretch(1);
  connect(open, &QPushButton::clicked, this, &StartPage::openWanted);
  connect(folder, &QPushButton::clicked, this, &StartPage::demoWanted);
  connect(m_files, &QListWidget::itemActivated, this, [this](QListWidgetItem* item) {
    const QString path = item->data(kPathRole).toString();
    if (!path.isEmpty()) emit fileWanted(path);
  });
  connect(m_files, &QListWidget::itemClicked, m_files, &QListWidget::itemActivated);
  refresh();
}

void StartPage::addHeading(const QString& text) {
  auto* item = new QListWidgetItem(text, m_files);
  item->setFlags(Qt::NoItemFlags);
  QFont bold = font();
  bold.setBold(true);
  item->setFont(bold);
  item->setSizeHint(QSize(0, fontMetrics().height() + 14));
}

void StartPage::addFile(const QString& path, const QString& name, const QString& detail) {
  auto* item = new QListWidgetItem(QStringLiteral("%1\n%2").arg(name, detail), m_files);
  item->setData(kPathRole, path);
  item->setToolTip(path);
  item->setSizeHint(QSize(0, 2 * fontMetrics().height() + 14));
}

void StartPage::refresh() {
  m_files->clear();
  const auto recent = settings::recentFiles();
  if (!recent.isEmpty()) addHeading(tr("Recent"));
  for (const auto& file : recent) {
    const bool there = QFileInfo::exists(file.path);
    const auto namesakes = std::ranges::count(recent, file.name, &settings::RecentFile::name);
    addFile(file.path, namesakes > 1 ? tr("%1 – %2").arg(file.name, shortPath(file.path)) : file.name,
            there ? tr("%1 · %2").arg(file.detail, QLocale().toString(file.opened, QLocale::ShortFormat))
                  : tr("no longer at %1").arg(file.path));
  }
  const auto cached = huggingFaceModels();
  if (!cached.isEmpty()) addHeading(tr("In the Hugging Face cache"));
  for (const CachedModel& model : cached)
    addFile(model.path, model.name, words::bytes(static_cast<std::uint64_t>(model.bytes)));
  m_files->setVisible(m_files->count() > 0);
}

} // namespace rankscope::ui
