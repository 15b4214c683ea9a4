// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/file_actions.h"

#include <QApplication>
#include <QDesktopServices>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>
#include <QPushButton>
#include <QStandardPaths>
#include <QStorageInfo>
#include <QTimer>
#include <QUrl>

#include "core/report/report.h"
#include "ui/document/document.h"
#include "ui/document/moved_model.h"
#include "ui/document/opening.h"
#include "ui/document/session.h"
#include "ui/document/settings.h"
#include "ui/document/words.h"
#include "ui/jobs/job_runner.h"
#include "ui/panels/banner.h"

namespace rankscope::ui {

namespace {

constexpr int kSlowMs = 250;

std::filesystem::path native(const QString& path) {
  return std::filesystem::path(QFile::encodeName(path).toStdString());
}
QString shown(const std::filesystem::path& path) {
  return QFile::decodeName(path.string().c_str());
}

/// The folder around the demo, or one in it.
bool isProgramsOwn(const QString& folder) {
  const QString demo = QFileInfo(demoModelPath()).canonicalFilePath();
  if (demo.isEmpty()) return false;
  const QString own = QFileInfo(demo).absolutePath() + QLatin1Char('/');
  return (QFileInfo(folder).canonicalFilePath() + QLatin1Char('/')).startsWith(own);
}

QString modelName(const Document& document) {
  const QString name = QString::fromStdString(document.checkpoint()->content().modelName);
  return name.isEmpty() ? QStringLiteral("model") : name;
}

} // namespace

FileActions::FileActions(Document& document, JobRunner& jobs, Banner& banner, QWidget* window)
    : QObject(window), m_document(document), m_jobs(jobs), m_banner(banner), m_window(window),
      m_opening(new Opening(this)), m_slow(new QTimer(this)) {
  m_slow->setSingleShot(true);
  m_slow->setInterval(kSlowMs);
  connect(m_slow, &QTimer::timeout, this, &FileActions::showOpening);
  connect(m_opening, &Opening::changed, this, [this] {
    if (!m_opening->name().isEmpty()) {
      m_slow->start();
      return;
    }
    m_slow->stop();
    m_banner.endWaiting();
  });
  connect(m_opening, &Opening::read, this, &FileActions::take);
  connect(m_opening, &Opening::failed, this, [this](const Error& error) {
    showError(error);
    emit openEnded(false);
  });
  connect(m_opening, &Opening::moved, this, [this](const ModelMoved& moved) {
    offerToLocate(moved);
    emit openEnded(false);
  });
  const auto show = [](const QString& path) {
    return [path] { QDesktopServices::openUrl(QUrl::fromLocalFile(path)); };
  };
  connect(&document, &Document::failed, this, &FileActions::showError);
  connect(&document, &Document::runNotKept, this, [this](const Error& why) {
    const bool inUse = why.kind() == ErrorKind::InUse;
    m_banner.show(Banner::Kind::Problem,
                  inUse ? tr("%1 is open in another window, or a command works on it. What you do in this window is not "
                             "kept.")
                              .arg(modelName(m_document))
                        : tr("%1. What you do in this window is not kept.").arg(words::trouble(why).what),
                  inUse ? tr("To keep it, save to a run file of its own; or close the other window and open the model "
                             "again.")
                        : tr("To keep it, save the run somewhere else."),
                  tr("Save run as…"), [this] { saveRunAs(); });
  });
  connect(&document, &Document::closed, this, [] { session::note({}); });
  connect(&document, &Document::exported, this, [this, show](const QString& path) {
    m_banner.show(Banner::Kind::Success, tr("The model is in %1, re-read and checked.").arg(path), {}, tr("Show"),
                  show(path));
  });
  connect(&document, &Document::reported, this, [this, show](const QString& path) {
    m_banner.show(Banner::Kind::Success, tr("The report is in %1").arg(path), {}, tr("Show"), show(path));
  });
  connect(&document, &Document::saved, this, [this](const QString& path) {
    session::note(path);
    m_banner.show(Banner::Kind::Success, tr("Saved %1. What follows is saved there at once.").arg(path));
  });
}

bool FileActions::mayStop() {
  const auto jobs = m_jobs.worthAsking();
  if (jobs.empty() || !m_window->isVisible()) return true;
  QStringList titles;
  for (const JobStatus* job : jobs) titles.append(job->title);
  const QString what = jobs.size() == 1 ? tr("%1 is still running. Stop it and close?").arg(titles.front())
                                        : tr("%n jobs are not finished: %1. Stop them and close?", nullptr,
                                             static_cast<int>(jobs.size()))
                                              .arg(titles.join(QStringLiteral(", ")));
  QMessageBox box(QMessageBox::Question, tr("Rankscope"), what, QMessageBox::NoButton, m_window);
  box.setInformativeText(tr("What is finished is kept, and the next start goes on from there."));
  const QAbstractButton* stop = box.addButton(tr("Stop and close"), QMessageBox::AcceptRole);
  box.setDefaultButton(box.addButton(tr("Go on"), QMessageBox::RejectRole));
  connect(&m_jobs, &JobRunner::changed, &box, [this, &box] {
    if (m_jobs.worthAsking().empty()) box.accept(); // there is nothing left to ask about
  });
  box.exec();
  return box.clickedButton() == stop || m_jobs.worthAsking().empty();
}

void FileActions::close() {
  if (mayStop()) m_document.close();
}

void FileActions::showError(const Error& error) {
  const words::Trouble trouble = words::trouble(error);
  m_banner.show(Banner::Kind::Problem, trouble.what, trouble.advice);
}

void FileActions::attempt(const std::function<void()>& work) {
  QApplication::setOverrideCursor(Qt::BusyCursor);
  try {
    work();
    QApplication::restoreOverrideCursor();
  } catch (const Error& error) {
    QApplication::restoreOverrideCursor();
    showError(error);
  } catch (const std::filesystem::filesystem_error& error) {
    QApplication::restoreOverrideCursor();
    showError(systemError(error.code().value(), "cannot use", error.path1()));
  }
}

/// The last one, but not where the program's own files lie: nothing of the user's belongs there.
QString FileActions::lastFolder() const {
  const QString last = settings::text(QStringLiteral("last_folder"), QString());
  if (!last.isEmpty() && QFileInfo(last).isDir() && !isProgramsOwn(last)) return last;
  const QString documents = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
  return QFileInfo(documents).isDir() ? documents : QDir::homePath();
}

void FileActions::keepFolder(const QString& path) const {
  const QString folder = QFileInfo(path).absolutePath();
  if (!isProgramsOwn(folder)) settings::setText(QStringLiteral("last_folder"), folder);
}

void FileActions::open(const QString& path) {
  const QString absolute = QFileInfo(path).absoluteFilePath();
  startOpening(absolute, [file = native(absolute)] { return readModel(file); });
}

void FileActions::startOpening(const QString& path, std::function<OpenedModel()> read) {
  m_path = path;
  m_opening->start(path, std::move(read));
}

void FileActions::showOpening() {
  m_banner.show(Banner::Kind::Waiting, tr("Opening %1…").arg(m_opening->name()), {}, tr("Cancel"), [this] {
    m_opening->cancel();
    emit openEnded(false);
  });
}

void FileActions::take(const OpenedModel& model) {
  const bool shown = mayStop();
  if (shown) {
    m_banner.clear(); // what it says is of the model before
    m_document.show(model);
    remember(m_path);
  }
  emit openEnded(shown);
}

void FileActions::remember(const QString& path) {
  keepFolder(path);
  session::note(path);
  const Checkpoint& model = *m_document.checkpoint();
  const QString family = QString::fromStdString(model.architecture());
  settings::addRecentFile({path, modelName(m_document), tr("%1 · %2").arg(family, words::bytes(model.bytes())),
                           QDateTime::currentDateTime()});
  emit recentChanged();
}

void FileActions::offerToLocate(const ModelMoved& moved) {
  const QString run = shown(moved.run);
  m_banner.show(Banner::Kind::Problem,
                tr("The model of %1 is no longer at %2.").arg(QFileInfo(run).fileName(), shown(moved.model)),
                tr("Say where it is now: its contents are compared before anything is used."), tr("Locate the model…"),
                [this, run] {
                  const QString model = QFileDialog::getOpenFileName(
                      m_window, tr("Where is the model now?"), lastFolder(),
                      tr("Model files (*.safetensors *.index.json config.json);;All files (*)"));
                  if (!model.isEmpty()) openMoved(run, model);
                });
}

void FileActions::openMoved(const QString& run, const QString& model) {
  // A configuration stands for its folder, which is what a person can point at in a file dialog.
  const QFileInfo chosen(model);
  const bool folder = chosen.fileName() == QLatin1String("config.json");
  startOpening(run, [run = native(run), place = native(folder ? chosen.absolutePath() : chosen.absoluteFilePath())] {
    return readMovedModel(run, place);
  });
}

void FileActions::offerLost() {
  const QString lost = session::takeLost();
  if (lost.isEmpty() || !QFileInfo::exists(lost)) return;
  m_banner.show(Banner::Kind::Problem, tr("Rankscope did not end properly last time, with %1 open.").arg(lost),
                tr("Plan, snapshots and all finished results are kept."), tr("Open it again"),
                [this, lost] { open(lost); });
}

void FileActions::askOpenFile() {
  const QString path =
      QFileDialog::getOpenFileName(m_window, tr("Open model or run file"), lastFolder(),
                                   tr("Models and runs (*.safetensors *.index.json *.h5);;All files (*)"));
  if (!path.isEmpty()) open(path);
}

void FileActions::askOpenFolder() {
  const QString path = QFileDialog::getExistingDirectory(m_window, tr("Open model folder"), lastFolder());
  if (!path.isEmpty()) open(path);
}

QString demoModelPath() {
  const QString beside = QCoreApplication::applicationDirPath();
  const QStringList places{beside + QStringLiteral("/../share/rankscope/demo"),
                           QStringLiteral(RANKSCOPE_SOURCE_DIR "/resources/demo")};
  for (const QString& place : places) {
    for (const QString& folder : {place, place + QStringLiteral("/model")}) {
      if (QFileInfo::exists(folder + QStringLiteral("/config.json"))) return QDir::cleanPath(folder);
    }
  }
  return {};
}

void FileActions::openDemo() {
  const QString path = demoModelPath();
  if (!path.isEmpty()) {
    open(path);
    return;
  }
  m_banner.show(Banner::Kind::Problem, tr("The demo model did not come with this installation."),
                tr("Open a model of your own instead."));
}

void FileActions::saveRun() {
  if (!m_document.isOpen()) return;
  if (m_document.runIsPrivate()) {
    saveRunAs();
    return;
  }
  m_document.saveRunAs(m_document.runPath());
}

void FileActions::saveRunAs() {
  if (!m_document.isOpen()) return;
  QString path = QFileDialog::getSaveFileName(m_window, tr("Save run"),
                                              lastFolder() + QLatin1Char('/') + modelName(m_document) +
                                                  QStringLiteral(".rankscope.h5"),
                                              tr("Run files (*.h5)"));
  if (path.isEmpty()) return;
  if (QFileInfo(path).suffix().isEmpty()) path += QStringLiteral(".rankscope.h5"); // what desktops know it by
  keepFolder(path);
  m_document.saveRunAs(native(path));
}

QString FileActions::exportSuggestion(ExportKind kind) const {
  return lastFolder() + QLatin1Char('/') + modelName(m_document) +
         (kind == ExportKind::Dense ? QStringLiteral("-dense") : QStringLiteral("-lowrank"));
}

void FileActions::askExport(ExportKind kind) {
  if (!m_document.isOpen()) return;
  const bool dense = kind == ExportKind::Dense;
  const std::uint64_t bytes = exportBytes(*m_document.checkpoint(), m_document.resolved(), kind);
  const QString title = dense ? tr("Export dense model (%1 needed): name a new folder")
                              : tr("Export factored model (%1 needed): name a new folder");
  const QString path = QFileDialog::getSaveFileName(m_window, title.arg(words::bytes(bytes)), exportSuggestion(kind),
                                                    tr("Folders (*)"), nullptr, QFileDialog::DontConfirmOverwrite);
  if (path.isEmpty()) return;
  const QFileInfo target(path);
  bool overwrite = false;
  if (target.isDir() && !QDir(path).isEmpty()) {
    const auto answer =
        QMessageBox::question(m_window, tr("Export model"),
                              tr("%1 is not empty. Replace it? Only an earlier export is ever replaced.").arg(path),
                              QMessageBox::Yes | QMessageBox::No, QMessageBox::No);
    if (answer != QMessageBox::Yes) return;
    overwrite = true;
  }
  exportTo(path, kind, overwrite);
}

void FileActions::exportTo(const QString& path, ExportKind kind, bool overwrite) {
  const std::uint64_t bytes = exportBytes(*m_document.checkpoint(), m_document.resolved(), kind);
  const QFileInfo target(path);
  const QStorageInfo disk(target.absolutePath());
  // What has no size, such as /proc, is no disk: space is not what is missing there.
  if (disk.isValid() && disk.bytesTotal() > 0 && static_cast<std::uint64_t>(disk.bytesAvailable()) < bytes) {
    m_banner.show(Banner::Kind::Problem,
                  tr("The export needs %1, but the disk of %2 has only %3 left.")
                      .arg(words::bytes(bytes), target.absolutePath(),
                           words::bytes(static_cast<std::uint64_t>(disk.bytesAvailable()))),
                  tr("Free some space or choose another disk."));
    return;
  }
  keepFolder(path);
  m_document.exportModel(native(path), kind, overwrite);
}

void FileActions::askReport() {
  if (!m_document.isOpen()) return;
  QString path = QFileDialog::getSaveFileName(
      m_window, tr("Write report"), lastFolder() + QLatin1Char('/') + modelName(m_document) + QStringLiteral(".html"),
      tr("Reports (*.html *.md *.csv)"));
  if (path.isEmpty()) return;
  if (QFileInfo(path).suffix().isEmpty()) path += QStringLiteral(".html");
  keepFolder(path);
  m_document.writeReport(native(path));
}

void FileActions::askSavePlan() {
  if (!m_document.isOpen()) return;
  QString path = QFileDialog::getSaveFileName(m_window, tr("Save plan"), lastFolder() + QStringLiteral("/plan.json"),
                                              tr("Plan files (*.json)"));
  if (path.isEmpty()) return;
  if (QFileInfo(path).suffix().isEmpty()) path += QStringLiteral(".json");
  attempt([&] {
    m_document.savePlan(native(path));
    keepFolder(path);
    m_banner.show(Banner::Kind::Success, tr("Plan saved as %1").arg(path));
  });
}

void FileActions::askLoadPlan() {
  if (!m_document.isOpen()) return;
  const QString path =
      QFileDialog::getOpenFileName(m_window, tr("Load plan"), lastFolder(), tr("Plan files (*.json);;All files (*)"));
  if (path.isEmpty()) return;
  attempt([&] {
    m_document.loadPlan(native(path));
    keepFolder(path);
  });
}

} // namespace rankscope::ui
