// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/layer_hdf5.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/spectrum/diagnostics.h"

namespace rankscope {

namespace {

using hdf5::Id;
using hdf5::needed;

/// H5T_FLOAT of 16 bits: sign, `exponent` and `mantissa` bits from the top.
Id shortFloat(std::size_t exponent, std::size_t mantissa, std::size_t bias) {
  Id type(H5Tcopy(H5T_IEEE_F32LE), H5Tclose);
  hdf5::require(H5Tset_fields(type, 15, mantissa, exponent, 0, mantissa), "make a 16-bit type");
  hdf5::require(H5Tset_size(type, 2), "make a 16-bit type");
  hdf5::require(H5Tset_ebias(type, bias), "make a 16-bit type");
  return type;
}

Id codeType(Storage storage) {
  switch (storage) {
  case Storage::F32:
    return Id(H5Tcopy(H5T_IEEE_F32LE), H5Tclose);
  case Storage::F16:
    return shortFloat(5, 10, 15);
  case Storage::BF16:
    return shortFloat(8, 7, 127);
  case Storage::Int8:
    return Id(H5Tcopy(H5T_STD_I8LE), H5Tclose);
  case Storage::Int4:
  case Storage::Int3:
    return Id(H5Tcopy(H5T_STD_U8LE), H5Tclose);
  }
  return {};
}

void writeFactor(hid_t group, const std::string& name, const StoredMatrix& factor) {
  const auto rows = static_cast<hsize_t>(factor.rows);
  const std::array<hsize_t, 2> shape{rows, static_cast<hsize_t>(codesPerRow(factor.cols, factor.format.storage))};
  hdf5::writeArray(group, name.c_str(), codeType(factor.format.storage), shape, factor.codes);
  const Id dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose);
  hdf5::writeInteger(dataset, "rows", factor.rows);
  hdf5::writeInteger(dataset, "cols", factor.cols);
  hdf5::writeText(dataset, "storage", std::string(rankscope::name(factor.format.storage)));
  if (!isInteger(factor.format.storage)) return;
  const bool perRow = factor.format.axis == ScaleAxis::PerRow;
  hdf5::writeText(dataset, "axis", perRow ? "row" : "column");
  hdf5::writeInteger(dataset, "group", factor.format.group);
  const hsize_t all = factor.scales.size();
  std::vector<hsize_t> scaleShape{all};
  if (factor.format.group > 0)
    scaleShape = perRow
                     ? std::vector<hsize_t>{rows, all / rows}
                     : std::vector<hsize_t>{all / static_cast<hsize_t>(factor.cols), static_cast<hsize_t>(factor.cols)};
  if (factor.format.scales != Storage::F32)
    hdf5::writeText(dataset, "scales", std::string(rankscope::name(factor.format.scales)));
  const std::vector<std::byte> scales = writtenScales(factor);
  hdf5::writeArray(group, (name + "_scale").c_str(), codeType(factor.format.scales), scaleShape, scales);
}

std::optional<StoredMatrix> readFactor(hid_t group, const std::string& name) {
  if (!hdf5::hasGroup(group, name)) return std::nullopt;
  const Id dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose);
  hdf5::require(dataset, name);
  StorageFormat format;
  const auto storage = parseStorage(hdf5::readText(dataset, "storage").value_or(""));
  if (!storage) return std::nullopt;
  format.storage = *storage;
  format.axis = hdf5::readText(dataset, "axis").value_or("row") == "column" ? ScaleAxis::PerColumn : ScaleAxis::PerRow;
  format.group = static_cast<int>(hdf5::readInteger(dataset, "group").value_or(0));
  if (hdf5::readText(dataset, "scales").value_or("f32") == "f16") format.scales = Storage::F16;
  const auto codes = hdf5::readArray(group, name.c_str(), codeType(format.storage));
  const auto scales = hdf5::readArray(group, (name + "_scale").c_str(), codeType(format.scales));
  return assemble(hdf5::readInteger(dataset, "rows").value_or(0), hdf5::readInteger(dataset, "cols").value_or(0),
                  format, *codes, scales ? std::span<const std::byte>(*scales) : std::span<const std::byte>());
}

bool isNew(const StorageFormat& format) {
  return format.storage == Storage::Int3 || format.scales != Storage::F32;
}

void writeCompression(hid_t group, const LayerRecord::Compression& result) {
  if (result.choice.rank) {
    hdf5::writeInteger(group, "rank", *result.choice.rank);
    hdf5::writeText(group, "factor_dtype", std::string(name(result.choice.formatA.storage)));
  }
  if (result.choice.base) {
    hdf5::writeText(group, "base", std::string(name(result.choice.base->storage)));
    hdf5::writeInteger(group, "base_group", result.choice.base->group);
  }
  if (!result.choice.isDense())
    hdf5::writeText(group, "method", result.choice.method.empty() ? "plain" : result.choice.method);
  hdf5::writeText(group, "choice", toJson(result.choice).dump());
  hdf5::writeInteger(group, "result_version", result.resultVersion);
  if (result.predictedCosine) hdf5::writeNumber(group, "predicted_cosine", *result.predictedCosine);
  if (result.error.empty() && std::isfinite(result.quality.cosine) && std::isfinite(result.quality.relativeError)) {
    hdf5::writeNumber(group, "cosine", result.quality.cosine);
    hdf5::writeNumber(group, "relative_error", result.quality.relativeError);
    hdf5::writeText(group, "verdict", std::string(name(verdictFor(result.quality.cosine))));
  }
  if (result.outputs && std::isfinite(result.outputs->cosine) && std::isfinite(result.outputs->relativeError)) {
    hdf5::writeNumber(group, "output_cosine", result.outputs->cosine);
    hdf5::writeNumber(group, "output_relative_error", result.outputs->relativeError);
  }
  hdf5::writeInteger(group, "bytes_before", static_cast<std::int64_t>(result.bytesBefore));
  hdf5::writeInteger(group, "bytes_after", static_cast<std::int64_t>(result.bytesAfter));
}

DType dtypeOf(hid_t group) {
  const auto dtype = parseDType(needed(hdf5::readText(group, "dtype"), "dtype"));
  if (!dtype) throw hdf5::Failure{"a layer has an unknown dtype"};
  return *dtype;
}

Role roleOf(const std::string& text) {
  for (int i = 0; i <= static_cast<int>(Role::Other); ++i)
    if (name(static_cast<Role>(i)) == text) return static_cast<Role>(i);
  return Role::Other;
}

LayerRecord::Compression readCompression(hid_t group, int resultVersion) {
  LayerRecord::Compression result;
  result.resultVersion = resultVersion;
  result.choice = choiceFrom(nlohmann::json::parse(needed(hdf5::readText(group, "choice"), "choice")));
  result.predictedCosine = hdf5::readNumber(group, "predicted_cosine");
  result.quality.cosine = hdf5::readNumber(group, "cosine").value_or(std::nan(""));
  result.quality.relativeError = hdf5::readNumber(group, "relative_error").value_or(std::nan(""));
  if (const auto cosine = hdf5::readNumber(group, "output_cosine"))
    result.outputs = {*cosine, hdf5::readNumber(group, "output_relative_error").value_or(std::nan(""))};
  result.bytesBefore = static_cast<std::uint64_t>(needed(hdf5::readInteger(group, "bytes_before"), "bytes_before"));
  result.bytesAfter = static_cast<std::uint64_t>(needed(hdf5::readInteger(group, "bytes_after"), "bytes_after"));
  result.error = hdf5::readText(group, "error").value_or("");
  result.hasFactors =
      (!result.choice.rank || (hdf5::hasGroup(group, "factor_a") && hdf5::hasGroup(group, "factor_b"))) &&
      (!result.choice.base || hdf5::hasGroup(group, "base")) && !result.choice.isDense();
  return result;
}

} // namespace

void writeStored(hid_t group, const StoredLayer& stored) {
  if (stored.factors) {
    writeFactor(group, "factor_a", stored.factors->a);
    writeFactor(group, "factor_b", stored.factors->b);
  }
  if (stored.base) writeFactor(group, "base", *stored.base);
  if (stored.biasShift.empty()) return;
  const hsize_t count = stored.biasShift.size();
  hdf5::writeArray(group, "bias_shift", H5T_IEEE_F32LE, std::span(&count, 1),
                   std::as_bytes(std::span(stored.biasShift)));
}

std::optional<StoredLayer> readStoredParts(hid_t group) {
  StoredLayer stored;
  auto a = readFactor(group, "factor_a");
  auto b = readFactor(group, "factor_b");
  if (a.has_value() != b.has_value()) return std::nullopt;
  if (a) stored.factors = FactorPair{std::move(*a), std::move(*b)};
  stored.base = readFactor(group, "base");
  if (const auto shift = hdf5::readArray(group, "bias_shift", H5T_IEEE_F32LE)) {
    stored.biasShift.resize(shift->size() / sizeof(float));
    std::memcpy(stored.biasShift.data(), shift->data(), stored.biasShift.size() * sizeof(float));
  }
  if (stored.empty()) return std::nullopt;
  return stored;
}

bool isPart(std::string_view child) {
  return child.starts_with("factor_") || child == "base" || child == "base_scale" || child == "bias_shift";
}

bool needsVersion2(const LayerRecord& layer) {
  if (!layer.compression) return false;
  const LayerChoice& choice = layer.compression->choice;
  return choice.base || choice.biasShift || isNew(choice.formatA) || isNew(choice.formatB);
}

void writeLayer(hid_t group, const LayerRecord& layer, std::size_t index) {
  hdf5::writeText(group, "name", layer.name);
  hdf5::writeInteger(group, "index", static_cast<std::int64_t>(index));
  hdf5::writeInteger(group, "rows", layer.rows);
  hdf5::writeInteger(group, "cols", layer.cols);
  hdf5::writeText(group, "dtype", std::string(name(layer.dtype)));
  hdf5::writeText(group, "role", std::string(name(layer.role)));
  hdf5::writeText(group, "orientation", std::string(name(layer.orientation)));
  if (layer.block) hdf5::writeInteger(group, "block", *layer.block);
  if (!layer.contentHash.empty()) hdf5::writeText(group, "content_hash", layer.contentHash);
  if (layer.compression) writeCompression(group, *layer.compression);
  // `error` is what a reader looks at first; the spectrum's own has a second place once compression has its say.
  const std::string& error = layer.compression ? layer.compression->error : layer.spectrumError;
  if (!error.empty()) hdf5::writeText(group, "error", error);
  if (layer.compression && !layer.spectrumError.empty()) hdf5::writeText(group, "spectrum_error", layer.spectrumError);
  if (!layer.singularValues.empty()) {
    const hsize_t count = layer.singularValues.size();
    hdf5::writeArray(group, "singular_values", H5T_IEEE_F64LE, std::span(&count, 1),
                     std::as_bytes(std::span(layer.singularValues)));
    const std::vector<double> floor = noiseFloorCosines(layer.rows, layer.cols);
    const hsize_t ranks = floor.size();
    hdf5::writeArray(group, "noise_floor", H5T_IEEE_F64LE, std::span(&ranks, 1), std::as_bytes(std::span(floor)));
  }
  for (const auto& [key, value] : layer.diagnostics) hdf5::writeNumber(group, key.c_str(), value);
}

LayerRecord readLayer(hid_t group, const std::string& layerName) {
  LayerRecord layer;
  layer.name = layerName;
  layer.rows = needed(hdf5::readInteger(group, "rows"), "rows");
  layer.cols = needed(hdf5::readInteger(group, "cols"), "cols");
  layer.dtype = dtypeOf(group);
  layer.role = roleOf(hdf5::readText(group, "role").value_or("other"));
  layer.orientation = hdf5::readText(group, "orientation") == "in_out" ? Orientation::InOut : Orientation::OutIn;
  if (const auto block = hdf5::readInteger(group, "block")) layer.block = static_cast<int>(*block);
  layer.contentHash = hdf5::readText(group, "content_hash").value_or("");
  if (const auto version = hdf5::readInteger(group, "result_version"))
    layer.compression = readCompression(group, static_cast<int>(*version));
  for (const std::string_view key : kDiagnosticKeys)
    if (const auto value = hdf5::readNumber(group, std::string(key).c_str())) layer.diagnostics.emplace(key, *value);
  layer.spectrumError = hdf5::readText(group, layer.compression ? "spectrum_error" : "error").value_or("");
  if (const auto values = hdf5::readArray(group, "singular_values", H5T_IEEE_F64LE)) {
    layer.singularValues.resize(values->size() / sizeof(double));
    std::memcpy(layer.singularValues.data(), values->data(), values->size());
    const auto& sigma = layer.singularValues;
    if (static_cast<std::int64_t>(sigma.size()) != std::min(layer.rows, layer.cols) || !(sigma.back() >= 0) ||
        !std::is_sorted(sigma.begin(), sigma.end(), std::greater<>()))
      throw hdf5::Failure{"its singular values are not min(rows, cols) falling numbers"};
  }
  return layer;
}

} // namespace rankscope
