// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/store: the only header that includes hdf5.h.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hdf5.h>

namespace rankscope::hdf5 {

/// HDF5 allows one thread at a time; every use of what follows happens while one of these lives. It also keeps HDF5
/// from printing its errors.
class Session final {
 public:
  Session();

 private:
  std::unique_lock<std::recursive_mutex> m_lock;
};

/// An HDF5 identifier that closes itself. Needs a Session when it dies.
class Id final {
 public:
  using Closer = herr_t (*)(hid_t);
  Id() = default;
  Id(hid_t value, Closer closer) : m_value(value), m_closer(closer) {}
  ~Id() { reset(); }
  Id(Id&& other) noexcept : m_value(std::exchange(other.m_value, -1)), m_closer(other.m_closer) {}
  Id& operator=(Id&& other) noexcept {
    if (this != &other) {
      reset();
      m_value = std::exchange(other.m_value, -1);
      m_closer = other.m_closer;
    }
    return *this;
  }
  explicit operator bool() const { return m_value >= 0; }
  operator hid_t() const { return m_value; }
  bool reset() {
    const hid_t value = std::exchange(m_value, -1);
    return value < 0 || m_closer(value) >= 0;
  }

 private:
  hid_t m_value = -1;
  Closer m_closer = nullptr;
};

/// What HDF5 could not do; `reason` is the errno it met, 0 when it was none.
struct Failure {
  std::string what;
  int reason = 0;
};
/// Throws Failure, with the errno that HDF5's error stack mentions, when `result` is negative.
void require(std::int64_t result, std::string_view what);

/// For reading, without HDF5's own file locks (see WriterLock). Failure when it is no sound HDF5 file.
Id openFile(const std::filesystem::path& path);
/// Truncates. Readable by HDF5 1.8 and later.
Id createFile(const std::filesystem::path& path);

bool hasGroup(hid_t parent, const std::string& name);
Id openGroup(hid_t parent, const std::string& name);
Id createGroup(hid_t parent, const std::string& name);
std::vector<std::string> childNames(hid_t group);

void writeText(hid_t object, const char* attribute, const std::string& text); ///< variable-length UTF-8
void writeInteger(hid_t object, const char* attribute, std::int64_t value);
void writeNumber(hid_t object, const char* attribute, double value);
std::optional<std::string> readText(hid_t object, const char* attribute);
std::optional<std::int64_t> readInteger(hid_t object, const char* attribute);
std::optional<double> readNumber(hid_t object, const char* attribute);

/// The value of an attribute that has to be there; Failure naming it when it is not.
template <class T>
T needed(std::optional<T> value, const char* attribute) {
  if (!value) throw Failure{std::string("it has no ") + attribute};
  return *std::move(value);
}

/// `type` is both the type in memory and on disk. With an attribute `xxh3_128` of the values' bytes.
void writeArray(hid_t group, const char* name, hid_t type, std::span<const hsize_t> shape,
                std::span<const std::byte> bytes);
/// The values as bytes of `type`; nothing when there is no such dataset, Failure when its values are not those that
/// were written.
std::optional<std::vector<std::byte>> readArray(hid_t group, const char* name, hid_t type);

/// Copies an object with everything below it.
void copyObject(hid_t from, const std::string& name, hid_t to);

} // namespace rankscope::hdf5
