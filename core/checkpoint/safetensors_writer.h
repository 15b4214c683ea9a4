// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor/dtype.h"

namespace rankscope {

/// A tensor that is to be written: everything but its values.
struct TensorSpec {
  std::string name;
  DType dtype = DType::F32;
  std::vector<std::uint64_t> shape;
};

/// Bytes of the tensor's values; throws Error (BadRequest) when they do not fit into 64 bits.
std::uint64_t tensorBytes(const TensorSpec& tensor);

using Metadata = std::map<std::string, std::string>;

/// Where everything goes in a safetensors file (format: huggingface/safetensors, README "Format"). Deterministic.
/// Tensors lie without gaps by falling element size, otherwise in the order given, so that each is aligned for its
/// dtype; the header is padded with spaces to a multiple of 8.
struct SafetensorsLayout {
  std::string header;                 ///< the first bytes of the file: length, JSON, padding
  std::vector<std::uint64_t> offsets; ///< of each given tensor, from the beginning of the file
  std::uint64_t fileBytes = 0;
};

/// Throws Error (BadRequest) for an empty, duplicate or reserved name and for names that are not UTF-8.
SafetensorsLayout layOutSafetensors(std::span<const TensorSpec> tensors, const Metadata& metadata = {});

/// Writes a new safetensors file whose tensors arrive in any order and in pieces. The header and the full size are
/// written at once, so a disk that is too small shows at the beginning. write() is thread-safe. Until finish() the file
/// is unfinished and removed on destruction. Errors name the file: Unwritable (also when it exists already), NoSpace.
class SafetensorsWriter final {
 public:
  SafetensorsWriter(std::filesystem::path path, std::vector<TensorSpec> tensors, const Metadata& metadata = {});
  ~SafetensorsWriter();
  SafetensorsWriter(const SafetensorsWriter&) = delete;
  SafetensorsWriter& operator=(const SafetensorsWriter&) = delete;

  const std::filesystem::path& path() const { return m_path; }
  std::uint64_t fileBytes() const { return m_layout.fileBytes; }

  /// Values of tensor `name`, row-major little-endian, beginning at byte `offset` of the tensor. Every byte of every
  /// tensor has to be written exactly once.
  void write(std::string_view name, std::span<const std::byte> bytes, std::uint64_t offset = 0);

  /// Brings everything to the disk. Throws Error (Unwritable) when some tensor is incomplete.
  void finish();

 private:
  std::size_t find(std::string_view name) const;

  std::filesystem::path m_path;
  std::vector<TensorSpec> m_tensors;
  SafetensorsLayout m_layout;
  std::vector<std::size_t> m_byName;
  std::vector<std::atomic<std::uint64_t>> m_missing; // bytes of each tensor still to come
  int m_descriptor = -1;
};

} // namespace rankscope
