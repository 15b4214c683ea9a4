// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/export_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <set>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/checkpoint/factored_manifest.h"
#include "core/report/export_model.h"

namespace rankscope {

namespace {

namespace fs = std::filesystem;

fs::path clean(const fs::path& path) {
  const fs::path normal = fs::absolute(path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

fs::path resolved(const fs::path& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error);
  return error ? clean(path) : clean(real);
}

/// True when `inner` is `outer` or lies in it.
bool within(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

/// Every folder in which the model's files really lie.
std::set<fs::path> foldersOf(const Checkpoint& checkpoint) {
  std::set<fs::path> folders{clean(checkpoint.content().folder), resolved(checkpoint.content().folder)};
  for (const fs::path& file : checkpoint.content().weightFiles) folders.insert(resolved(file).parent_path());
  return folders;
}

[[noreturn]] void refuse(const fs::path& target, std::string_view why) {
  throw Error(ErrorKind::BadRequest, fmt::format("cannot export to {}: {}", target.string(), why));
}

/// The first of `path`, `path`-2, … that is free.
fs::path freePath(const fs::path& path) {
  fs::path candidate = path;
  for (int number = 2; fs::exists(fs::symlink_status(candidate)); ++number) {
    candidate = path;
    candidate += fmt::format("-{}", number);
  }
  return candidate;
}

[[noreturn]] void refuse(const fs::path& target, std::string_view why, const fs::path& instead) {
  refuse(target, fmt::format("{}; try {}", why, freePath(instead).string()));
}

bool isEarlierExport(const fs::path& folder) {
  return fs::exists(folder / kManifestName) || fs::exists(folder / kDenseManifestName);
}

/// Overwriting removes the folder, so nothing may be in it that an export would not have written.
void requireOnlyOurs(const fs::path& target) {
  for (const auto& entry : fs::directory_iterator(target)) {
    const fs::path& file = entry.path();
    constexpr std::array kKnown{".safetensors", ".json", ".txt", ".model", ".tiktoken", ".jinja", ".py"};
    const std::string name = file.filename().string();
    const bool known = std::ranges::find(kKnown, file.extension()) != kKnown.end() || name.starts_with("LICENSE") ||
                       name.starts_with("NOTICE");
    if (!known || !entry.is_regular_file())
      refuse(target, fmt::format("{} in it does not come from an export and would be lost", name));
  }
}

/// Puts `fresh` in the place of `old` and returns where the old folder is now.
fs::path exchange(const fs::path& fresh, const fs::path& old) {
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, old.c_str(), RENAME_EXCHANGE) == 0) return fresh;
  fs::path aside = fresh; // not every file system can exchange
  aside += ".old";
  if (::rename(old.c_str(), aside.c_str()) != 0) throw systemError(errno, "cannot replace", old);
  if (::rename(fresh.c_str(), old.c_str()) != 0) {
    const int reason = errno;
    (void)::rename(aside.c_str(), old.c_str());
    throw systemError(reason, "cannot replace", old);
  }
  return aside;
}

} // namespace

void requireGoodTarget(const Checkpoint& checkpoint, const fs::path& given, bool overwrite) {
  const fs::path target = given.has_filename() ? given : given.parent_path(); // "out/" is out
  const fs::path real = resolved(target);
  const fs::path inside = target / "compressed"; // a new folder in one that is taken harms nothing in it
  for (const fs::path& folder : foldersOf(checkpoint)) {
    if (real == folder || clean(target) == folder) refuse(target, "it is the folder of the model itself", inside);
    if (within(folder, real)) refuse(target, "the model itself lies in it", inside);
  }
  // Beside a model, a folder of this name would be taken for weights.
  if (target.extension() == ".safetensors")
    refuse(target, "an export is a folder, which holds weights, configuration and tokenizer",
           fs::path(target).replace_extension());
  std::error_code error;
  const fs::file_status status = fs::status(real, error);
  if (!fs::exists(status)) return;
  if (!fs::is_directory(status))
    refuse(target, "it is a file, and an export is a folder", fs::path(target).concat("-compressed"));
  if (fs::is_empty(real, error) && !error) return;
  if (error) throw systemError(error.value(), "cannot read", target);
  if (!isEarlierExport(real)) refuse(target, "the folder is not empty", inside);
  if (!overwrite) refuse(target, "it holds an earlier export; allow overwriting, or choose another folder", target);
  requireOnlyOurs(real);
}

void requireRoom(const fs::path& folder, std::uint64_t bytes, const fs::path& target) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) throw systemError(errno, "cannot write", target);
  const std::uint64_t available = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (available < bytes)
    throw Error(ErrorKind::NoSpace, fmt::format("cannot export to {}: {} bytes are needed and {} are free on its disk",
                                                target.string(), bytes, available));
}

StagingFolder::StagingFolder(const fs::path& target) : m_target(resolved(target)) {
  const fs::path parent = m_target.parent_path();
  for (fs::path missing = parent; !missing.empty() && !fs::exists(missing); missing = missing.parent_path())
    m_madeParent = missing;
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) throw systemError(error.value(), "cannot write", parent);
  m_path = parent / fmt::format(".{}.partial", m_target.filename().string());
  if (::mkdir(m_path.c_str(), 0755) != 0 && errno != EEXIST) throw systemError(errno, "cannot write", m_target);
  m_descriptor = ::open(m_path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (m_descriptor < 0) throw systemError(errno, "cannot write", m_path);
  if (::flock(m_descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(m_descriptor);
    throw Error(ErrorKind::InUse, fmt::format("another Rankscope is exporting to {}", target.string()));
  }
  for (const auto& leftOver : fs::directory_iterator(m_path)) fs::remove_all(leftOver.path(), error);
}

StagingFolder::~StagingFolder() {
  if (m_descriptor < 0) return;
  std::error_code ignored;
  fs::remove_all(m_path, ignored);
  ::close(m_descriptor);
  if (m_madeParent.empty()) return;
  for (fs::path made = m_target.parent_path(); within(made, m_madeParent) && fs::remove(made, ignored);)
    made = made.parent_path();
}

void StagingFolder::publish() {
  (void)::fsync(m_descriptor); // a file system that cannot sync a folder refuses: nothing better can be done
  fs::path replaced;
  if (::rename(m_path.c_str(), m_target.c_str()) != 0) {
    if (errno != ENOTEMPTY && errno != EEXIST) throw systemError(errno, "cannot write", m_target);
    replaced = exchange(m_path, m_target);
  }
  ::close(std::exchange(m_descriptor, -1));
  std::error_code ignored;
  if (!replaced.empty()) fs::remove_all(replaced, ignored);
  if (const int parent = ::open(m_target.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); parent >= 0) {
    (void)::fsync(parent);
    ::close(parent);
  }
}

} // namespace rankscope
