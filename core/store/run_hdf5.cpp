// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/run_hdf5.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/store/durable_file.h"
#include "core/store/file_seal.h"
#include "core/store/global_heap.h"
#include "core/store/layer_hdf5.h"

namespace rankscope {

namespace {

namespace fs = std::filesystem;
using hdf5::Id;
using hdf5::needed;

constexpr const char* kFormat = "rankscope-run";
constexpr std::int64_t kVersion = 2; // of a file with quantised bases, bias shifts or int3; else 1

Error damaged(const fs::path& path, std::string_view what) {
  return Error(ErrorKind::Malformed, fmt::format("{} is damaged: {}", path.string(), what));
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
  const bool usesNew = std::ranges::any_of(layers, needsVersion2);
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
  if (seal == Seal::Absent && !heapsAreSound(whole->bytes()))
    throw damaged(path, "a collection of texts in it is broken");
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
    return readStoredParts(group);
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
