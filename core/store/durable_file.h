// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace rankscope {

/// Writes `pieces` one after the other as the file `path`, such that a reader sees either the old file or all of the
/// new one, also after a power cut: written beside it as `<path>.new`, synced, renamed, folder synced. Throws Error
/// (NoSpace, Unwritable) and then leaves the old file as it was.
void writeDurably(const std::filesystem::path& path, std::span<const std::span<const std::byte>> pieces);

/// Syncs the finished file `from` and renames it to `to`, replacing what is there.
void renameDurably(const std::filesystem::path& from, const std::filesystem::path& to);

/// Throws Error(NoSpace) naming `path` when its disk has not `bytes` free, or the file may not grow that large. Leaves
/// `path` as an empty file.
void requireSpace(const std::filesystem::path& path, std::uint64_t bytes);

/// The exclusive right to write, held through flock() on a lock file: it ends with the process, however that ends, so
/// a left-over lock file is harmless. Makes the lock file's folder; it and the file go away with the object, the folder
/// if empty. Throws Error(InUse) naming `subject` when another process, or another object in this one, has the lock.
class WriterLock final {
 public:
  WriterLock(const std::filesystem::path& lockFile, const std::filesystem::path& subject);
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  std::filesystem::path m_path;
  int m_descriptor = -1;
};

/// Throws Error(InUse) when another program holds `path` open for writing, as far as flock() tells (HDF5 does it so).
void requireNotBeingWritten(const std::filesystem::path& path);

} // namespace rankscope
