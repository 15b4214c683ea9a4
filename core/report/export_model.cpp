// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/export_model.h"

#include <cmath>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/checkpoint/factored_layers.h"
#include "core/checkpoint/factored_manifest.h"
#include "core/report/export_folder.h"
#include "core/report/export_layout.h"
#include "core/report/export_tensors.h"
#include "core/store/content_hash.h"
#include "core/store/durable_file.h"

namespace rankscope {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Manifest and index take about this for each tensor.
constexpr std::uint64_t kWordsPerTensor = 400;

std::string readText(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw systemError(errno, "cannot read", path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void writeText(const fs::path& path, std::string_view text) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  writeDurably(path, std::span(&bytes, 1));
}

/// What happened to one layer of the plan.
struct Outcome {
  bool failed = false;
  Quality quality;
  std::string sourceHash;
};

ManifestLayer manifestEntry(const LayerInfo& layer, const LayerChoice& choice, const Outcome& outcome) {
  const auto known = [](double value) { return std::isfinite(value) ? std::optional(value) : std::nullopt; };
  ManifestLayer entry;
  entry.name = layer.name;
  entry.rows = layer.rows;
  entry.cols = layer.cols;
  entry.rank = choice.rank;
  entry.orientation = layer.orientation;
  entry.dtype = layer.dtype;
  entry.a = choice.formatA;
  entry.b = choice.formatB;
  entry.cosine = known(outcome.quality.cosine);
  entry.relativeError = known(outcome.quality.relativeError);
  entry.base = choice.base;
  entry.biasShift = choice.biasShift;
  const std::size_t space = choice.method.find(' ');
  entry.method = choice.method.empty() ? "plain" : choice.method.substr(0, space);
  if (space != std::string::npos) entry.calibration = choice.method.substr(space + 1);
  return entry;
}

/// What a dense export was made from; the weights themselves no longer tell.
std::string denseManifest(const FactoredManifest& manifest) {
  const auto orNull = [](const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); };
  Json layers = Json::object();
  for (const ManifestLayer& layer : manifest.layers) {
    Json& entry = layers[layer.name] = Json::object();
    if (layer.base) entry["base"] = name(layer.base->storage);
    if (layer.base) entry["base_group"] = layer.base->group;
    if (layer.rank) entry["rank"] = *layer.rank;
    if (layer.rank) entry["factor_dtype"] = name(layer.a.storage);
    if (layer.biasShift) entry["bias_changed"] = true;
    if (!layer.method.empty()) entry["method"] = layer.method;
    if (!layer.calibration.empty()) entry["calibration"] = layer.calibration;
    entry["cosine"] = orNull(layer.cosine);
    entry["relative_error"] = orNull(layer.relativeError);
  }
  const Json root{{"format", "rankscope-dense"},
                  {"version", 1},
                  {"program_version", RANKSCOPE_VERSION},
                  {"source", {{"name", manifest.sourceName}, {"content_hash", manifest.sourceHash}}},
                  {"layers", std::move(layers)}};
  return root.dump(2) + "\n";
}

} // namespace

std::uint64_t exportBytes(const Checkpoint& checkpoint, const ResolvedPlan& plan, ExportKind kind) {
  std::uint64_t bytes = 0;
  for (const Shard& shard : exportShards(checkpoint, plan.layers, kind)) {
    bytes += layOutSafetensors(specsOf(shard), exportMetadata(checkpoint)).fileBytes;
    bytes += kWordsPerTensor * shard.size();
  }
  for (const fs::path& file : companionFiles(checkpoint)) bytes += fs::file_size(file);
  return bytes;
}

struct ModelExport::State {
  State(std::shared_ptr<const Checkpoint> from, const ResolvedPlan& plan, ExportKind exportKind, const fs::path& to,
        bool overwrite)
      : checkpoint(std::move(from)), kind(exportKind), choices(plan.layers), outcomes(plan.layers.size()), target(to) {
    if (choices.size() != checkpoint->layers().size())
      throw Error(ErrorKind::BadRequest,
                  fmt::format("the plan has {} layers, the model {}", choices.size(), checkpoint->layers().size()));
    requireGoodTarget(*checkpoint, target, overwrite);
    staging.emplace(target);
    requireRoom(staging->path(), exportBytes(*checkpoint, plan, kind), target);
    tensors.emplace(checkpoint, exportShards(*checkpoint, choices, kind), staging->path());
  }

  void settleFailures();
  void expandFactored(const Progress& progress);
  std::set<std::string> shiftedBiases() const;
  std::string sourceHash() const;
  std::optional<FactoredManifest> sourceManifest() const;
  FactoredManifest manifest() const;

  std::shared_ptr<const Checkpoint> checkpoint;
  ExportKind kind;
  std::vector<LayerChoice> choices;
  std::vector<std::optional<Outcome>> outcomes; ///< of layers that are compressed, once they came
  fs::path target;
  std::optional<StagingFolder> staging;
  std::optional<ExportTensors> tensors;
  std::mutex mutex;
  bool finished = false;
};

/// Every layer that was to be compressed must have come; those that failed stay as they are.
void ModelExport::State::settleFailures() {
  std::vector<LayerId> failed;
  for (const LayerInfo& layer : checkpoint->layers()) {
    const std::size_t i = layer.id.value;
    if (choices[i].isDense()) continue;
    if (!outcomes[i])
      throw Error(ErrorKind::BadRequest,
                  fmt::format("cannot export to {}: layer {} has not been compressed", target.string(), layer.name));
    if (!outcomes[i]->failed) continue;
    failed.push_back(layer.id);
    choices[i] = {};
  }
  if (!failed.empty()) tensors->keep(failed, kind);
}

/// Layers that the checkpoint holds compressed and the plan leaves alone become matrices in a dense export.
void ModelExport::State::expandFactored(const Progress& progress) {
  if (kind != ExportKind::Dense) return;
  for (const LayerInfo& layer : checkpoint->layers())
    if (const StoredLayer* stored = checkpoint->stored(layer.id); stored && choices[layer.id.value].isDense())
      tensors->writeProduct(layer, *stored, progress);
}

/// Names of the biases that a dense export has changed.
std::set<std::string> ModelExport::State::shiftedBiases() const {
  std::set<std::string> names;
  if (kind != ExportKind::Dense) return names;
  for (const LayerInfo& layer : checkpoint->layers())
    if (choices[layer.id.value].isDense() ? layer.biasShift : choices[layer.id.value].biasShift)
      names.insert(biasOf(*checkpoint, layer)->name);
  return names;
}

/// Of the whole model: over hash and name of every layer and of every other tensor, by name.
std::string ModelExport::State::sourceHash() const {
  std::map<std::string_view, std::string> parts;
  const auto& copied = tensors->hashes();
  for (const LayerInfo& layer : checkpoint->layers()) {
    const auto& outcome = outcomes[layer.id.value];
    const auto written = copied.find(layer.name);
    if (outcome && !outcome->sourceHash.empty())
      parts.emplace(layer.name, outcome->sourceHash);
    else if (!outcome && written != copied.end() && !layer.isCompressed())
      parts.emplace(layer.name, written->second);
    else
      parts.emplace(layer.name, checkpoint->contentHash(layer.id));
  }
  const std::set<std::string> biases = shiftedBiases();
  for (const TensorView& tensor : checkpoint->tensors())
    if (const auto written = copied.find(tensor.name); written != copied.end() && !isFactorTensor(tensor.name))
      parts.emplace(tensor.name, biases.contains(tensor.name) ? contentHash(tensor.bytes) : written->second);
  ContentHash hash;
  for (const auto& [name, part] : parts) {
    const std::string line = fmt::format("{} {}\n", part, name);
    hash.add(std::as_bytes(std::span(line)));
  }
  return hash.hex();
}

std::optional<FactoredManifest> ModelExport::State::sourceManifest() const {
  const fs::path path = checkpoint->content().folder / kManifestName;
  if (checkpoint->content().format != "rankscope-factored") return std::nullopt;
  return parseFactoredManifest(readText(path), path);
}

FactoredManifest ModelExport::State::manifest() const {
  FactoredManifest result;
  result.sourceName = checkpoint->content().modelName;
  result.sourceHash = sourceHash();
  const auto before = sourceManifest();
  for (const LayerInfo& layer : checkpoint->layers()) {
    const std::size_t i = layer.id.value;
    if (!choices[i].isDense()) {
      result.layers.push_back(manifestEntry(layer, choices[i], *outcomes[i]));
    } else if (before && layer.isCompressed()) {
      for (const ManifestLayer& entry : before->layers)
        if (entry.name == layer.name) result.layers.push_back(entry);
    }
  }
  return result;
}

ModelExport::ModelExport(std::shared_ptr<const Checkpoint> checkpoint, const ResolvedPlan& plan, ExportKind kind,
                         const fs::path& target, bool overwrite)
    : m_state(std::make_unique<State>(std::move(checkpoint), plan, kind, target, overwrite)) {}

ModelExport::~ModelExport() = default;

void ModelExport::add(const CompressedLayer& layer) {
  const LayerInfo& info = m_state->checkpoint->layer(layer.layer);
  const LayerChoice& planned = m_state->choices.at(layer.layer.value);
  if (planned.isDense()) return;
  const bool failed = !layer.error.empty();
  if (!failed && (layer.choice != planned || layer.stored.empty()))
    throw Error(ErrorKind::BadRequest,
                fmt::format("layer {} was not compressed as the plan of this export says", info.name));
  {
    const std::lock_guard guard(m_state->mutex);
    if (m_state->outcomes[layer.layer.value])
      throw Error(ErrorKind::BadRequest, fmt::format("layer {} was exported twice", info.name));
    m_state->outcomes[layer.layer.value] = Outcome{failed, layer.quality, layer.contentHash};
  }
  if (failed) return;
  if (m_state->kind == ExportKind::Factored)
    m_state->tensors->writeParts(info, layer.stored);
  else
    m_state->tensors->writeProduct(info, layer.stored, {});
}

void ModelExport::finish(const Progress& progress) {
  State& state = *m_state;
  if (state.finished) throw Error(ErrorKind::BadRequest, "the export is finished already");
  state.settleFailures();
  state.expandFactored(progress.silent());
  state.tensors->finish(progress.slice(0.0, 0.6));
  const fs::path& folder = state.staging->path();
  for (const fs::path& file : companionFiles(*state.checkpoint)) writeText(folder / file.filename(), readText(file));
  const FactoredManifest manifest = state.manifest();
  if (state.kind == ExportKind::Factored)
    writeText(folder / kManifestName, toJson(manifest));
  else
    writeText(folder / kDenseManifestName, denseManifest(manifest));
  state.tensors->check(progress.slice(0.6, 1.0));
  state.staging->publish();
  state.finished = true;
  progress.report(1.0);
}

} // namespace rankscope
