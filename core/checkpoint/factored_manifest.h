// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/layer.h"
#include "core/tensor/stored_matrix.h"

namespace rankscope {

/// What rankscope.json says of one layer that a factored export holds as base + A·B, or as one of the two.
struct ManifestLayer {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::optional<std::int64_t> rank; ///< of the factors; nullopt: none
  Orientation orientation = Orientation::OutIn;
  DType dtype = DType::F32; ///< of the original matrix
  StorageFormat a;
  StorageFormat b;
  std::optional<double> cosine;
  std::optional<double> relativeError;
  std::optional<StorageFormat> base = {}; ///< of the quantised matrix; nullopt: none
  bool biasShift = false;                 ///< a vector is to be added to the linear's bias
  std::string method = {};                ///< how the parts were found ("plain", …); "" where nothing says so
  std::string calibration = {};           ///< hash of the text that the method was fitted to
};

/// rankscope.json: the manifest of a factored export, and where it came from.
struct FactoredManifest {
  std::string sourceName;
  std::string sourceHash;
  std::string singularValues = "split"; ///< where σ went: "split" (√σ into both factors), "a" or "b"
  std::vector<ManifestLayer> layers;
};

inline constexpr std::string_view kManifestName = "rankscope.json";

/// Names of the tensors that hold a factor and its scales.
std::string factorName(std::string_view layer, char factor); ///< `<layer>.lowrank_a`
std::string scaleName(std::string_view layer, char factor);  ///< `<layer>.lowrank_a_scale`
std::string baseName(std::string_view layer);                ///< `<layer>.quantized`
std::string baseScaleName(std::string_view layer);           ///< `<layer>.quantized_scale`
std::string biasShiftName(std::string_view layer);           ///< `<layer>.bias_shift`
/// All tensors that may stand for a layer, in name order.
std::vector<std::string> storedNames(std::string_view layer);

/// Version 1, or 2 when a layer has a base, a bias shift, int3 or F16 scales.
std::string toJson(const FactoredManifest& manifest);

/// Throws Error (Malformed, or Unsupported for a newer version) naming `path` and the layer.
FactoredManifest parseFactoredManifest(std::string_view json, const std::filesystem::path& path);

} // namespace rankscope
