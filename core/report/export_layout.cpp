// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/export_layout.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/checkpoint/factored_layers.h"
#include "core/checkpoint/factored_manifest.h"
#include "core/report/export_folder.h"

namespace rankscope {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kShardBytes = 5'000'000'000;
constexpr std::uint64_t kLargestCompanion = std::uint64_t{64} << 20;

DType dtypeOfCodes(Storage storage) {
  switch (storage) {
  case Storage::F32:
    return DType::F32;
  case Storage::F16:
    return DType::F16;
  case Storage::BF16:
    return DType::BF16;
  case Storage::Int8:
    return DType::I8;
  case Storage::Int4:
  case Storage::Int3:
    return DType::U8;
  }
  return DType::F32;
}

std::vector<std::uint64_t> scaleShape(std::uint64_t rows, std::uint64_t cols, const StorageFormat& format) {
  const bool perRow = format.axis == ScaleAxis::PerRow;
  if (format.group == 0) return {perRow ? rows : cols};
  const auto group = static_cast<std::uint64_t>(format.group);
  if (perRow) return {rows, (cols + group - 1) / group};
  return {(rows + group - 1) / group, cols};
}

void addMatrix(std::vector<ExportTensor>& tensors, const LayerInfo& layer, const std::string& codes,
               const std::string& scales, std::int64_t rows, std::int64_t cols, const StorageFormat& format) {
  const auto m = static_cast<std::uint64_t>(rows);
  const auto n = static_cast<std::uint64_t>(cols);
  const auto storedCols = static_cast<std::uint64_t>(codesPerRow(cols, format.storage));
  tensors.push_back({{codes, dtypeOfCodes(format.storage), {m, storedCols}}, nullptr, layer.id});
  if (isInteger(format.storage))
    tensors.push_back({{scales, dtypeOfCodes(format.scales), scaleShape(m, n, format)}, nullptr, layer.id});
}

void addParts(std::vector<ExportTensor>& tensors, const LayerInfo& layer, const LayerChoice& choice) {
  if (choice.base)
    addMatrix(tensors, layer, baseName(layer.name), baseScaleName(layer.name), layer.rows, layer.cols, *choice.base);
  if (choice.rank) {
    addMatrix(tensors, layer, factorName(layer.name, 'a'), scaleName(layer.name, 'a'), layer.rows, *choice.rank,
              choice.formatA);
    addMatrix(tensors, layer, factorName(layer.name, 'b'), scaleName(layer.name, 'b'), *choice.rank, layer.cols,
              choice.formatB);
  }
  if (choice.biasShift)
    tensors.push_back(
        {{biasShiftName(layer.name), DType::F32, {static_cast<std::uint64_t>(layer.outputs())}}, nullptr, layer.id});
}

/// The bias that a dense export adds a layer's shift to; null where it adds none.
const TensorView* shiftedBias(const Checkpoint& checkpoint, const LayerInfo& layer, const LayerChoice& choice) {
  const bool shifts = choice.isDense() ? layer.biasShift : choice.biasShift;
  if (!shifts) return nullptr;
  if (const TensorView* bias = biasOf(checkpoint, layer)) return bias;
  throw Error(ErrorKind::BadRequest,
              fmt::format("layer {} has a bias shift, but no bias to add it to in a dense export", layer.name));
}

TensorSpec specOf(const TensorView& tensor) {
  return {tensor.name, tensor.dtype, tensor.shape};
}

/// Names of the tensors that may hold a layer in the checkpoint.
std::vector<std::string> namesOf(const LayerInfo& layer) {
  return layer.isCompressed() ? storedNames(layer.name) : std::vector{layer.name};
}

bool isCompanion(const fs::path& file, bool wholeModelFolder) {
  const std::string name = file.filename().string();
  const auto begins = [&](std::string_view start) { return name.starts_with(start); };
  if (begins("LICENSE") || begins("NOTICE")) return true;
  if (name.ends_with(".index.json") || name == kManifestName || name == kDenseManifestName || begins(".")) return false;
  // A lone weight file may lie in any folder, among files that have nothing to do with it.
  if (!wholeModelFolder) return begins("tokenizer") || begins("vocab.") || name == "merges.txt";
  constexpr std::array kExtensions{".json", ".txt", ".model", ".tiktoken", ".jinja", ".py"};
  return std::ranges::find(kExtensions, file.extension()) != kExtensions.end();
}

} // namespace

std::vector<ExportTensor> tensorsOfLayer(const Checkpoint& checkpoint, LayerId id, const LayerChoice& choice,
                                         ExportKind kind) {
  const LayerInfo& layer = checkpoint.layer(id);
  std::vector<ExportTensor> tensors;
  if (kind == ExportKind::Factored && !choice.isDense()) {
    addParts(tensors, layer, choice);
  } else if (kind == ExportKind::Dense && (!choice.isDense() || layer.isCompressed())) {
    const std::vector shape{static_cast<std::uint64_t>(layer.rows), static_cast<std::uint64_t>(layer.cols)};
    tensors.push_back({{layer.name, layer.dtype, shape}, nullptr, id});
    if (const TensorView* bias = shiftedBias(checkpoint, layer, choice))
      tensors.push_back({specOf(*bias), nullptr, id});
  } else {
    for (const std::string& name : namesOf(layer))
      if (const TensorView* tensor = checkpoint.findTensor(name)) tensors.push_back({specOf(*tensor), tensor, id});
  }
  return tensors;
}

std::vector<Shard> exportShards(const Checkpoint& checkpoint, std::span<const LayerChoice> choices, ExportKind kind) {
  std::vector<ExportTensor> all, others;
  std::set<std::string> ofLayers;
  for (const LayerInfo& layer : checkpoint.layers()) {
    for (std::string& name : namesOf(layer)) ofLayers.insert(std::move(name));
    for (ExportTensor& tensor : tensorsOfLayer(checkpoint, layer.id, choices[layer.id.value], kind)) {
      ofLayers.insert(tensor.spec.name);
      all.push_back(std::move(tensor));
    }
  }
  for (const TensorView& tensor : checkpoint.tensors())
    if (!ofLayers.contains(tensor.name)) others.push_back({specOf(tensor), &tensor, std::nullopt});
  all.insert(all.begin(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));

  std::vector<Shard> shards(1);
  std::uint64_t filled = 0;
  for (ExportTensor& tensor : all) {
    const std::uint64_t bytes = tensorBytes(tensor.spec);
    if (filled > 0 && filled + bytes > kShardBytes) {
      shards.emplace_back();
      filled = 0;
    }
    filled += bytes;
    shards.back().push_back(std::move(tensor));
  }
  return shards;
}

std::vector<TensorSpec> specsOf(const Shard& shard) {
  std::vector<TensorSpec> specs;
  for (const ExportTensor& tensor : shard) specs.push_back(tensor.spec);
  return specs;
}

std::string shardName(std::size_t index, std::size_t count) {
  return count == 1 ? "model.safetensors" : fmt::format("model-{:05}-of-{:05}.safetensors", index + 1, count);
}

Metadata exportMetadata(const Checkpoint& checkpoint) {
  Metadata metadata{{"format", "pt"}}; // transformers refuses a file that does not say so
  if (checkpoint.content().synthetic) metadata["rankscope_synthetic"] = "true";
  return metadata;
}

std::vector<fs::path> companionFiles(const Checkpoint& checkpoint) {
  const fs::path& folder = checkpoint.content().folder;
  std::error_code error;
  const bool wholeModelFolder = fs::exists(folder / "config.json", error);
  std::vector<fs::path> files;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code unreadable;
    if (isCompanion(entry->path(), wholeModelFolder) && entry->is_regular_file(unreadable) &&
        entry->file_size(unreadable) <= kLargestCompanion)
      files.push_back(entry->path());
  }
  std::ranges::sort(files);
  return files;
}

} // namespace rankscope
