// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/locate.h"

#include <algorithm>
#include <cerrno>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/checkpoint/foreign_format.h"
#include "core/checkpoint/json_file.h"
#include "core/tensor/mapped_file.h"

namespace rankscope {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndexSuffix = ".safetensors.index.json";

fs::path absoluteWithoutLinks(const fs::path& path) {
  fs::path clean = fs::absolute(path).lexically_normal();
  return clean.has_filename() ? clean : clean.parent_path();
}

bool isIndex(const fs::path& file) {
  return file.filename().string().ends_with(kIndexSuffix);
}

/// Throws when `path` is not there, telling a missing file from a link that leads nowhere.
void requireExisting(const fs::path& path) {
  std::error_code error;
  if (fs::exists(path, error)) return;
  if (error && error.value() != ENOENT) throw systemError(error.value(), "cannot open", path);
  if (fs::is_symlink(fs::symlink_status(path, error)))
    throw Error(ErrorKind::NotFound, fmt::format("{} is a link to {}, which does not exist: the download is incomplete",
                                                 path.string(), fs::read_symlink(path).string()));
  throw systemError(ENOENT, "cannot open", path);
}

std::vector<fs::path> filesIn(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    files.push_back(entry->path());
  if (error) throw systemError(error.value(), "cannot open", folder);
  std::ranges::sort(files);
  return files;
}

std::map<std::string, std::string> readWeightMap(const fs::path& index) {
  const nlohmann::json json = parseJsonObject(readTextFile(index), index);
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorKind::Malformed, fmt::format("{}: {}", index.string(), what));
  };
  const auto map = json.find("weight_map");
  if (map == json.end() || !map->is_object()) fail("the index has no weight_map");
  if (map->empty()) fail("the weight_map is empty");
  std::map<std::string, std::string> weightMap;
  for (const auto& [tensor, file] : map->items()) {
    if (!file.is_string()) fail(fmt::format("the weight_map gives no file name for tensor {}", tensor));
    const std::string& shard = file.get_ref<const std::string&>();
    if (shard.empty() || shard == "." || shard == ".." || shard.find_first_of(std::string("/\\\0", 3)) != shard.npos)
      fail(
          fmt::format("the weight_map looks for tensor {} in {}, which is not a plain file name", tensor, file.dump()));
    weightMap.emplace(tensor, shard);
  }
  return weightMap;
}

void locateShards(ModelFiles& model, const fs::path& index) {
  model.index = index;
  model.weightMap = readWeightMap(index);
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : model.weightMap) shards.insert(shard);
  for (const std::string& shard : shards) {
    const fs::path file = model.folder / shard;
    std::error_code error;
    if (!fs::exists(file, error))
      throw Error(ErrorKind::NotFound,
                  fmt::format("{}: the shard {} is missing from the folder", index.string(), shard));
    model.weights.push_back(file);
  }
}

/// The index beside a shard that lists it, when there is one.
fs::path indexListing(const fs::path& shard) {
  for (const fs::path& file : filesIn(shard.parent_path())) {
    if (!isIndex(file)) continue;
    const auto map = readWeightMap(file);
    if (std::ranges::any_of(map, [&](const auto& item) { return item.second == shard.filename().string(); }))
      return file;
  }
  return {};
}

void locateFromFile(ModelFiles& model) {
  const std::string name = model.given.filename().string();
  if (isIndex(model.given)) return locateShards(model, model.given);
  const fs::path index = name.find("-of-") == name.npos ? fs::path() : indexListing(model.given);
  if (!index.empty())
    locateShards(model, index);
  else
    model.weights = {model.given};
}

/// Says what a folder without safetensors holds instead.
[[noreturn]] void refuseFolder(const fs::path& folder, std::vector<fs::path> files) {
  constexpr std::string_view kWanted =
      "a model's folder has model.safetensors, or model.safetensors.index.json with its "
      "shards, and beside them config.json";
  if (files.empty())
    throw Error(ErrorKind::Unsupported, fmt::format("the folder {} is empty: {}", folder.string(), kWanted));
  // Of several formats side by side PyTorch's is the easiest to convert.
  std::ranges::stable_partition(
      files, [](const fs::path& file) { return file.filename().string().starts_with("pytorch_model"); });
  for (const fs::path& file : files) {
    if (!hasForeignExtension(file) || !fs::is_regular_file(file)) continue;
    refuseForeignFormat(file, MappedFile::open(file)->bytes());
  }
  throw Error(ErrorKind::Unsupported,
              fmt::format("the folder {} holds no safetensors file: {}", folder.string(), kWanted));
}

void locateFromFolder(ModelFiles& model) {
  const std::vector<fs::path> files = filesIn(model.folder);
  std::vector<fs::path> weights, indexes;
  for (const fs::path& file : files) {
    if (file.filename() == "model.safetensors") {
      requireExisting(file);
      model.weights = {file};
      return;
    }
    if (isIndex(file))
      indexes.push_back(file);
    else if (file.extension() == ".safetensors")
      weights.push_back(file);
  }
  const auto standard = std::ranges::find(indexes, fs::path("model.safetensors.index.json"), &fs::path::filename);
  if (standard != indexes.end()) return locateShards(model, *standard);
  if (indexes.size() == 1) return locateShards(model, indexes.front());
  if (weights.size() == 1) {
    model.weights = weights;
    requireExisting(weights.front());
    if (weights.front().filename().string().find("-of-") == std::string::npos) return;
  }
  if (weights.empty()) refuseFolder(model.folder, files);
  if (weights.front().filename().string().find("-of-") != std::string::npos)
    throw Error(
        ErrorKind::NotFound,
        fmt::format("{} holds shards of a model, but model.safetensors.index.json is missing", model.folder.string()));
  std::vector<std::string> names;
  for (const fs::path& file : weights) names.push_back(file.filename().string());
  throw Error(ErrorKind::BadRequest, fmt::format("{} holds several models; open one of the files {}",
                                                 model.folder.string(), fmt::join(names, ", ")));
}

/// The main snapshot when `folder` is a model's folder in the Hugging Face cache, else `folder`.
fs::path snapshotOf(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder / "snapshots", error) || fs::exists(folder / "config.json", error)) return folder;
  if (const fs::path main = folder / "refs" / "main"; fs::is_regular_file(main, error)) {
    std::string commit = readTextFile(main);
    commit.erase(std::ranges::find_if_not(commit, [](unsigned char c) { return std::isalnum(c); }), commit.end());
    if (!commit.empty() && fs::is_directory(folder / "snapshots" / commit, error)) return folder / "snapshots" / commit;
  }
  const std::vector<fs::path> snapshots = filesIn(folder / "snapshots");
  return snapshots.size() == 1 ? snapshots.front() : folder;
}

} // namespace

ModelFiles locateModel(const fs::path& path) {
  ModelFiles model;
  if (path.empty()) throw Error(ErrorKind::BadRequest, "no model was named");
  model.given = absoluteWithoutLinks(path);
  requireExisting(model.given);
  if (fs::is_directory(model.given)) {
    model.folder = snapshotOf(model.given);
    locateFromFolder(model);
    return model;
  }
  model.folder = model.given.parent_path();
  const std::string name = model.given.filename().string();
  if (name == "config.json" || name == "rankscope.json")
    locateFromFolder(model);
  else
    locateFromFile(model);
  return model;
}

} // namespace rankscope
