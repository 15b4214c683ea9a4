// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace rankscope {

/// A file mapped read-only for as long as this object lives. Pages are read when touched, so a file may be far larger
/// than memory. Throws Error (NotFound, Unreadable) naming the path.
class MappedFile final {
 public:
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const { return m_path; }
  std::span<const std::byte> bytes() const { return m_bytes; }

  /// Tells the kernel that `part` is about to be read in order, or is no longer needed. Only hints: reading a released
  /// part again works.
  void prefetch(std::span<const std::byte> part) const;
  void release(std::span<const std::byte> part) const;

 private:
  explicit MappedFile(std::filesystem::path path) : m_path(std::move(path)) {}

  std::filesystem::path m_path;
  std::span<const std::byte> m_bytes;
};

}  // namespace rankscope
