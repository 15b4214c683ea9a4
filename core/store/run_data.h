// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/store/run_file.h"
#include "core/store/side_file.h"

namespace rankscope {

/// A run in memory: what contents() shows, and where to find factors that are not in the HDF5 file yet.
struct RunData {
  RunContents contents;
  std::string runId;                         ///< random; a side file belongs to the run whose id it carries
  std::uint64_t sequence = 0;                ///< highest side file that is taken in
  std::map<std::size_t, SideRecord> factors; ///< by index of the layer
  std::map<std::string, std::size_t, std::less<>> layersByName;
};

/// A run of `checkpoint` in which nothing has happened yet.
RunData newRun(const Checkpoint& checkpoint);

std::string randomRunId();
void indexLayers(RunData& run);

/// Side records of the things that can happen to a run. Arrays point into what is given.
SideRecord recordOf(const AnalysedLayer& layer, const std::string& name);
SideRecord recordOf(const CompressedLayer& layer, const std::string& name);
SideRecord recordOfPlan(const std::string& planJson);
SideRecord recordOfSnapshots(const std::map<std::string, std::string, std::less<>>& planJsonByName);
SideRecord recordOfEvaluation(const std::string& number, const std::string& json);

/// Takes a record in; a later one supersedes what an earlier one said of the same layer. False for one that makes no
/// sense for this run.
bool apply(RunData& run, SideRecord&& record);

/// Choices as JSON: {"rank": 96, "a": {"storage", "axis", "group"}, "b": {…}, "method"}, rank null without factors;
/// "base": {…, "scales"} and "bias_shift": true only where there are any. Reading throws nlohmann::json::exception or
/// Error(Malformed).
nlohmann::json toJson(const LayerChoice& choice);
LayerChoice choiceFrom(const nlohmann::json& json);
nlohmann::json toJson(const StorageFormat& format);
StorageFormat formatFrom(const nlohmann::json& json);

/// Whether a result for one choice may stand for the other. Dense layers have no factors whose formats could differ.
bool sameOutcome(const LayerChoice& a, const LayerChoice& b);

/// What a side record of a compression holds of the layer; nothing when it is not whole.
std::optional<StoredLayer> storedOf(const SideRecord& record);

/// A matrix from its codes and scales as written; nothing when sizes and shape contradict each other.
std::optional<StoredMatrix> assemble(std::int64_t rows, std::int64_t cols, const StorageFormat& format,
                                     std::span<const std::byte> codes, std::span<const std::byte> scales);

} // namespace rankscope
