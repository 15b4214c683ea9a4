// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tokenizer/bpe.h"

#include <algorithm>
#include <iterator>
#include <queue>
#include <tuple>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/tokenizer/unicode.h"

namespace rankscope {

BytePairEncoding::BytePairEncoding(Vocabulary vocabulary, std::string_view source)
    : m_ids(std::move(vocabulary.ids)), m_codePoints(vocabulary.codePoints), m_wholeWords(vocabulary.wholeWords),
      m_fuseUnknown(vocabulary.fuseUnknown), m_unknown(vocabulary.unknown) {
  const auto idOf = [&](const std::string& token) {
    const auto at = m_ids.find(token);
    if (at == m_ids.end())
      throw Error(ErrorKind::Malformed,
                  fmt::format("{}: a merge names \"{}\", which is no token", source, validUtf8(token)));
    return at->second;
  };
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const auto at =
        m_ids.find(m_codePoints ? fmt::format("<0x{:02X}>", byte) : std::string(1, static_cast<char>(byte)));
    const bool usable = at != m_ids.end() && (!m_codePoints || vocabulary.byteFallback);
    m_bytes[byte] = usable ? at->second : -1;
  }
  m_merges.reserve(vocabulary.merges.size());
  std::uint32_t rank = 0;
  for (const auto& [left, right] : vocabulary.merges)
    m_merges.emplace(key(idOf(left), idOf(right)), Merge{rank++, idOf(left + right)});
}

void BytePairEncoding::begin(std::string_view word, std::vector<int>& ids) const {
  const auto byteOf = [&](char c) { return m_bytes[static_cast<unsigned char>(c)]; };
  const auto known = [&](char c) { return byteOf(c) >= 0; };
  bool afterUnknown = false;
  for (std::size_t i = 0; i < word.size();) {
    const std::string_view part = word.substr(i, m_codePoints ? codePointBytes(word[i]) : 1);
    i += part.size();
    const auto at = m_codePoints ? m_ids.find(std::string(part)) : m_ids.end();
    const bool bytes = at == m_ids.end() && std::ranges::all_of(part, known);
    if (at != m_ids.end())
      ids.push_back(at->second);
    else if (bytes)
      std::ranges::transform(part, std::back_inserter(ids), byteOf);
    else if (m_unknown && !(m_fuseUnknown && afterUnknown))
      ids.push_back(*m_unknown);
    afterUnknown = at == m_ids.end() && !bytes;
  }
}

void BytePairEncoding::merge(std::vector<int>& ids) const {
  const auto count = static_cast<int>(ids.size());
  std::vector<int> next(ids.size()), previous(ids.size());
  using Candidate = std::tuple<std::uint32_t, int, int, int>; // rank, position, left and right id
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto at = [&](int i) -> int& { return ids[static_cast<std::size_t>(i)]; };
  const auto nextOf = [&](int i) -> int& { return next[static_cast<std::size_t>(i)]; };
  const auto consider = [&](int i) {
    if (i < 0 || nextOf(i) >= count) return;
    const auto found = m_merges.find(key(at(i), at(nextOf(i))));
    if (found != m_merges.end()) queue.emplace(found->second.rank, i, at(i), at(nextOf(i)));
  };
  for (int i = 0; i < count; ++i) {
    nextOf(i) = i + 1;
    previous[static_cast<std::size_t>(i)] = i - 1;
  }
  for (int i = 0; i < count; ++i) consider(i);
  while (!queue.empty()) {
    const auto [rank, i, left, right] = queue.top();
    queue.pop();
    if (at(i) != left || nextOf(i) >= count || at(nextOf(i)) != right) continue;
    at(i) = m_merges.at(key(left, right)).id;
    const int gone = nextOf(i);
    at(gone) = -1;
    nextOf(i) = nextOf(gone);
    if (nextOf(i) < count) previous[static_cast<std::size_t>(nextOf(i))] = i;
    consider(previous[static_cast<std::size_t>(i)]);
    consider(i);
  }
  std::erase(ids, -1);
}

void BytePairEncoding::encode(std::string_view word, std::vector<int>& ids) const {
  if (m_wholeWords) {
    const auto at = m_ids.find(std::string(word));
    if (at != m_ids.end()) return ids.push_back(at->second);
  }
  std::vector<int> own;
  begin(word, own);
  merge(own);
  ids.insert(ids.end(), own.begin(), own.end());
}

} // namespace rankscope
