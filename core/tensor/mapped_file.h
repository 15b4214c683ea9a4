// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "core/tensor/page_guard.h"

namespace rankscope {

/// A file mapped read-only for as long as this object lives. Pages are read when touched, so a file may be far larger
/// than memory. Throws Error (NotFound, Unreadable) naming the path.
///
/// A file that is removed or replaced by another goes on being what it was. One that is written to or cut short in its
/// place does not: what no longer exists reads as zeros, and checkUnchanged() says so.
class MappedFile final {
 public:
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const { return m_path; }
  std::span<const std::byte> bytes() const { return m_bytes; }

  /// Throws Error(Changed) if the file was written to since it was opened, or a part of it could not be read: to be
  /// called behind the reading, before anything is made of what was read.
  void checkUnchanged() const;

  /// Tells the kernel that `part` is about to be read in order, or is no longer needed. Only hints: reading a released
  /// part again works.
  void prefetch(std::span<const std::byte> part) const;
  void release(std::span<const std::byte> part) const;

 private:
  explicit MappedFile(std::filesystem::path path) : m_path(std::move(path)) {}

  std::filesystem::path m_path;
  std::span<const std::byte> m_bytes;
  int m_descriptor = -1;
  std::int64_t m_modified = 0;  ///< nanoseconds since 1970
  std::optional<PageGuard> m_guard;
};

}  // namespace rankscope
