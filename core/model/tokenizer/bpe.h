// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rankscope {

/// Byte-pair encoding (Sennrich et al. 2016) of one word at a time. Tokens are byte strings; a word begins as its
/// smallest tokens and the pair with the lowest rank, leftmost first, is joined until none is left.
class BytePairEncoding final {
 public:
  struct Vocabulary {
    std::unordered_map<std::string, int> ids; ///< token -> id
    std::vector<std::pair<std::string, std::string>> merges;
    bool codePoints = false;   ///< smallest tokens are code points; else single bytes
    bool byteFallback = false; ///< of code points that are no token, the bytes are spelled <0xNN>
    bool wholeWords = false;   ///< a word that is a token needs no merging ("ignore_merges")
    bool fuseUnknown = false;  ///< a run of unknown code points is one unknown token
    std::optional<int> unknown;
  };

  /// Throws Error(Malformed) naming `source` for a merge of or into something that is no token.
  BytePairEncoding(Vocabulary vocabulary, std::string_view source);

  void encode(std::string_view word, std::vector<int>& ids) const;

 private:
  struct Merge {
    std::uint32_t rank = 0;
    int id = 0;
  };
  static std::uint64_t key(int left, int right) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 | static_cast<std::uint32_t>(right);
  }
  void begin(std::string_view word, std::vector<int>& ids) const;
  void merge(std::vector<int>& ids) const;

  std::unordered_map<std::string, int> m_ids;
  std::unordered_map<std::uint64_t, Merge> m_merges;
  std::array<int, 256> m_bytes{}; ///< −1 where there is no such token
  bool m_codePoints = false;
  bool m_wholeWords = false;
  bool m_fuseUnknown = false;
  std::optional<int> m_unknown;
};

} // namespace rankscope
