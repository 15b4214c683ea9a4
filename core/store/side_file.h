// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/tensor/mapped_file.h"

namespace rankscope {

/// One result on its way into the run file: a JSON object that says what it is and named arrays of bytes.
///
/// On disk, little-endian: "RSCPPART", uint32 version, uint32 0, uint64 bytes of JSON, the JSON (its `arrays` lists
/// name and size of each), the arrays, and XXH3-128 (canonical, 16 bytes) of everything before it.
struct SideRecord {
  nlohmann::json header;
  std::map<std::string, std::span<const std::byte>, std::less<>> arrays;
  std::shared_ptr<const MappedFile> file; ///< keeps the arrays of a record that was read
  std::vector<std::shared_ptr<const std::vector<std::byte>>> owned = {}; ///< and those made for this record
};

/// Side files of the run `runId` lie in one folder as `<sequence>.part`; a higher sequence supersedes a lower one.
std::filesystem::path sideFilePath(const std::filesystem::path& folder, std::uint64_t sequence);

/// Durable when it returns. Throws Error (NoSpace, Unwritable).
void writeSideFile(const std::filesystem::path& path, const SideRecord& record);

/// Nothing for a file that is gone or damaged: what it held counts as not finished. Throws Error (Unsupported) for a
/// newer version.
std::optional<SideRecord> readSideFile(const std::filesystem::path& path);

/// Sequences of the side files in `folder`, ascending; empty when there is no such folder.
std::vector<std::uint64_t> listSideFiles(const std::filesystem::path& folder);

} // namespace rankscope
