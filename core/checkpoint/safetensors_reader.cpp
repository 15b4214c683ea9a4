// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/safetensors_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/checkpoint/foreign_format.h"

namespace rankscope {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw Error(ErrorKind::Malformed, fmt::format("{}: {}", path.string(), what));
}

/// The header's JSON, once its length is known to be sensible.
std::string_view headerText(const MappedFile& file) {
  const auto bytes = file.bytes();
  if (bytes.empty()) fail(file.path(), "the file is empty");
  if (bytes.size() < 8) fail(file.path(), "the file is too short to be safetensors: it ends within the header length");
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < 8; ++i) length |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  if (length > kLargestSafetensorsHeader)
    fail(file.path(), fmt::format("not a safetensors file: it claims a header of {} bytes, {} are allowed", length,
                                  kLargestSafetensorsHeader));
  if (length > bytes.size() - 8)
    fail(file.path(),
         fmt::format("the file is cut short: its header takes {} bytes and only {} follow", length, bytes.size() - 8));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 8, length);
  if (!text.starts_with('{')) fail(file.path(), "not a safetensors file: the header does not begin with {");
  return text;
}

void checkSize(const SafetensorsHeader::Entry& entry, const std::filesystem::path& path) {
  std::uint64_t bytes = byteSize(entry.dtype);
  // A zero extent makes the tensor empty whatever the others are, but then too the others must multiply sensibly.
  for (const std::uint64_t extent : entry.shape)
    if (__builtin_mul_overflow(bytes, extent, &bytes))
      fail(path, fmt::format("tensor {} has a shape whose size does not fit into 64 bits", entry.name));
  if (entry.begin > entry.end)
    fail(path, fmt::format("tensor {} ends (at {}) before it begins (at {})", entry.name, entry.end, entry.begin));
  if (entry.end - entry.begin != bytes)
    fail(path, fmt::format("tensor {} takes {} bytes by its shape [{}] of {}, but its data_offsets span {}", entry.name,
                           bytes, fmt::join(entry.shape, ", "), name(entry.dtype), entry.end - entry.begin));
}

/// Ranges must follow each other without gap or overlap from the first byte to the last.
void checkCover(const SafetensorsHeader& header, std::uint64_t dataBytes, const std::filesystem::path& path) {
  std::vector<const SafetensorsHeader::Entry*> order;
  for (const auto& entry : header.entries) order.push_back(&entry);
  std::ranges::sort(order, {}, [](const auto* entry) { return std::pair(entry->begin, entry->end); });
  std::uint64_t at = 0;
  const SafetensorsHeader::Entry* before = nullptr;
  for (const auto* entry : order) {
    if (entry->begin < at) fail(path, fmt::format("tensors {} and {} overlap", before->name, entry->name));
    if (entry->begin > at)
      fail(path, fmt::format("{} bytes before tensor {} belong to no tensor", entry->begin - at, entry->name));
    if (entry->end > dataBytes)
      fail(path, fmt::format("the file is cut short: tensor {} ends at byte {} of the data, but there are only {}",
                             entry->name, entry->end, dataBytes));
    at = entry->end;
    before = entry;
  }
  if (at != dataBytes) fail(path, fmt::format("{} bytes after the last tensor belong to no tensor", dataBytes - at));
}

} // namespace

SafetensorsFile readSafetensors(const std::filesystem::path& path) {
  SafetensorsFile result;
  result.file = MappedFile::open(path);
  refuseForeignFormat(path, result.file->bytes());
  const std::string_view text = headerText(*result.file);
  SafetensorsHeader header = parseSafetensorsHeader(text, path);
  const auto data = result.file->bytes().subspan(8 + text.size());
  for (const auto& entry : header.entries) checkSize(entry, path);
  checkCover(header, data.size(), path);

  result.metadata = std::move(header.metadata);
  result.tensors.reserve(header.entries.size());
  for (auto& entry : header.entries)
    result.tensors.push_back({.name = std::move(entry.name),
                              .dtype = entry.dtype,
                              .shape = std::move(entry.shape),
                              .bytes = data.subspan(entry.begin, entry.end - entry.begin),
                              .file = result.file});
  std::ranges::sort(result.tensors, {}, &TensorView::name);
  return result;
}

} // namespace rankscope
