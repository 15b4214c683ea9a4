// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectrum/spectrum_cache.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

namespace rankscope {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kExtension = ".spectrum";

/// A file: this, the values, and the XXH3 of both.
struct Header {
  std::array<char, 8> magic{'r', 's', 'p', 'e', 'c', 't', '0', '1'}; // 01: raised when the numbers change
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  double largestEntry = 0;
  double kurtosis = 0;
};
static_assert(std::is_trivially_copyable_v<Header> && sizeof(Header) == 40);

std::optional<SpectrumCache::Entry> decode(const std::string& bytes, const SpectrumCache::Key& key) {
  const auto count = static_cast<std::size_t>(std::min(key.rows, key.cols));
  const std::size_t content = sizeof(Header) + count * sizeof(double);
  if (bytes.size() != content + sizeof(XXH64_hash_t)) return std::nullopt;
  XXH64_hash_t hash = 0;
  std::memcpy(&hash, bytes.data() + content, sizeof hash);
  if (hash != XXH3_64bits(bytes.data(), content)) return std::nullopt;
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != Header().magic || header.rows != key.rows || header.cols != key.cols) return std::nullopt;
  std::vector<double> sigma(count);
  std::memcpy(sigma.data(), bytes.data() + sizeof header, count * sizeof(double));
  const bool sound = std::all_of(sigma.begin(), sigma.end(), [](double s) { return std::isfinite(s) && s >= 0; }) &&
                     std::is_sorted(sigma.begin(), sigma.end(), std::greater<>());
  if (!sound) return std::nullopt;
  return SpectrumCache::Entry{Spectrum(key.rows, key.cols, std::move(sigma)),
                              {.largest = header.largestEntry, .kurtosis = header.kurtosis}};
}

std::string encode(const SpectrumCache::Entry& entry) {
  const std::vector<double>& sigma = entry.spectrum.sigma();
  Header header;
  header.rows = entry.spectrum.rows();
  header.cols = entry.spectrum.cols();
  header.largestEntry = entry.entries.largest;
  header.kurtosis = entry.entries.kurtosis;
  const std::size_t content = sizeof header + sigma.size() * sizeof(double);
  std::string bytes(content + sizeof(XXH64_hash_t), '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, sigma.data(), sigma.size() * sizeof(double));
  const XXH64_hash_t hash = XXH3_64bits(bytes.data(), content);
  std::memcpy(bytes.data() + content, &hash, sizeof hash);
  return bytes;
}

} // namespace

fs::path userCacheFolder() {
  if (const char* folder = std::getenv("RANKSCOPE_CACHE_DIR")) return folder;
  if (const char* caches = std::getenv("XDG_CACHE_HOME"); caches && *caches) return fs::path(caches) / "rankscope";
  if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / ".cache" / "rankscope";
  return {};
}

SpectrumCache::SpectrumCache(fs::path folder, std::uint64_t limitBytes)
    : m_folder(folder.empty() ? fs::path() : folder / "spectra"), m_limit(limitBytes) {}

fs::path SpectrumCache::fileFor(const Key& key) const {
  return m_folder / fmt::format("{}-{}-{}x{}{}", key.contentHash, name(key.dtype), key.rows, key.cols, kExtension);
}

std::optional<SpectrumCache::Entry> SpectrumCache::load(const Key& key) const {
  if (m_folder.empty()) return std::nullopt;
  const fs::path path = fileFor(key);
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  auto entry = decode(bytes, key);
  std::error_code ignored;
  if (entry)
    fs::last_write_time(path, fs::file_time_type::clock::now(), ignored); // for prune()
  else
    fs::remove(path, ignored);
  return entry;
}

void SpectrumCache::save(const Key& key, const Entry& entry) const {
  if (m_folder.empty()) return;
  static std::atomic<unsigned> counter = 0;
  std::error_code failed;
  fs::create_directories(m_folder, failed);
  // Written beside its place and renamed into it, so that nobody ever sees half a file.
  const fs::path temporary = m_folder / fmt::format("{}-{}.part", ::getpid(), counter++);
  {
    std::ofstream out(temporary, std::ios::binary);
    const std::string bytes = encode(entry);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) failed = std::make_error_code(std::errc::io_error);
  }
  if (!failed) fs::rename(temporary, fileFor(key), failed);
  if (failed) fs::remove(temporary, failed);
}

void SpectrumCache::prune() const {
  struct File {
    fs::file_time_type used;
    std::uint64_t bytes;
    fs::path path;
  };
  std::vector<File> files;
  std::uint64_t total = 0;
  std::error_code failed;
  for (fs::directory_iterator it(m_folder, failed), end; !failed && it != end; it.increment(failed)) {
    std::error_code gone;
    const auto used = it->last_write_time(gone);
    if (gone) continue;
    const std::uint64_t bytes = it->file_size(gone);
    if (gone) continue;
    if (it->path().extension() == ".part") { // left by a killed process, unless it is being written now
      if (fs::file_time_type::clock::now() - used > std::chrono::hours(1)) fs::remove(it->path(), gone);
    } else if (it->path().extension() == kExtension) {
      files.push_back({used, bytes, it->path()});
      total += bytes;
    }
  }
  if (total <= m_limit) return;
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.used < b.used; });
  for (const File& file : files) {
    if (total <= m_limit) return;
    fs::remove(file.path, failed);
    total -= file.bytes;
  }
}

} // namespace rankscope
