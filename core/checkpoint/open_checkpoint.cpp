// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstring>
#include <map>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/checkpoint/catalogue.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/factored_layers.h"
#include "core/checkpoint/foreign_format.h"
#include "core/checkpoint/json_file.h"
#include "core/checkpoint/locate.h"
#include "core/checkpoint/safetensors_reader.h"

namespace rankscope {

namespace {

namespace fs = std::filesystem;
using Content = Checkpoint::Content;

/// Every tensor of an index must be in the shard that it names, and in no other; the shards hold nothing else.
void checkAgainstIndex(const ModelFiles& files, const SafetensorsFile& shard, const fs::path& path) {
  const std::string shardName = path.filename().string();
  for (const TensorView& tensor : shard.tensors) {
    const auto listed = files.weightMap.find(tensor.name);
    if (listed == files.weightMap.end())
      throw Error(ErrorKind::Malformed, fmt::format("{}: tensor {} is in the shard {}, but the index does not list it",
                                                    files.index.string(), tensor.name, shardName));
    if (listed->second != shardName)
      throw Error(ErrorKind::Malformed, fmt::format("{}: tensor {} is in the shard {}, but the index says {}",
                                                    files.index.string(), tensor.name, shardName, listed->second));
  }
  for (const auto& [name, file] : files.weightMap)
    if (file == shardName && !std::ranges::binary_search(shard.tensors, name, {}, &TensorView::name))
      throw Error(ErrorKind::Malformed,
                  fmt::format("{}: the index says that tensor {} is in the shard {}, but it is not",
                              files.index.string(), name, shardName));
}

void readTensors(Content& content, const ModelFiles& files) {
  for (const fs::path& path : files.weights) {
    SafetensorsFile file = readSafetensors(path);
    if (!files.index.empty()) checkAgainstIndex(files, file, path);
    for (const TensorView& tensor : file.tensors) refuseQuantisedTensor(tensor.name, path);
    content.synthetic = content.synthetic || file.metadata.contains("rankscope_synthetic");
    std::ranges::move(file.tensors, std::back_inserter(content.tensors));
  }
  if (content.tensors.empty())
    throw Error(ErrorKind::Malformed, fmt::format("{}: the file holds no tensors", files.weights.front().string()));
  std::ranges::sort(content.tensors, {}, &TensorView::name);
}

bool isMatrix(const TensorView& tensor) {
  return isWeight(tensor.dtype) && tensor.shape.size() == 2 && tensor.shape[0] > 0 && tensor.shape[1] > 0;
}

std::vector<CandidateMatrix> candidates(const Content& content, std::span<const FactoredLayer> factored) {
  std::vector<CandidateMatrix> matrices;
  for (const TensorView& tensor : content.tensors)
    if (isMatrix(tensor) && (factored.empty() || !isFactorTensor(tensor.name)))
      matrices.push_back({.name = tensor.name,
                          .rows = static_cast<std::int64_t>(tensor.shape[0]),
                          .cols = static_cast<std::int64_t>(tensor.shape[1]),
                          .dtype = tensor.dtype,
                          .bytes = tensor.bytes.size(),
                          .factoredRank = {},
                          .orientation = {}});
  for (const auto& [entry, parts] : factored)
    matrices.push_back({.name = entry.name,
                        .rows = entry.rows,
                        .cols = entry.cols,
                        .dtype = entry.dtype,
                        .bytes = parts.bytes(),
                        .factoredRank = entry.rank,
                        .base = entry.base,
                        .biasShift = entry.biasShift,
                        .method = entry.method,
                        .orientation = entry.orientation});
  return matrices;
}

/// Whether two tensors hold the same numbers. Opening must not read whole embeddings: of large tensors, pages spread
/// from the first to the last byte are compared.
bool looksIdentical(const TensorView& left, const TensorView& right) {
  if (left.dtype != right.dtype || left.shape != right.shape) return false;
  constexpr std::size_t kCompletely = std::size_t{4} << 20, kProbes = 64, kProbe = 4096;
  const std::size_t size = left.bytes.size();
  const auto same = [&](std::size_t at, std::size_t count) {
    return std::memcmp(left.bytes.data() + at, right.bytes.data() + at, count) == 0;
  };
  if (size <= kCompletely) return same(0, size);
  for (std::size_t i = 0; i < kProbes; ++i)
    if (!same((size - kProbe) / (kProbes - 1) * i, kProbe)) return false;
  return same(size - kProbe, kProbe);
}

const TensorView* find(const std::vector<TensorView>& tensors, std::string_view name) {
  const auto found = std::ranges::lower_bound(tensors, name, {},
                                              [](const TensorView& tensor) -> std::string_view { return tensor.name; });
  return found != tensors.end() && found->name == name ? &*found : nullptr;
}

/// Where the configuration ties the head to the embedding, they are one layer: the embedding's. A second copy of it in
/// the file stays a tensor; one that differs is a layer of its own.
void tieHead(Content& content, const Family& family, bool tied) {
  const auto outerName = [&](std::string_view wanted) {
    return [&, wanted](const LayerInfo& layer) {
      const auto placement = place(family, layer.name);
      return placement && !placement->block && placement->weight->name == wanted;
    };
  };
  const auto embedding = std::ranges::find_if(content.layers, outerName(family.embedding));
  if (!tied || embedding == content.layers.end()) return;
  const auto head = std::ranges::find(content.layers, family.head, &LayerInfo::name);
  if (head != content.layers.end()) {
    const TensorView* copy = find(content.tensors, head->name);
    const TensorView* original = find(content.tensors, embedding->name);
    if (!copy || !original || !looksIdentical(*original, *copy)) return;
  }
  embedding->tiedWith = family.head;
  if (head != content.layers.end()) content.layers.erase(head);
  for (std::size_t i = 0; i < content.layers.size(); ++i) content.layers[i].id = LayerId{i};
}

void catalogue(Content& content, const ModelConfig& config, std::span<FactoredLayer> factored) {
  std::vector<std::string_view> names;
  for (const TensorView& tensor : content.tensors) names.push_back(tensor.name);
  for (const FactoredLayer& layer : factored) names.push_back(layer.entry.name);
  const Family* family = recogniseFamily(config, names);
  content.architecture = family ? family->name : "unknown";
  content.layers = classify(family, candidates(content, factored));
  if (family) tieHead(content, *family, config.tieWordEmbeddings.value_or(family->tiedByDefault));
  for (LayerInfo& layer : content.layers) {
    const TensorView* bias = find(content.tensors, biasNameOf(layer));
    layer.hasBias = bias && isBiasOf(layer, *bias);
  }
  content.stored.resize(content.layers.size());
  for (FactoredLayer& layer : factored) {
    const auto found = std::ranges::find(content.layers, layer.entry.name, &LayerInfo::name);
    if (found != content.layers.end()) content.stored[found->id.value] = std::move(layer.stored);
  }
}

std::string modelName(const ModelFiles& files) {
  const std::string stem = files.given.stem().string();
  if (files.index.empty() && files.given != files.folder && files.given.extension() == ".safetensors" &&
      !stem.starts_with("model"))
    return stem;
  // In the Hugging Face cache a model's files lie in models--OWNER--NAME/snapshots/COMMIT.
  const fs::path cached = files.folder.parent_path().parent_path().filename();
  if (files.folder.parent_path().filename() == "snapshots" && cached.string().starts_with("models--"))
    return cached.string().substr(cached.string().rfind("--") + 2);
  return files.folder.filename().string();
}

} // namespace

std::shared_ptr<const Checkpoint> openCheckpoint(const fs::path& path) {
  const ModelFiles files = locateModel(path);
  Content content;
  content.path = files.given;
  content.folder = files.folder;
  content.weightFiles = files.weights;
  content.modelName = modelName(files);
  content.format = "safetensors";
  if (const fs::path config = files.folder / "config.json"; fs::exists(config))
    content.configJson = withoutPythonNumbers(readTextFile(config));
  const ModelConfig config = parseModelConfig(content.configJson, files.folder / "config.json");
  refuseQuantisedModel(files.folder, content.configJson);
  readTensors(content, files);

  std::vector<FactoredLayer> factored;
  if (const fs::path manifest = files.folder / kManifestName; fs::exists(manifest)) {
    factored = joinFactors(parseFactoredManifest(readTextFile(manifest), manifest), content.tensors, manifest);
    content.format = "rankscope-factored";
  } else if (const auto lost = std::ranges::find_if(content.tensors, marksFactoredExport, &TensorView::name);
             lost != content.tensors.end()) {
    throw Error(ErrorKind::NotFound,
                fmt::format("{}: tensor {} belongs to a factored export of Rankscope, but rankscope.json is missing",
                            files.folder.string(), lost->name));
  }
  catalogue(content, config, factored);
  return std::make_shared<const Checkpoint>(std::move(content));
}

} // namespace rankscope
