// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/run_hdf5.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/spectrum/diagnostics.h"
#include "core/store/durable_file.h"
#include "core/store/file_seal.h"
#include "core/store/global_heap.h"

namespace rankscope {

namespace {

namespace fs = std::filesystem;
using hdf5::Id;

constexpr const char* kFormat = "rankscope-run";
constexpr std::int64_t kVersion = 2; // of a file with quantised bases, bias shifts or int3; else 1

Error damaged(const fs::path& path, std::string_view what) {
  return Error(ErrorKind::Malformed, fmt::format("{} is damaged: {}", path.string(), what));
}

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

/// True for the datasets that writeStored() makes.
bool isPart(std::string_view child) {
  return child.starts_with("factor_") || child == "base" || child == "base_scale" || child == "bias_shift";
}

/// What version 1 cannot say.
bool isNew(const StorageFormat& format) {
  return format.storage == Storage::Int3 || format.scales != Storage::F32;
}
bool isNew(const LayerRecord& layer) {
  if (!layer.compression) return false;
  const LayerChoice& choice = layer.compression->choice;
  return choice.base || choice.biasShift || isNew(choice.formatA) || isNew(choice.formatB);
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
  hdf5::writeInteger(group, "bytes_before", static_cast<std::int64_t>(result.bytesBefore));
  hdf5::writeInteger(group, "bytes_after", static_cast<std::int64_t>(result.bytesAfter));
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

/// Everything below the old group that the new one does not have and that still holds.
void copyRest(hid_t from, hid_t to, bool withFactors) {
  for (const std::string& child : hdf5::childNames(from)) {
    if (hdf5::hasGroup(to, child) || child == "singular_values" || child == "noise_floor") continue;
    if (isPart(child) && !withFactors) continue;
    hdf5::copyObject(from, child, to);
  }
}

void writeLayers(hid_t file, const RunData& run, hid_t previousLayers) {
  const Id layers = hdf5::createGroup(file, "layers");
  for (std::size_t i = 0; i < run.contents.layers.size(); ++i) {
    const LayerRecord& layer = run.contents.layers[i];
    const std::string child = escapedName(layer.name);
    const Id group = hdf5::createGroup(layers, child);
    writeLayer(group, layer, i);
    const bool hasFactors = layer.compression && layer.compression->hasFactors;
    const auto fresh = run.factors.find(i);
    if (hasFactors && fresh != run.factors.end()) {
      if (const auto stored = storedOf(fresh->second)) writeStored(group, *stored);
    }
    if (previousLayers >= 0 && hdf5::hasGroup(previousLayers, child))
      copyRest(hdf5::openGroup(previousLayers, child), group, hasFactors && fresh == run.factors.end());
  }
}

/// A group of children that each have an attribute `json`.
void writeTexts(hid_t file, const char* name, const std::map<std::string, std::string, std::less<>>& texts,
                hid_t previous) {
  const Id group = hdf5::createGroup(file, name);
  for (const auto& [key, text] : texts) {
    const std::string child = escapedName(key);
    const Id entry = hdf5::createGroup(group, child);
    hdf5::writeText(entry, "name", key);
    hdf5::writeText(entry, "json", text);
    if (previous < 0 || !hdf5::hasGroup(previous, name)) continue;
    if (const Id old = hdf5::openGroup(previous, name); hdf5::hasGroup(old, child))
      copyRest(hdf5::openGroup(old, child), entry, true);
  }
}

std::map<std::string, std::string, std::less<>> readTexts(hid_t file, const char* name) {
  std::map<std::string, std::string, std::less<>> texts;
  if (!hdf5::hasGroup(file, name)) return texts;
  const Id group = hdf5::openGroup(file, name);
  for (const std::string& child : hdf5::childNames(group))
    texts.emplace(unescapedName(child), hdf5::readText(hdf5::openGroup(group, child), "json").value_or(""));
  return texts;
}

void writeRoot(hid_t file, const RunData& run) {
  const RunContents& contents = run.contents;
  hdf5::writeText(file, "format", kFormat);
  const auto& layers = contents.layers;
  const bool usesNew = std::ranges::any_of(layers, [](const LayerRecord& layer) { return isNew(layer); });
  hdf5::writeInteger(file, "version", usesNew ? kVersion : 1);
  hdf5::writeText(file, "program_version", contents.programVersion);
  hdf5::writeText(file, "created", contents.created);
  hdf5::writeText(file, "run_id", run.runId);
  hdf5::writeInteger(file, "merged_sequence", static_cast<std::int64_t>(run.sequence));
  const ModelIdentity& model = contents.model;
  hdf5::writeText(file, "model_path", model.path.string());
  hdf5::writeText(file, "model_name", model.name);
  hdf5::writeText(file, "model_architecture", model.architecture);
  hdf5::writeText(file, "model_format", model.format);
  hdf5::writeInteger(file, "model_bytes", static_cast<std::int64_t>(model.bytes));
  hdf5::writeInteger(file, "model_parameters", static_cast<std::int64_t>(model.parameters));
  hdf5::writeInteger(file, "model_synthetic", model.synthetic ? 1 : 0);
  const Id plan = hdf5::createGroup(file, "plan");
  if (!contents.planJson.empty()) hdf5::writeText(plan, "json", contents.planJson);
}

void writeEverything(const RunData& run, hid_t previous, const fs::path& scratch) {
  Id file = hdf5::createFile(scratch);
  writeRoot(file, run);
  const Id previousLayers = previous >= 0 ? hdf5::openGroup(previous, "layers") : Id();
  writeLayers(file, run, previousLayers);
  writeTexts(file, "snapshots", run.contents.snapshots, previous);
  writeTexts(file, "evaluation", run.contents.evaluations, previous);
  if (previous >= 0) copyRest(previous, file, true);
  hdf5::require(H5Fflush(file, H5F_SCOPE_GLOBAL), "write");
  if (!file.reset()) hdf5::require(-1, "close");
}

/// A generous estimate of the file's size, so that a disk too small shows before HDF5 meets it.
std::uint64_t estimatedBytes(const RunData& run, hid_t previous) {
  std::uint64_t bytes = 1 << 16;
  hsize_t old = 0;
  if (previous >= 0 && H5Fget_filesize(previous, &old) >= 0) bytes += old;
  for (const LayerRecord& layer : run.contents.layers) bytes += 4096 + 2 * layer.singularValues.size() * sizeof(double);
  for (const auto& [index, record] : run.factors)
    for (const auto& [name, array] : record.arrays) bytes += array.size() + 1024;
  return bytes;
}

template <class T>
T needed(std::optional<T> value, const char* attribute) {
  if (!value) throw hdf5::Failure{fmt::format("it has no {}", attribute)};
  return *value;
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
  result.bytesBefore = static_cast<std::uint64_t>(needed(hdf5::readInteger(group, "bytes_before"), "bytes_before"));
  result.bytesAfter = static_cast<std::uint64_t>(needed(hdf5::readInteger(group, "bytes_after"), "bytes_after"));
  result.error = hdf5::readText(group, "error").value_or("");
  result.hasFactors =
      (!result.choice.rank || (hdf5::hasGroup(group, "factor_a") && hdf5::hasGroup(group, "factor_b"))) &&
      (!result.choice.base || hdf5::hasGroup(group, "base")) && !result.choice.isDense();
  return result;
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

void readLayers(hid_t file, RunData& run) {
  const Id layers = hdf5::openGroup(file, "layers");
  std::vector<std::pair<std::int64_t, LayerRecord>> found;
  for (const std::string& child : hdf5::childNames(layers)) {
    const std::string layerName = unescapedName(child);
    try {
      const Id group = hdf5::openGroup(layers, child);
      found.emplace_back(hdf5::readInteger(group, "index").value_or(0), readLayer(group, layerName));
    } catch (const hdf5::Failure& failure) {
      throw hdf5::Failure{fmt::format("layer {}: {}", layerName, failure.what)};
    }
  }
  std::ranges::stable_sort(found, {}, [](const auto& entry) { return entry.first; });
  for (auto& [index, layer] : found) run.contents.layers.push_back(std::move(layer));
  indexLayers(run);
}

RunData readEverything(hid_t file) {
  RunData run;
  run.contents.programVersion = hdf5::readText(file, "program_version").value_or("");
  run.contents.created = hdf5::readText(file, "created").value_or("");
  run.runId = hdf5::readText(file, "run_id").value_or("");
  run.sequence = static_cast<std::uint64_t>(hdf5::readInteger(file, "merged_sequence").value_or(0));
  ModelIdentity& model = run.contents.model;
  model.path = needed(hdf5::readText(file, "model_path"), "model_path");
  model.name = hdf5::readText(file, "model_name").value_or("");
  model.architecture = hdf5::readText(file, "model_architecture").value_or("unknown");
  model.format = hdf5::readText(file, "model_format").value_or("");
  model.bytes = static_cast<std::uint64_t>(needed(hdf5::readInteger(file, "model_bytes"), "model_bytes"));
  model.parameters = static_cast<std::uint64_t>(hdf5::readInteger(file, "model_parameters").value_or(0));
  model.synthetic = hdf5::readInteger(file, "model_synthetic").value_or(0) != 0;
  readLayers(file, run);
  if (hdf5::hasGroup(file, "plan"))
    run.contents.planJson = hdf5::readText(hdf5::openGroup(file, "plan"), "json").value_or("");
  run.contents.snapshots = readTexts(file, "snapshots");
  run.contents.evaluations = readTexts(file, "evaluation");
  return run;
}

} // namespace

std::string escapedName(std::string_view name) {
  if (name.empty()) return "%";
  std::string escaped;
  const bool dots = name == "." || name == "..";
  for (const char c : name) {
    if (c == '/' || c == '%' || c == '\0' || dots)
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      escaped += c;
  }
  return escaped;
}

std::string unescapedName(std::string_view name) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  if (name == "%") return "";
  std::string plain;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '%' && i + 2 < name.size() && digit(name[i + 1]) >= 0 && digit(name[i + 2]) >= 0) {
      plain += static_cast<char>(16 * digit(name[i + 1]) + digit(name[i + 2]));
      i += 2;
    } else {
      plain += name[i];
    }
  }
  return plain;
}

Id openRun(const fs::path& path) {
  requireNotBeingWritten(path);
  if (!looksLikeRunFile(path))
    throw Error(ErrorKind::Malformed, fmt::format("{} is not a run file: it is not in HDF5 format", path.string()));
  const auto whole = MappedFile::open(path);
  const Seal seal = sealOf(whole->bytes());
  if (seal == Seal::Broken) throw damaged(path, "its checksum does not match");
  if (seal == Seal::Absent && !heapsAreSound(whole->bytes())) throw damaged(path, "a collection of texts in it is broken");
  try {
    Id file = hdf5::openFile(path);
    if (hdf5::readText(file, "format") != kFormat)
      throw Error(ErrorKind::Malformed, fmt::format("{} is an HDF5 file, but not a run of Rankscope", path.string()));
    if (const auto version = hdf5::readInteger(file, "version"); !version || *version < 1)
      throw damaged(path, "it has no version");
    else if (*version > kVersion)
      throw Error(ErrorKind::Unsupported,
                  fmt::format("{} was written by a newer Rankscope (its format is version {}, this one reads up to {})",
                              path.string(), *version, kVersion));
    return file;
  } catch (const hdf5::Failure& failure) {
    throw damaged(path, fmt::format("HDF5 cannot {} it", failure.what == "open" ? "open" : "read"));
  }
}

RunData readRunData(hid_t file, const fs::path& path) {
  try {
    return readEverything(file);
  } catch (const hdf5::Failure& failure) {
    throw damaged(path, failure.what);
  } catch (const nlohmann::json::exception&) {
    throw damaged(path, "the choice for a layer is not JSON");
  }
}

std::optional<StoredLayer> readStored(hid_t file, const std::string& layer) {
  try {
    const Id group = hdf5::openGroup(hdf5::openGroup(file, "layers"), escapedName(layer));
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
  } catch (const hdf5::Failure&) {
    return std::nullopt;
  }
}

void writeRunData(const RunData& run, hid_t previous, const fs::path& scratch, const fs::path& to) {
  try {
    requireSpace(scratch, estimatedBytes(run, previous));
    writeEverything(run, previous, scratch);
    appendSeal(scratch);
    renameDurably(scratch, to);
  } catch (const hdf5::Failure& failure) {
    std::error_code ignored;
    fs::remove(scratch, ignored);
    if (failure.reason == ENOSPC || failure.reason == EFBIG || failure.reason == EDQUOT)
      throw systemError(ENOSPC, "cannot write", to);
    throw Error(ErrorKind::Unwritable, fmt::format("cannot write {}: HDF5 could not {}", to.string(), failure.what));
  } catch (const Error&) {
    std::error_code ignored;
    fs::remove(scratch, ignored);
    throw;
  }
}

} // namespace rankscope
