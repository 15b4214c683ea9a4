// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/factored_manifest.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/checkpoint/json_file.h"

namespace rankscope {

namespace {

using Json = nlohmann::ordered_json;
using nlohmann::json;

constexpr int kVersion = 2;

std::string_view axisName(ScaleAxis axis) {
  return axis == ScaleAxis::PerRow ? "row" : "column";
}

Json numberOrNull(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json formatJson(const StorageFormat& format) {
  Json result{{"dtype", name(format.storage)}};
  if (isInteger(format.storage)) {
    result["axis"] = axisName(format.axis);
    result["group"] = format.group;
    if (format.scales != Storage::F32) result["scale_dtype"] = name(format.scales);
  }
  return result;
}

bool isNew(const StorageFormat& format) {
  return format.storage == Storage::Int3 || format.scales != Storage::F32;
}

/// What version 1 cannot say.
bool isNew(const ManifestLayer& layer) {
  return layer.base || layer.biasShift || isNew(layer.a) || isNew(layer.b);
}

Json toJson(const ManifestLayer& layer) {
  Json entry{{"shape", {layer.rows, layer.cols}}};
  if (layer.rank) entry["rank"] = *layer.rank;
  entry["orientation"] = name(layer.orientation);
  entry["dtype"] = name(layer.dtype);
  if (layer.base) entry["base"] = formatJson(*layer.base);
  if (layer.rank) {
    entry["a"] = formatJson(layer.a);
    entry["b"] = formatJson(layer.b);
  }
  if (layer.biasShift) entry["bias_shift"] = true;
  if (!layer.method.empty()) entry["method"] = layer.method;
  if (!layer.calibration.empty()) entry["calibration"] = layer.calibration;
  entry["cosine"] = numberOrNull(layer.cosine);
  entry["relative_error"] = numberOrNull(layer.relativeError);
  return entry;
}

/// Reads one layer's entry and says which part of it is wrong.
class LayerReader final {
 public:
  LayerReader(const std::string& layer, const json& object, const std::filesystem::path& path)
      : m_layer(layer), m_object(object), m_path(path) {
    if (!object.is_object()) fail("is not an object");
  }

  ManifestLayer read() const {
    ManifestLayer layer;
    layer.name = m_layer;
    const json& shape = value(m_object, "shape");
    if (!shape.is_array() || shape.size() != 2) fail("has no shape of two numbers");
    layer.rows = positive(shape[0], "shape");
    layer.cols = positive(shape[1], "shape");
    if (m_object.contains("base")) layer.base = base();
    if (!layer.base || m_object.contains("rank")) layer.rank = positive(value(m_object, "rank"), "rank");
    if (layer.rank > std::min(layer.rows, layer.cols)) fail("has a rank above the smaller side of its shape");
    layer.orientation = orientation();
    const auto dtype = parseDType(text(value(m_object, "dtype"), "dtype"));
    if (!dtype || !isWeight(*dtype)) fail("has a dtype that is not F64, F32, F16 or BF16");
    layer.dtype = *dtype;
    if (layer.rank) {
      layer.a = format("a");
      layer.b = format("b");
    }
    layer.biasShift = biasShift();
    if (m_object.contains("method")) layer.method = text(m_object["method"], "method");
    if (m_object.contains("calibration")) layer.calibration = text(m_object["calibration"], "calibration");
    layer.cosine = number("cosine");
    layer.relativeError = number("relative_error");
    return layer;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw Error(ErrorKind::Malformed, fmt::format("{}: the entry of layer {} {}", m_path.string(), m_layer, what));
  }

  const json& value(const json& object, const char* key) const {
    const auto found = object.find(key);
    if (found == object.end()) fail(fmt::format("has no {}", key));
    return *found;
  }

  std::string text(const json& from, std::string_view key) const {
    if (!from.is_string()) fail(fmt::format("has a {} that is not text", key));
    return from;
  }

  std::int64_t positive(const json& from, std::string_view key) const {
    if (!from.is_number_unsigned() || from == 0 || from > std::uint64_t{1} << 62)
      fail(fmt::format("has a {} that is not a positive number", key));
    return from;
  }

  Orientation orientation() const {
    const std::string given = text(value(m_object, "orientation"), "orientation");
    for (const Orientation known : {Orientation::OutIn, Orientation::InOut})
      if (given == name(known)) return known;
    fail(fmt::format("has the unknown orientation {}", given));
  }

  StorageFormat base() const {
    const StorageFormat result = format("base");
    if (!isInteger(result.storage)) fail("has a base that is not int8, int4 or int3");
    return result;
  }

  bool biasShift() const {
    if (!m_object.contains("bias_shift")) return false;
    if (!m_object["bias_shift"].is_boolean()) fail("has a bias_shift that is neither true nor false");
    return m_object["bias_shift"];
  }

  StorageFormat format(const char* factor) const {
    const json& object = value(m_object, factor);
    if (!object.is_object()) fail(fmt::format("has no object {}", factor));
    StorageFormat result;
    const auto storage = parseStorage(text(value(object, "dtype"), "dtype"));
    if (!storage) fail(fmt::format("has an unknown dtype of {}", factor));
    result.storage = *storage;
    if (!isInteger(*storage)) return result;
    const std::string axis = text(value(object, "axis"), "axis");
    if (axis != "row" && axis != "column") fail(fmt::format("has the unknown axis {} of {}", axis, factor));
    result.axis = axis == "row" ? ScaleAxis::PerRow : ScaleAxis::PerColumn;
    const json& group = value(object, "group");
    if (!group.is_number_unsigned() || group > 1 << 20 || group.get<int>() % 32 != 0)
      fail(fmt::format("has a wrong group of {}", factor));
    result.group = group;
    if (!object.contains("scale_dtype")) return result;
    const auto scales = parseStorage(text(object["scale_dtype"], "scale_dtype"));
    if (scales != Storage::F32 && scales != Storage::F16) fail(fmt::format("has an unknown scale_dtype of {}", factor));
    result.scales = *scales;
    return result;
  }

  std::optional<double> number(const char* key) const {
    const auto found = m_object.find(key);
    return found != m_object.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
  }

  const std::string& m_layer;
  const json& m_object;
  const std::filesystem::path& m_path;
};

} // namespace

std::string factorName(std::string_view layer, char factor) {
  return fmt::format("{}.lowrank_{}", layer, factor);
}

std::string scaleName(std::string_view layer, char factor) {
  return fmt::format("{}.lowrank_{}_scale", layer, factor);
}

std::string baseName(std::string_view layer) {
  return fmt::format("{}.quantized", layer);
}

std::string baseScaleName(std::string_view layer) {
  return fmt::format("{}.quantized_scale", layer);
}

std::string biasShiftName(std::string_view layer) {
  return fmt::format("{}.bias_shift", layer);
}

std::vector<std::string> storedNames(std::string_view layer) {
  return {biasShiftName(layer),  factorName(layer, 'a'), scaleName(layer, 'a'), factorName(layer, 'b'),
          scaleName(layer, 'b'), baseName(layer),        baseScaleName(layer)};
}

std::string toJson(const FactoredManifest& manifest) {
  Json layers = Json::object();
  int version = 1;
  for (const ManifestLayer& layer : manifest.layers) {
    layers[layer.name] = toJson(layer);
    if (isNew(layer)) version = 2;
  }
  const Json root{{"format", "rankscope-factored"},
                  {"version", version},
                  {"program_version", RANKSCOPE_VERSION},
                  {"source", {{"name", manifest.sourceName}, {"content_hash", manifest.sourceHash}}},
                  {"singular_values", manifest.singularValues},
                  {"layers", std::move(layers)}};
  return root.dump(2) + "\n";
}

FactoredManifest parseFactoredManifest(std::string_view text, const std::filesystem::path& path) {
  const json root = parseJsonObject(text, path);
  const auto fail = [&](std::string_view what) {
    throw Error(ErrorKind::Malformed, fmt::format("{}: {}", path.string(), what));
  };
  if (root.value("format", json()) != "rankscope-factored") fail("its format is not rankscope-factored");
  const json version = root.value("version", json());
  if (!version.is_number_unsigned() || version == 0) fail("it has no version");
  if (version > kVersion)
    throw Error(ErrorKind::Unsupported,
                fmt::format("{}: version {} was written by a newer Rankscope; this one reads up to version {}",
                            path.string(), version.dump(), kVersion));
  const auto layers = root.find("layers");
  if (layers == root.end() || !layers->is_object()) fail("it has no layers");
  FactoredManifest manifest;
  for (const auto& [name, entry] : layers->items()) manifest.layers.push_back(LayerReader(name, entry, path).read());
  if (const auto source = root.find("source"); source != root.end() && source->is_object()) {
    if (const auto value = source->find("name"); value != source->end() && value->is_string())
      manifest.sourceName = *value;
    if (const auto value = source->find("content_hash"); value != source->end() && value->is_string())
      manifest.sourceHash = *value;
  }
  if (const auto value = root.find("singular_values"); value != root.end() && value->is_string())
    manifest.singularValues = *value;
  return manifest;
}

} // namespace rankscope
