// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/run_storage.h"

#include <chrono>
#include <future>
#include <vector>

#include <QCryptographicHash>
#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>

#include "ui/jobs/low_priority.h"

namespace rankscope::ui {

namespace {
/// Time that further edits have to arrive before a plan is written.
constexpr std::chrono::milliseconds kSettle{400};

/// Storages that are being closed.
struct Closing {
  std::mutex mutex;
  std::vector<std::shared_future<void>> all;
};

Closing& closing() {
  static Closing instance;
  return instance;
}
} // namespace

RunStorage::RunStorage(std::filesystem::path path, std::function<void(const Error&)> failed)
    : m_path(std::move(path)), m_failed(std::move(failed)), m_writer([this](std::stop_token stop) { write(stop); }) {}

RunStorage::~RunStorage() {
  m_writer.request_stop();
  m_wake.notify_all();
}

void RunStorage::openOnce(const Checkpoint& checkpoint) {
  if (file()) return;
  waitForClosing();
  std::error_code failed; // that the folder cannot be made says more than that the file cannot
  std::filesystem::create_directories(m_path.parent_path(), failed);
  if (failed) throw systemError(failed.value(), "cannot write", m_path);
  std::shared_ptr<RunFile> file = RunFile::open(m_path, checkpoint);
  const std::lock_guard lock(m_mutex);
  m_file = std::move(file);
  m_wake.notify_all();
}

std::shared_ptr<RunFile> RunStorage::file() const {
  const std::lock_guard lock(m_mutex);
  return m_file;
}

void RunStorage::savePlan(std::shared_ptr<const PlanState> plan) {
  const std::lock_guard lock(m_mutex);
  m_plan = std::move(plan);
  m_wake.notify_all();
}

void RunStorage::saveSnapshots(const Snapshots& snapshots) {
  const std::lock_guard lock(m_mutex);
  m_snapshots = snapshots;
  m_wake.notify_all();
}

void RunStorage::flush() {
  std::shared_ptr<RunFile> file;
  {
    std::unique_lock lock(m_mutex);
    writeWaiting(lock);
    file = m_file;
  }
  if (file) file->finish();
}

void RunStorage::write(std::stop_token stop) {
  takeLowPriority();
  std::unique_lock lock(m_mutex);
  while (!stop.stop_requested()) {
    m_wake.wait(lock, stop, [this] { return m_file && (m_plan || m_snapshots); });
    if (stop.stop_requested()) break;
    m_wake.wait_for(lock, stop, kSettle, [] { return false; });
    try {
      writeWaiting(lock);
    } catch (const Error& error) {
      m_failed(error);
    }
  }
  try {
    writeWaiting(lock);
  } catch (const Error&) {
    // The window is gone: nobody is left to tell, and the file as it was is whole.
  }
}

void RunStorage::writeWaiting(std::unique_lock<std::mutex>& lock) {
  if (!m_file) return;
  const std::shared_ptr<RunFile> file = m_file;
  const std::shared_ptr<const PlanState> plan = std::exchange(m_plan, nullptr);
  const std::optional<Snapshots> snapshots = std::exchange(m_snapshots, std::nullopt);
  lock.unlock();
  try {
    if (plan) file->setPlan(planWithPins(*plan));
    if (snapshots) file->setSnapshots(*snapshots);
  } catch (...) {
    lock.lock();
    throw;
  }
  lock.lock();
}

void closeInBackground(std::shared_ptr<RunStorage> storage) {
  if (!storage) return;
  const std::lock_guard lock(closing().mutex);
  std::erase_if(closing().all, [](const std::shared_future<void>& one) {
    return one.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  });
  closing().all.push_back(std::async(std::launch::async, [storage = std::move(storage)]() mutable {
                            takeLowPriority();
                            storage.reset();
                          }).share());
}

void waitForClosing() {
  std::vector<std::shared_future<void>> all;
  {
    const std::lock_guard lock(closing().mutex);
    all = closing().all;
  }
  for (const std::shared_future<void>& one : all) one.wait();
}

std::filesystem::path usualRunPath(const std::filesystem::path& model) {
  const QString path = QFileInfo(QString::fromStdString(model.string())).absoluteFilePath();
  const QByteArray mark = QCryptographicHash::hash(path.toUtf8(), QCryptographicHash::Sha256).toHex().left(8);
  QFileInfo info(path);
  QString name = info.isDir() || info.fileName().isEmpty() ? QDir(path).dirName() : info.dir().dirName();
  if (name.isEmpty()) name = QStringLiteral("model");
  QDir folder(QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + QStringLiteral("/runs"));
  folder.mkpath(QStringLiteral("."));
  return folder.filePath(QStringLiteral("%1-%2.h5").arg(name, QString::fromLatin1(mark))).toStdString();
}

} // namespace rankscope::ui
