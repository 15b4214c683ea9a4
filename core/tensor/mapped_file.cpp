// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/mapped_file.h"

#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/base/error.h"

namespace rankscope {

static std::int64_t modified(const struct stat& status) {
  return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  std::shared_ptr<MappedFile> file(new MappedFile(path));
  file->m_descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not block
  if (file->m_descriptor < 0) throw systemError(errno, "cannot open", path);
  struct stat status {};
  if (::fstat(file->m_descriptor, &status) != 0 || !S_ISREG(status.st_mode))
    throw Error(ErrorKind::Unreadable, "cannot read " + path.string() + ": it is not a regular file");
  file->m_modified = modified(status);
  if (const auto size = static_cast<std::size_t>(status.st_size); size > 0) {
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file->m_descriptor, 0);
    if (address == MAP_FAILED) throw systemError(errno, "cannot read", path);
    file->m_bytes = {static_cast<const std::byte*>(address), size};
    file->m_guard.emplace(file->m_bytes);
  }
  return file;
}

MappedFile::~MappedFile() {
  m_guard.reset();
  if (!m_bytes.empty()) ::munmap(const_cast<std::byte*>(m_bytes.data()), m_bytes.size());
  if (m_descriptor >= 0) ::close(m_descriptor);
}

void MappedFile::checkUnchanged() const {
  struct stat now {};
  if (::fstat(m_descriptor, &now) != 0) throw systemError(errno, "cannot read", m_path);
  if (static_cast<std::size_t>(now.st_size) != m_bytes.size())
    throw Error(ErrorKind::Changed, fmt::format("{} was changed on disk while it was open: it held {} bytes and now holds {}",
                                                m_path.string(), m_bytes.size(), now.st_size));
  if (modified(now) != m_modified)
    throw Error(ErrorKind::Changed, fmt::format("{} was written to while it was open", m_path.string()));
  if (m_guard && m_guard->torn())
    throw Error(ErrorKind::Changed, fmt::format("a part of {} could not be read: it was cut short for a moment, or its "
                                                "disk or network failed", m_path.string()));
}

/// madvise wants whole pages: `inward` shrinks the range to the pages that lie fully inside it, else it grows.
static void advise(std::span<const std::byte> part, int advice, bool inward) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  auto begin = reinterpret_cast<std::uintptr_t>(part.data());
  auto end = begin + part.size();
  begin = inward ? (begin + page - 1) / page * page : begin / page * page;
  if (inward) end = end / page * page;
  if (end > begin) ::madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

void MappedFile::prefetch(std::span<const std::byte> part) const { advise(part, MADV_WILLNEED, false); }

void MappedFile::release(std::span<const std::byte> part) const { advise(part, MADV_DONTNEED, true); }

}  // namespace rankscope
