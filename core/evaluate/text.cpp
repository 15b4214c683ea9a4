// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/text.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <fmt/format.h>
#include <zlib.h>

#include "core/base/error.h"
#include "core/base/plain_text.h"

namespace rankscope {

namespace {

constexpr std::string_view kSeparator = "<|endoftext|>";

struct CloseGz {
  void operator()(gzFile file) const { gzclose(file); }
};

/// zlib reads files that are not compressed as they are.
std::string readText(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) throw systemError(EISDIR, "cannot read", path);
  errno = 0;
  const std::unique_ptr<gzFile_s, CloseGz> file(gzopen(path.c_str(), "rb"));
  if (!file) throw systemError(errno == 0 ? ENOMEM : errno, "cannot open", path);
  std::string text;
  std::vector<char> buffer(1 << 20);
  for (;;) {
    const int count = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
    int problem = Z_OK;
    const char* message = gzerror(file.get(), &problem);
    if (count < 0 || problem == Z_BUF_ERROR)
      throw Error(ErrorKind::Malformed, fmt::format("{}: damaged or cut off gzip data ({})", path.string(), message));
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

/// A stray byte does no harm; an archive, a model or a text in another encoding is measured as nonsense.
void requireText(std::string_view text, const std::filesystem::path& path) {
  constexpr std::size_t kSample = std::size_t{16} << 20;
  const std::string_view sample = text.substr(0, kSample);
  const auto refuse = [&](std::string_view why) {
    throw Error(ErrorKind::Unsupported,
                fmt::format("{} is not a text in UTF-8 (plain or .gz): {}", path.string(), why));
  };
  if (sample.starts_with("\xff\xfe") || sample.starts_with("\xfe\xff")) refuse("it is UTF-16; save it as UTF-8");
  const auto zeros = static_cast<std::size_t>(std::ranges::count(sample, '\0'));
  if (zeros * 1000 > sample.size()) refuse("it holds zero bytes, as binary files do");
  if (const std::size_t outside = bytesOutsideUtf8(sample); outside * 10 > sample.size())
    refuse(fmt::format("{:.0f} % of its bytes belong to no character",
                       100 * static_cast<double>(outside) / static_cast<double>(sample.size())));
}

std::string_view trimmedLines(std::string_view text) {
  while (!text.empty() && (text.front() == '\n' || text.front() == '\r')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

/// Fills windows token by token.
class Packer {
 public:
  Packer(std::int64_t context, std::int64_t limit, std::optional<int> bos)
      : m_context(static_cast<std::size_t>(context)), m_limit(limit), m_bos(bos) {}

  bool full() const { return m_limit > 0 && m_count >= m_limit; }

  void add(int token, int record) {
    if (m_windows.empty() || m_windows.back().tokens.size() == m_context) {
      m_windows.emplace_back();
      if (m_bos) append(*m_bos, record);
    }
    append(token, record);
  }

  std::vector<Window> take() {
    std::erase_if(m_windows, [](const Window& window) { return window.tokens.size() < 2; });
    return std::move(m_windows);
  }

 private:
  void append(int token, int record) {
    if (full()) return;
    m_windows.back().tokens.push_back(token);
    m_windows.back().records.push_back(record);
    ++m_count;
  }

  std::size_t m_context;
  std::int64_t m_limit;
  std::int64_t m_count = 0;
  std::optional<int> m_bos;
  std::vector<Window> m_windows;
};

} // namespace

std::vector<std::string> splitRecords(std::string_view text) {
  std::vector<std::string> records;
  std::size_t begin = 0;
  const auto close = [&](std::size_t end) {
    const std::string_view record = trimmedLines(text.substr(begin, end - begin));
    if (!record.empty()) records.emplace_back(record);
  };
  for (std::size_t line = 0; line < text.size();) {
    std::size_t end = text.find('\n', line);
    const std::size_t next = end == std::string_view::npos ? text.size() : end + 1;
    if (end == std::string_view::npos) end = text.size();
    if (end > line && text[end - 1] == '\r') --end;
    if (text.substr(line, end - line) == kSeparator) {
      close(line);
      begin = next;
    }
    line = next;
  }
  close(text.size());
  return records;
}

std::vector<std::string> readRecords(const std::filesystem::path& path) {
  const std::string text = readText(path);
  requireText(text, path);
  return splitRecords(text);
}

std::vector<Window> windowsOf(const std::vector<std::string>& records, const Tokenizer& tokenizer, std::int64_t context,
                              std::int64_t limit) {
  const Tokenizer::Habits& habits = tokenizer.habits();
  Packer packer(context, limit, habits.bos);
  for (std::size_t i = 0; i < records.size() && !packer.full(); ++i) {
    const int record = static_cast<int>(i);
    for (const int token : tokenizer.encode(records[i])) packer.add(token, record);
    if (habits.separator && i + 1 < records.size()) packer.add(*habits.separator, record);
  }
  return packer.take();
}

} // namespace rankscope
