// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/safetensors_writer.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace rankscope {

std::uint64_t tensorBytes(const TensorSpec& tensor) {
  std::uint64_t bytes = byteSize(tensor.dtype);
  for (const std::uint64_t extent : tensor.shape)
    if (__builtin_mul_overflow(bytes, extent, &bytes))
      throw Error(ErrorKind::BadRequest, fmt::format("tensor {} is too large to be written", tensor.name));
  return bytes;
}

namespace {

std::string quoted(const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorKind::BadRequest, fmt::format("the name {:?} is not UTF-8 and cannot be written", text));
  }
}

std::vector<std::size_t> sortedByName(std::span<const TensorSpec> tensors) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) -> const std::string& { return tensors[i].name; });
  return order;
}

void checkNames(std::span<const TensorSpec> tensors) {
  const std::vector<std::size_t> order = sortedByName(tensors);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::string& name = tensors[order[i]].name;
    if (name.empty() || name == "__metadata__")
      throw Error(ErrorKind::BadRequest, fmt::format("a tensor cannot be named \"{}\"", name));
    if (i > 0 && tensors[order[i - 1]].name == name)
      throw Error(ErrorKind::BadRequest, fmt::format("two tensors to be written are named {}", name));
  }
}

std::string metadataEntry(const Metadata& metadata) {
  std::string text;
  for (const auto& [key, value] : metadata)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", quoted(key), quoted(value));
  return "\"__metadata__\":{" + text + "}";
}

std::string framed(std::string json) {
  json.resize((json.size() + 7) / 8 * 8, ' ');
  std::string header(8, '\0');
  const std::uint64_t length = json.size();
  for (int i = 0; i < 8; ++i) header[static_cast<std::size_t>(i)] = static_cast<char>(length >> (8 * i) & 0xff);
  return header + json;
}

void writeAll(int descriptor, std::span<const std::byte> bytes, std::uint64_t offset,
              const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw systemError(errno, "cannot write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void reserve(int descriptor, std::uint64_t size, const std::filesystem::path& path) {
  if (::fallocate(descriptor, 0, 0, static_cast<off_t>(size)) == 0) return;
  if (errno != EOPNOTSUPP && errno != ENOSYS) throw systemError(errno, "cannot write", path);
  if (::ftruncate(descriptor, static_cast<off_t>(size)) != 0) throw systemError(errno, "cannot write", path);
}

} // namespace

SafetensorsLayout layOutSafetensors(std::span<const TensorSpec> tensors, const Metadata& metadata) {
  checkNames(tensors);
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t i) { return byteSize(tensors[i].dtype); });

  SafetensorsLayout layout;
  layout.offsets.resize(tensors.size());
  std::string json = "{";
  if (!metadata.empty()) json += metadataEntry(metadata);
  std::uint64_t begin = 0;
  for (const std::size_t i : order) {
    std::uint64_t end = 0;
    if (__builtin_add_overflow(begin, tensorBytes(tensors[i]), &end) || end > (std::uint64_t{1} << 62))
      throw Error(ErrorKind::BadRequest, "the tensors together are too large for one file");
    json += fmt::format("{}{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}", json.size() > 1 ? "," : "",
                        quoted(tensors[i].name), name(tensors[i].dtype), fmt::join(tensors[i].shape, ","), begin, end);
    layout.offsets[i] = begin;
    begin = end;
  }
  layout.header = framed(json + "}");
  for (std::uint64_t& offset : layout.offsets) offset += layout.header.size();
  layout.fileBytes = layout.header.size() + begin;
  return layout;
}

SafetensorsWriter::SafetensorsWriter(std::filesystem::path path, std::vector<TensorSpec> tensors,
                                     const Metadata& metadata)
    : m_path(std::move(path)), m_tensors(std::move(tensors)), m_layout(layOutSafetensors(m_tensors, metadata)),
      m_byName(sortedByName(m_tensors)), m_missing(m_tensors.size()) {
  for (std::size_t i = 0; i < m_tensors.size(); ++i) m_missing[i] = tensorBytes(m_tensors[i]);
  m_descriptor = ::open(m_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (m_descriptor < 0) throw systemError(errno, "cannot write", m_path);
  try {
    reserve(m_descriptor, m_layout.fileBytes, m_path);
    writeAll(m_descriptor, std::as_bytes(std::span(m_layout.header)), 0, m_path);
  } catch (...) {
    ::close(m_descriptor);
    ::unlink(m_path.c_str());
    throw;
  }
}

SafetensorsWriter::~SafetensorsWriter() {
  if (m_descriptor < 0) return;
  ::close(m_descriptor);
  ::unlink(m_path.c_str());
}

std::size_t SafetensorsWriter::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(m_byName, name, {},
                                              [&](std::size_t i) -> std::string_view { return m_tensors[i].name; });
  if (found == m_byName.end() || m_tensors[*found].name != name)
    throw Error(ErrorKind::BadRequest, fmt::format("{} was not announced as a tensor of {}", name, m_path.string()));
  return *found;
}

void SafetensorsWriter::write(std::string_view name, std::span<const std::byte> bytes, std::uint64_t offset) {
  const std::size_t index = find(name);
  const std::uint64_t size = tensorBytes(m_tensors[index]);
  if (offset > size || bytes.size() > size - offset)
    throw Error(ErrorKind::BadRequest, fmt::format("more bytes than tensor {} of {} has", name, m_path.string()));
  writeAll(m_descriptor, bytes, m_layout.offsets[index] + offset, m_path);
  m_missing[index] -= bytes.size();
}

void SafetensorsWriter::finish() {
  for (std::size_t i = 0; i < m_tensors.size(); ++i)
    if (m_missing[i] != 0)
      throw Error(ErrorKind::Unwritable,
                  fmt::format("{}: tensor {} was not written in full", m_path.string(), m_tensors[i].name));
  if (::fsync(m_descriptor) != 0) throw systemError(errno, "cannot write", m_path);
  const int result = ::close(std::exchange(m_descriptor, -1));
  if (result != 0) throw systemError(errno, "cannot write", m_path);
}

} // namespace rankscope
