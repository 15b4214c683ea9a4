// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/calibrate/calibration.h"
#include "core/spectrum/spectrum_cache.h"

namespace rankscope {

/// Moments on disk: a folder for each model, text and options, a file for each linear's inputs and gradients (F32,
/// lower halves, with a checksum). Only ever a shortcut: what is missing, damaged or not writable is as if it had never
/// been stored. Several processes may share a folder.
class CalibrationCache final {
 public:
  static constexpr std::uint64_t kDefaultLimit = std::uint64_t{8} << 30;
  static constexpr std::uint64_t kDefaultMemory = std::uint64_t{2} << 30; ///< for calibrateCached()

  explicit CalibrationCache(std::filesystem::path folder = userCacheFolder(), std::uint64_t limitBytes = kDefaultLimit);

  /// What a calibration is known by: hashes of the model's tensors and of the tokens, and the options.
  static std::string keyOf(const Model& model, std::span<const std::vector<int>> sequences,
                           const CalibrationOptions& options);

  bool enabled() const { return !m_folder.empty(); }
  /// The inputs lie with the linear that stands for all that read the same (inputOwners).
  bool save(const std::string& key, LayerId layer, LayerId owner, const Moments& moments) const;
  std::optional<Moments> load(const std::string& key, LayerId layer, LayerId owner, bool gradients) const;

  bool holds(const std::string& key, LayerId layer, LayerId owner, bool gradients) const; ///< without reading them

  /// Removes the calibrations that were not used for longest until the folder is below its limit; never `spared`.
  void prune(const std::string& spared = {}) const;

 private:
  std::filesystem::path fileFor(const std::string& key, LayerId layer, const char* what) const;

  std::filesystem::path m_folder;
  std::uint64_t m_limit;
};

/// Bytes that the moments of one block take in memory.
std::uint64_t momentBytes(const Model& model, int block, bool gradients);

/// As calibrate(), from the cache where it has it. Where the moments of all blocks take more than `memory` bytes, the
/// text is run once for each group of blocks that fits (one block at the least), and what Calibration::at() gives lies
/// in the cache, layer by layer. Throws Error(Unwritable) where such a model meets a cache that cannot be written.
Calibration calibrateCached(const Model& model, std::span<const std::vector<int>> sequences,
                            const CalibrationOptions& options = {}, const CalibrationCache& cache = CalibrationCache(),
                            std::uint64_t memory = CalibrationCache::kDefaultMemory, const Progress& progress = {});

/// Whether calibrateCached() would find it all in the cache.
bool isCalibrated(const Model& model, std::span<const std::vector<int>> sequences,
                  const CalibrationOptions& options = {}, const CalibrationCache& cache = CalibrationCache());

} // namespace rankscope
