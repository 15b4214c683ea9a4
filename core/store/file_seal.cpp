// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/file_seal.h"

#include <cerrno>
#include <fstream>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/store/content_hash.h"
#include "core/tensor/mapped_file.h"

namespace rankscope {
namespace {

constexpr std::string_view kMark = "RANKSCOPE-SEAL-1";
constexpr std::size_t kHexDigits = 32;
constexpr std::size_t kSealBytes = kMark.size() + kHexDigits;

std::string_view asText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace

Seal sealOf(std::span<const std::byte> file) {
  if (file.size() < kSealBytes) return Seal::Absent;
  const std::string_view seal = asText(file.last(kSealBytes));
  if (!seal.starts_with(kMark)) return Seal::Absent;
  return seal.substr(kMark.size()) == contentHash(file.first(file.size() - kSealBytes)) ? Seal::Intact : Seal::Broken;
}

void appendSeal(const std::filesystem::path& path) {
  const std::string seal = std::string(kMark) + contentHash(MappedFile::open(path)->bytes());
  std::ofstream out(path, std::ios::binary | std::ios::app);
  out << seal;
  out.close();
  if (!out) throw systemError(errno == EFBIG ? ENOSPC : errno, "cannot write", path);
}

} // namespace rankscope
