// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/report.

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace rankscope {

/// Marks a dense export as ours; a factored one has its manifest.
inline constexpr std::string_view kDenseManifestName = "rankscope-dense.json";

/// Throws Error(NoSpace) with both figures when the disk of `folder` has not `bytes` free.
void requireRoom(const std::filesystem::path& folder, std::uint64_t bytes, const std::filesystem::path& target);

/// A hidden folder beside `target` in which the export grows, `.<name>.partial`. It takes the target's place at the end
/// or disappears. What a killed process left there is removed; Error(InUse) when a living one is at it.
class StagingFolder final {
 public:
  explicit StagingFolder(const std::filesystem::path& target);
  ~StagingFolder();
  StagingFolder(const StagingFolder&) = delete;
  StagingFolder& operator=(const StagingFolder&) = delete;

  const std::filesystem::path& path() const { return m_path; }

  /// Renames it to the target, replacing what is there in one step, and syncs.
  void publish();

 private:
  std::filesystem::path m_target;
  std::filesystem::path m_path;
  std::filesystem::path m_madeParent; // topmost folder above the target that was made for it
  int m_descriptor = -1;
};

} // namespace rankscope
