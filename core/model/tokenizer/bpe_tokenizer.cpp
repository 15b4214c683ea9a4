// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tokenizer/bpe_tokenizer.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/tokenizer/unicode.h"

namespace rankscope {

namespace {

bool isSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

class BpeTokenizer final : public Tokenizer {
 public:
  BpeTokenizer(BpeDescription d, Habits habits, std::string_view source)
      : Tokenizer(habits), m_encoding(std::move(d.vocabulary), source), m_added(std::move(d.added)),
        m_normalizers(std::move(d.normalizers)), m_splitters(std::move(d.splitters)), m_prefix(std::move(d.prefix)),
        m_prefixFirstOnly(d.prefixFirstOnly), m_stripLeadingSpace(d.stripLeadingSpace) {
    for (auto& [id, bytes] : d.tokens) {
      if (static_cast<std::size_t>(id) >= m_bytes.size()) m_bytes.resize(static_cast<std::size_t>(id) + 1);
      m_bytes[static_cast<std::size_t>(id)] = std::move(bytes);
    }
    // At one place the longest wins.
    std::stable_sort(m_added.begin(), m_added.end(),
                     [](const auto& a, const auto& b) { return a.text.size() > b.text.size(); });
    for (const auto& token : m_added) m_beginsAdded[static_cast<unsigned char>(token.text.front())] = true;
  }

  int size() const override { return static_cast<int>(m_bytes.size()); }

  std::vector<int> encode(std::string_view raw) const override {
    const std::string text = validUtf8(raw);
    std::vector<int> ids;
    std::size_t done = 0;
    for (std::size_t i = 0; i < text.size();) {
      const BpeDescription::AddedToken* token = addedAt(text, i);
      if (!token) {
        ++i;
        continue;
      }
      std::size_t end = i, next = i + token->text.size();
      if (token->stripLeft)
        while (end > done && isSpace(text[end - 1])) --end;
      if (token->stripRight)
        while (next < text.size() && isSpace(text[next])) ++next;
      encodePlain(text.substr(done, end - done), done == 0, ids);
      ids.push_back(token->id);
      done = i = next;
    }
    encodePlain(text.substr(done), done == 0, ids);
    return ids;
  }

  std::string decode(std::span<const int> ids) const override {
    std::string bytes;
    for (const int id : ids) {
      if (id < 0 || id >= size()) throw Error(ErrorKind::BadRequest, fmt::format("there is no token {}", id));
      bytes += m_bytes[static_cast<std::size_t>(id)];
    }
    if (m_stripLeadingSpace && !bytes.empty() && bytes.front() == ' ') bytes.erase(0, 1);
    return validUtf8(bytes);
  }

 private:
  const BpeDescription::AddedToken* addedAt(std::string_view text, std::size_t i) const {
    if (!m_beginsAdded[static_cast<unsigned char>(text[i])]) return nullptr;
    for (const auto& token : m_added)
      if (text.substr(i, token.text.size()) == token.text) return &token;
    return nullptr;
  }

  void encodePlain(std::string text, bool first, std::vector<int>& ids) const {
    if (text.empty()) return;
    for (const auto& change : m_normalizers) text = change(std::move(text));
    if ((first || !m_prefixFirstOnly) && !text.starts_with(m_prefix)) text.insert(0, m_prefix);
    std::vector<std::string_view> pieces{text}, finer;
    for (const Splitter& splitter : m_splitters) {
      finer.clear();
      for (const std::string_view piece : pieces) splitter.split(piece, finer);
      std::swap(pieces, finer);
    }
    for (const std::string_view piece : pieces) m_encoding.encode(piece, ids);
  }

  BytePairEncoding m_encoding;
  std::vector<std::string> m_bytes;
  std::vector<BpeDescription::AddedToken> m_added;
  std::array<bool, 256> m_beginsAdded{};
  std::vector<std::function<std::string(std::string)>> m_normalizers;
  std::vector<Splitter> m_splitters;
  std::string m_prefix;
  bool m_prefixFirstOnly;
  bool m_stripLeadingSpace;
};

/// Bytes that are printable in Latin-1 stand for themselves, the others for 256, 257, … in order.
std::array<int, 512> byteOfCodePoint() {
  std::array<int, 512> table;
  table.fill(-1);
  std::size_t next = 256;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    table[printable ? byte : next++] = static_cast<int>(byte);
  }
  return table;
}

} // namespace

std::optional<std::string> bytesOfPrintable(std::string_view token) {
  static const std::array<int, 512> table = byteOfCodePoint();
  std::string bytes;
  for (std::size_t i = 0; i < token.size();) {
    const std::size_t length = codePointBytes(token[i]);
    if (length > 2 || i + length > token.size()) return std::nullopt;
    const auto lead = static_cast<unsigned char>(token[i]);
    const std::size_t point = length == 1 ? lead : static_cast<std::size_t>((lead & 0x1f) << 6 | (token[i + 1] & 0x3f));
    if (point >= table.size() || table[point] < 0) return std::nullopt;
    bytes += static_cast<char>(table[point]);
    i += length;
  }
  return bytes;
}

std::shared_ptr<const Tokenizer> makeBpeTokenizer(BpeDescription description, Tokenizer::Habits habits,
                                                  std::string_view source) {
  return std::make_shared<BpeTokenizer>(std::move(description), habits, source);
}

} // namespace rankscope
