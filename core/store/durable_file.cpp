// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/durable_file.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/base/error.h"

namespace rankscope {

namespace {

namespace fs = std::filesystem;

class Descriptor final {
 public:
  explicit Descriptor(int value) : m_value(value) {}
  ~Descriptor() {
    if (m_value >= 0) ::close(m_value);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return m_value; }
  int release() { return std::exchange(m_value, -1); }

 private:
  int m_value;
};

Error cannotWrite(const fs::path& path) {
  const int reason = errno == EFBIG ? ENOSPC : errno; // a quota of the process is a kind of full disk
  return systemError(reason, "cannot write", path);
}

void writeAll(int descriptor, std::span<const std::byte> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw cannotWrite(path);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void syncFolder(const fs::path& folder) {
  const Descriptor descriptor(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems refuse to sync a folder; there the rename is as durable as it gets.
  if (descriptor.value() >= 0) (void)::fsync(descriptor.value());
}

} // namespace

void writeDurably(const fs::path& path, std::span<const std::span<const std::byte>> pieces) {
  fs::path fresh = path;
  fresh += ".new";
  Descriptor descriptor(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (descriptor.value() < 0) throw cannotWrite(path);
  try {
    for (const auto piece : pieces) writeAll(descriptor.value(), piece, path);
    if (::fsync(descriptor.value()) != 0) throw cannotWrite(path);
    if (::close(descriptor.release()) != 0) throw cannotWrite(path);
    if (::rename(fresh.c_str(), path.c_str()) != 0) throw cannotWrite(path);
  } catch (...) {
    ::unlink(fresh.c_str());
    throw;
  }
  syncFolder(path.parent_path());
}

void renameDurably(const fs::path& from, const fs::path& to) {
  {
    const Descriptor descriptor(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (descriptor.value() < 0 || ::fsync(descriptor.value()) != 0) throw cannotWrite(to);
  }
  if (::rename(from.c_str(), to.c_str()) != 0) throw cannotWrite(to);
  syncFolder(to.parent_path());
}

void requireSpace(const fs::path& path, std::uint64_t bytes) {
  const Descriptor descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (descriptor.value() < 0) throw cannotWrite(path);
  struct statvfs disk {};
  if (::fstatvfs(descriptor.value(), &disk) == 0) {
    const std::uint64_t available = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
    if (available < bytes)
      throw Error(ErrorKind::NoSpace, fmt::format("cannot write {}: {} bytes are needed and {} are free on its disk",
                                                  path.string(), bytes, available));
  }
  const int result = ::fallocate(descriptor.value(), 0, 0, static_cast<off_t>(bytes));
  if (result != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) throw cannotWrite(path);
  if (::ftruncate(descriptor.value(), 0) != 0) throw cannotWrite(path);
}

WriterLock::WriterLock(const fs::path& lockFile, const fs::path& subject) : m_path(lockFile) {
  for (;;) {
    std::error_code error;
    fs::create_directory(m_path.parent_path(), error);
    if (error) throw systemError(error.value(), "cannot write", subject);
    Descriptor descriptor(::open(m_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (descriptor.value() < 0 && errno == ENOENT) continue; // the last holder has just removed the folder
    if (descriptor.value() < 0) throw cannotWrite(subject);
    if (::flock(descriptor.value(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK)
        throw Error(ErrorKind::InUse,
                    fmt::format("{} is being written by another Rankscope; wait for it or stop it", subject.string()));
      if (errno != ENOLCK && errno != EOPNOTSUPP) throw cannotWrite(subject); // else: a disk without locks
    }
    struct stat held {};
    struct stat named {};
    // The last holder may have removed the file between our open() and flock().
    if (::fstat(descriptor.value(), &held) == 0 && ::stat(m_path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
        held.st_dev == named.st_dev) {
      m_descriptor = descriptor.release();
      return;
    }
  }
}

WriterLock::~WriterLock() {
  ::unlink(m_path.c_str());
  ::close(m_descriptor);
  ::rmdir(m_path.parent_path().c_str()); // fails, as it should, while there is anything in it
}

void requireNotBeingWritten(const fs::path& path) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.value() < 0) throw systemError(errno, "cannot open", path);
  if (::flock(descriptor.value(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    throw Error(ErrorKind::InUse,
                fmt::format("{} is open for writing in another program; close it there", path.string()));
}

} // namespace rankscope
