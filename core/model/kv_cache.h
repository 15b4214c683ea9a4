// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

namespace rankscope {

/// Keys and values of the positions seen so far, per block: one position a row, key-value heads side by side.
class KvCache final {
 public:
  KvCache(std::size_t blocks, std::int64_t width) : m_keys(blocks), m_values(blocks), m_width(width) {}

  std::int64_t length() const { return m_length; }
  std::int64_t width() const { return m_width; }
  const float* keys(std::size_t block) const { return m_keys[block].data(); }
  const float* values(std::size_t block) const { return m_values[block].data(); }
  std::uint64_t bytes() const {
    return m_keys.size() * 2 * static_cast<std::uint64_t>(m_length * m_width) * sizeof(float);
  }

  /// Puts the keys and values of the next `rows` positions behind the others of the block.
  void append(std::size_t block, const float* keys, const float* values, std::int64_t stride, std::int64_t rows) {
    for (std::int64_t i = 0; i < rows; ++i) {
      m_keys[block].insert(m_keys[block].end(), keys + i * stride, keys + i * stride + m_width);
      m_values[block].insert(m_values[block].end(), values + i * stride, values + i * stride + m_width);
    }
  }
  /// To be called once all blocks have them.
  void advance(std::int64_t rows) { m_length += rows; }

 private:
  std::vector<std::vector<float>> m_keys, m_values;
  std::int64_t m_width = 0;
  std::int64_t m_length = 0;
};

} // namespace rankscope
