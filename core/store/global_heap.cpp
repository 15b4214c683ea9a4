// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/global_heap.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace rankscope {

namespace {

constexpr std::string_view kBegin("GCOL\x01\0\0\0", 8); // signature, version, reserved
constexpr std::size_t kCollectionHeader = 16;
constexpr std::size_t kObjectHeader = 16; // uint16 index, uint16 references, uint32 reserved, uint64 size
constexpr std::size_t kLeastCollection = 4096;

template <class Number>
Number numberAt(std::span<const std::byte> bytes, std::size_t offset) {
  Number value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// A text fills its object: it ends in no NUL, and what pads it to a multiple of 8 is NUL.
bool isText(std::span<const std::byte> padded, std::size_t size) {
  return size > 0 && padded[size - 1] != std::byte{0} &&
         std::ranges::all_of(padded.subspan(size), [](std::byte b) { return b == std::byte{0}; });
}

/// Objects 1, 2, 3, … one behind the other, then free space as object 0 up to the end.
bool isSound(std::span<const std::byte> collection) {
  std::size_t at = kCollectionHeader;
  for (std::uint16_t expected = 1; at + kObjectHeader <= collection.size(); ++expected) {
    const auto index = numberAt<std::uint16_t>(collection, at);
    const auto size = numberAt<std::uint64_t>(collection, at + 8);
    if (index == 0) return size == collection.size() - at;
    const std::size_t room = collection.size() - at - kObjectHeader;
    if (index != expected || size > room || (size + 7) / 8 * 8 > room) return false;
    const std::size_t padded = (size + 7) / 8 * 8;
    if (!isText(collection.subspan(at + kObjectHeader, padded), size)) return false;
    at += kObjectHeader + padded;
  }
  return true;
}

} // namespace

bool heapsAreSound(std::span<const std::byte> file) {
  const std::byte* at = file.data();
  const std::byte* const end = file.data() + file.size();
  while ((at = static_cast<const std::byte*>(
              ::memmem(at, static_cast<std::size_t>(end - at), kBegin.data(), kBegin.size())))) {
    const auto rest = std::span(at, end);
    if (rest.size() < kCollectionHeader) return false;
    const auto size = numberAt<std::uint64_t>(rest, 8);
    if (size < kLeastCollection || size > rest.size() || !isSound(rest.first(size))) return false;
    at += size;
  }
  return true;
}

} // namespace rankscope
