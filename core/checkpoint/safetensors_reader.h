// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor/tensor_view.h"

namespace rankscope {

/// What the JSON of a safetensors header says, each entry well formed in itself; `begin` and `end` count from the
/// beginning of the data section.
struct SafetensorsHeader {
  struct Entry {
    std::string name;
    DType dtype = DType::F32;
    std::vector<std::uint64_t> shape;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  std::vector<Entry> entries; ///< in the order of the header
  std::map<std::string, std::string> metadata;
};

/// Parses the header's JSON strictly: UTF-8, no duplicate keys, known dtypes, unsigned extents. `file` is for the words
/// of the Error (Malformed; Unsupported for an unknown dtype).
SafetensorsHeader parseSafetensorsHeader(std::string_view json, const std::filesystem::path& file);

/// A safetensors file whose header was read and checked against the file: every tensor's dtype and shape give its byte
/// range, and the ranges cover the data section exactly.
struct SafetensorsFile {
  std::shared_ptr<const MappedFile> file;
  std::map<std::string, std::string> metadata;
  std::vector<TensorView> tensors; ///< sorted by name
};

/// The format allows headers up to this size, as the original implementation does.
inline constexpr std::uint64_t kLargestSafetensorsHeader = 100'000'000;

/// Maps the file and reads the header only. Throws Error naming the file and, where there is one, the tensor.
SafetensorsFile readSafetensors(const std::filesystem::path& path);

} // namespace rankscope
