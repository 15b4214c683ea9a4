// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace rankscope {

/// XXH3-128 of bytes that arrive in pieces: the hash by which contents are told apart everywhere.
class ContentHash final {
 public:
  ContentHash();
  ~ContentHash();
  ContentHash(ContentHash&&) noexcept;
  ContentHash& operator=(ContentHash&&) noexcept;

  void add(std::span<const std::byte> bytes);
  std::array<std::byte, 16> digest() const; ///< canonical (big-endian) form
  std::string hex() const;                  ///< the same as 32 hexadecimal digits

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

/// Of bytes that are all there.
std::string contentHash(std::span<const std::byte> bytes);

} // namespace rankscope
