// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "core/base/error.h"
#include "core/store/run_file.h"
#include "ui/document/plan_edits.h"

namespace rankscope::ui {

/// The run file of the open document. Results are recorded by the workers that made them; what the GUI thread wants
/// saved (plan, snapshots) is written by a thread of its own, so that a slow disk never stalls the window. Of several
/// plans that wait, only the newest is written.
class RunStorage final {
 public:
  using Snapshots = std::map<std::string, std::string, std::less<>>;

  /// `failed` is called from the writing thread with what went wrong.
  RunStorage(std::filesystem::path path, std::function<void(const Error&)> failed);
  ~RunStorage(); ///< writes what waits, merges, closes

  const std::filesystem::path& path() const { return m_path; }

  /// Opens or creates the file unless it is open, from one job at a time. Throws Error as RunFile::open().
  void openOnce(const Checkpoint& checkpoint);
  /// Null until opened.
  std::shared_ptr<RunFile> file() const;

  void savePlan(std::shared_ptr<const PlanState> plan); ///< pins included
  void saveSnapshots(const Snapshots& snapshots);

  /// Returns when everything handed over so far is on disk and merged into the HDF5 file. Throws Error.
  void flush();

 private:
  void write(std::stop_token stop);
  void writeWaiting(std::unique_lock<std::mutex>& lock);

  std::filesystem::path m_path;
  std::function<void(const Error&)> m_failed;
  mutable std::mutex m_mutex;
  std::condition_variable_any m_wake;
  std::shared_ptr<RunFile> m_file;
  std::shared_ptr<const PlanState> m_plan; ///< null: nothing waits
  std::optional<Snapshots> m_snapshots;
  std::jthread m_writer;
};

/// Lets go of a storage on a thread of its own, where merging may take its time. Any thread.
void closeInBackground(std::shared_ptr<RunStorage> storage);
/// Returns when all that were let go of so far are merged and closed: before their files are read or opened again, and
/// before the program ends. Any thread.
void waitForClosing();

/// Where results of a model go unless the user chose a place: one file per model in the user's data folder.
std::filesystem::path usualRunPath(const std::filesystem::path& model);

} // namespace rankscope::ui
