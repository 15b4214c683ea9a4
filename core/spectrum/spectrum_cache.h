// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/spectrum/diagnostics.h"
#include "core/spectrum/spectrum.h"
#include "core/tensor/dtype.h"

namespace rankscope {

/// Where spectra of matrices seen before are kept: $RANKSCOPE_CACHE_DIR, else $XDG_CACHE_HOME/rankscope, else
/// ~/.cache/rankscope; empty, for no cache, when RANKSCOPE_CACHE_DIR is set to nothing or there is no home.
std::filesystem::path userCacheFolder();

/// Spectra on disk by the content of the matrix, whatever its file and name. Only ever a shortcut: what is missing,
/// damaged, of another version or not writable is as if it had never been stored. Several processes may share a folder.
class SpectrumCache final {
 public:
  static constexpr std::uint64_t kDefaultLimit = std::uint64_t{256} << 20;

  explicit SpectrumCache(std::filesystem::path folder = userCacheFolder(), std::uint64_t limitBytes = kDefaultLimit);

  /// What a matrix is known by: the hash of its bytes and how they are read.
  struct Key {
    std::string contentHash; ///< hexadecimal
    DType dtype = DType::F32;
    std::int64_t rows = 0;
    std::int64_t cols = 0;
  };
  struct Entry {
    Spectrum spectrum;
    EntryStatistics entries;
  };

  std::optional<Entry> load(const Key& key) const;
  void save(const Key& key, const Entry& entry) const;

  /// Removes what was not used for longest until the folder is below its limit.
  void prune() const;

 private:
  std::filesystem::path fileFor(const Key& key) const;

  std::filesystem::path m_folder;
  std::uint64_t m_limit;
};

} // namespace rankscope
