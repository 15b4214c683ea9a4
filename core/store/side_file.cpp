// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/side_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/store/content_hash.h"
#include "core/store/durable_file.h"

namespace rankscope {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "RSCPPART";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kPrefixBytes = 24;
constexpr std::string_view kSuffix = ".part";

using Digest = std::array<std::byte, 16>;

Digest digestOf(std::span<const std::span<const std::byte>> pieces) {
  ContentHash hash;
  for (const auto piece : pieces) hash.add(piece);
  return hash.digest();
}

template <class Number>
Number numberAt(std::span<const std::byte> bytes, std::size_t offset) {
  Number value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// Cuts the arrays out of `bytes` as the header lists them; false when the two contradict each other.
bool takeArrays(SideRecord& record, std::span<const std::byte> bytes) {
  for (const auto& entry : record.header.at("arrays")) {
    const auto size = entry.at("bytes").get<std::uint64_t>();
    if (size > bytes.size()) return false;
    record.arrays.emplace(entry.at("name").get<std::string>(), bytes.first(size));
    bytes = bytes.subspan(size);
  }
  return bytes.empty();
}

} // namespace

fs::path sideFilePath(const fs::path& folder, std::uint64_t sequence) {
  return folder / fmt::format("{:012}{}", sequence, kSuffix);
}

void writeSideFile(const fs::path& path, const SideRecord& record) {
  nlohmann::json header = record.header;
  header["arrays"] = nlohmann::json::array();
  for (const auto& [name, bytes] : record.arrays) header["arrays"].push_back({{"name", name}, {"bytes", bytes.size()}});
  const std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);

  std::string prefix(kMagic);
  const std::uint32_t numbers[2] = {kVersion, 0};
  const std::uint64_t length = text.size();
  prefix.append(reinterpret_cast<const char*>(numbers), sizeof numbers);
  prefix.append(reinterpret_cast<const char*>(&length), sizeof length);

  std::vector<std::span<const std::byte>> pieces{std::as_bytes(std::span(prefix)), std::as_bytes(std::span(text))};
  for (const auto& [name, bytes] : record.arrays) pieces.push_back(bytes);
  const Digest checksum = digestOf(pieces);
  pieces.push_back(checksum);
  writeDurably(path, pieces);
}

std::optional<SideRecord> readSideFile(const fs::path& path) {
  SideRecord record;
  try {
    record.file = MappedFile::open(path);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::NotFound) return std::nullopt;
    throw;
  }
  const auto all = record.file->bytes();
  if (all.size() < kPrefixBytes + sizeof(Digest) || std::memcmp(all.data(), kMagic.data(), kMagic.size()) != 0)
    return std::nullopt;
  const auto covered = all.first(all.size() - sizeof(Digest));
  const Digest checksum = digestOf(std::span(&covered, 1));
  if (std::memcmp(checksum.data(), all.last(sizeof(Digest)).data(), sizeof(Digest)) != 0) return std::nullopt;
  if (numberAt<std::uint32_t>(all, 8) > kVersion)
    throw Error(ErrorKind::Unsupported, fmt::format("{} was written by a newer Rankscope", path.string()));
  const auto length = numberAt<std::uint64_t>(all, 16);
  if (length > covered.size() - kPrefixBytes) return std::nullopt;
  const auto text = covered.subspan(kPrefixBytes, length);
  try {
    record.header = nlohmann::json::parse(reinterpret_cast<const char*>(text.data()),
                                          reinterpret_cast<const char*>(text.data() + text.size()));
    if (!takeArrays(record, covered.subspan(kPrefixBytes + length))) return std::nullopt;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  return record;
}

std::vector<std::uint64_t> listSideFiles(const fs::path& folder) {
  std::vector<std::uint64_t> sequences;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string file = entry->path().filename().string();
    if (!file.ends_with(kSuffix)) continue;
    std::uint64_t sequence = 0;
    const char* end = file.data() + file.size() - kSuffix.size();
    if (const auto [stop, failure] = std::from_chars(file.data(), end, sequence); failure == std::errc() && stop == end)
      sequences.push_back(sequence);
  }
  std::ranges::sort(sequences);
  return sequences;
}

} // namespace rankscope
