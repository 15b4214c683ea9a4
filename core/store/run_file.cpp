// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/run_file.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <mutex>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/store/durable_file.h"
#include "core/store/run_hdf5.h"

namespace rankscope {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// Merging may take this share of the time a run takes, and happens no more often than every few seconds.
constexpr double kMergeShare = 0.04;
constexpr std::chrono::duration<double> kLeastPause{3.0};

/// Where the file really lies: a link to it is followed, so that replacing it replaces the file and not the link.
fs::path resolved(const fs::path& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error);
  return error ? fs::absolute(path) : real;
}

fs::path partsFolder(const fs::path& run) {
  fs::path folder = run;
  folder += ".parts";
  return folder;
}

void removeSideFiles(const fs::path& folder) {
  std::error_code ignored;
  for (const std::uint64_t sequence : listSideFiles(folder)) fs::remove(sideFilePath(folder, sequence), ignored);
}

/// An open run: the file as it is now, and everything that lies beside it taken in.
struct OpenedRun {
  hdf5::Id file;
  RunData data;
};

/// Side files are read first: what is merged and removed meanwhile is then in the file that is read after.
OpenedRun openWithParts(const fs::path& path) {
  const fs::path folder = partsFolder(path);
  std::vector<SideRecord> records;
  std::vector<std::uint64_t> sequences;
  for (const std::uint64_t sequence : listSideFiles(folder)) {
    auto record = readSideFile(sideFilePath(folder, sequence));
    if (!record) continue;
    records.push_back(std::move(*record));
    sequences.push_back(sequence);
  }
  OpenedRun run;
  run.file = openRun(path);
  run.data = readRunData(run.file, path);
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (sequences[i] <= run.data.sequence || records[i].header.value("run_id", "") != run.data.runId) continue;
    apply(run.data, std::move(records[i]));
    run.data.sequence = sequences[i];
  }
  return run;
}

/// Throws unless the run is of a model with the checkpoint's layers; then brings it into the checkpoint's order and up
/// to date with what the checkpoint says of each.
void adopt(RunData& run, const Checkpoint& checkpoint, const fs::path& path) {
  RunData fresh = newRun(checkpoint);
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::BadRequest, fmt::format("{} is a run of another model ({}), not of {}: {}", path.string(),
                                                   run.contents.model.path.string(), checkpoint.path().string(), why));
  };
  if (fresh.contents.layers.size() != run.contents.layers.size())
    refuse(fmt::format("it has {} layers, the model {}", run.contents.layers.size(), fresh.contents.layers.size()));
  std::map<std::size_t, SideRecord> factors;
  for (std::size_t i = 0; i < fresh.contents.layers.size(); ++i) {
    LayerRecord& layer = fresh.contents.layers[i];
    const auto found = run.layersByName.find(layer.name);
    if (found == run.layersByName.end()) refuse(fmt::format("it has no layer {}", layer.name));
    LayerRecord& known = run.contents.layers[found->second];
    if (known.rows != layer.rows || known.cols != layer.cols || known.dtype != layer.dtype)
      refuse(fmt::format("its layer {} is {} × {} {}, the model's {} × {} {}", layer.name, known.rows, known.cols,
                         name(known.dtype), layer.rows, layer.cols, name(layer.dtype)));
    layer.contentHash = std::move(known.contentHash);
    layer.singularValues = std::move(known.singularValues);
    layer.spectrumError = std::move(known.spectrumError);
    layer.diagnostics = std::move(known.diagnostics);
    layer.compression = std::move(known.compression);
    if (auto node = run.factors.extract(found->second)) factors.emplace(i, std::move(node.mapped()));
  }
  run.factors = std::move(factors);
  run.contents.layers = std::move(fresh.contents.layers);
  run.layersByName = std::move(fresh.layersByName);
  run.contents.model = fresh.contents.model;
  run.contents.programVersion = RANKSCOPE_VERSION;
}

/// Whether the parts are those that the choice asks for.
bool fits(const StoredLayer& stored, const LayerRecord& layer, const LayerChoice& choice) {
  if (stored.base.has_value() != choice.base.has_value() || stored.factors.has_value() != choice.rank.has_value())
    return false;
  if (stored.base &&
      (stored.base->rows != layer.rows || stored.base->cols != layer.cols || stored.base->format != *choice.base))
    return false;
  if (stored.factors) {
    const FactorPair& pair = *stored.factors;
    if (pair.a.rows != layer.rows || pair.a.cols != *choice.rank || pair.b.rows != *choice.rank ||
        pair.b.cols != layer.cols)
      return false;
  }
  const auto outputs = static_cast<std::size_t>(layer.orientation == Orientation::OutIn ? layer.rows : layer.cols);
  return stored.biasShift.size() == (choice.biasShift ? outputs : 0);
}

} // namespace

struct RunFile::State {
  explicit State(const fs::path& given)
      : path(resolved(given)), folder(partsFolder(path)), lock(folder / "lock", path) {}
  ~State() {
    const hdf5::Session session;
    file = {};
  }

  void add(SideRecord record);
  void merge();
  void mergeWhenDue();

  fs::path path;
  fs::path folder;
  WriterLock lock;
  mutable std::mutex mutex;
  hdf5::Id file; ///< the run file as last merged
  RunData data;
  std::uint64_t lastSequence = 0;
  bool changed = false;
  Clock::time_point lastMerge = Clock::now();
  std::chrono::duration<double> mergeTook{0};
};

/// Makes a record durable, then takes it in. Needs the mutex.
void RunFile::State::add(SideRecord record) {
  record.header["run_id"] = data.runId;
  const fs::path part = sideFilePath(folder, lastSequence + 1);
  writeSideFile(part, record);
  ++lastSequence;
  auto written = readSideFile(part);
  if (!written) throw Error(ErrorKind::Unwritable, fmt::format("{} was not written as it should be", part.string()));
  apply(data, std::move(*written));
  data.sequence = lastSequence;
  changed = true;
  mergeWhenDue();
}

/// Replaces the run file by one with everything in it.
void RunFile::State::merge() {
  const auto begin = Clock::now();
  const hdf5::Session session;
  writeRunData(data, file, folder / "merging.h5", path);
  file = openRun(path);
  data.factors.clear();
  removeSideFiles(folder);
  changed = false;
  lastMerge = Clock::now();
  mergeTook = lastMerge - begin;
}

void RunFile::State::mergeWhenDue() {
  const auto since = Clock::now() - lastMerge;
  if (since < kLeastPause || since * kMergeShare < mergeTook) return;
  try {
    merge();
  } catch (const Error&) {
    // What was recorded is safe in its side file; finish() tries again and says what is wrong.
    lastMerge = Clock::now();
  }
}

RunFile::RunFile(std::unique_ptr<State> state) : m_state(std::move(state)) {}

std::unique_ptr<RunFile> RunFile::open(const fs::path& path, const Checkpoint& checkpoint) {
  auto state = std::make_unique<State>(path);
  const hdf5::Session session;
  std::error_code error;
  if (fs::exists(state->path, error)) {
    OpenedRun run = openWithParts(state->path);
    const fs::path modelPath = run.data.contents.model.path;
    adopt(run.data, checkpoint, state->path);
    state->file = std::move(run.file);
    state->data = std::move(run.data);
    state->changed = !listSideFiles(state->folder).empty() || modelPath != state->data.contents.model.path;
  } else {
    removeSideFiles(state->folder);
    state->data = newRun(checkpoint);
    state->merge();
  }
  state->lastSequence = state->data.sequence;
  if (const auto parts = listSideFiles(state->folder); !parts.empty())
    state->lastSequence = std::max(state->lastSequence, parts.back());
  return std::unique_ptr<RunFile>(new RunFile(std::move(state)));
}

RunFile::~RunFile() {
  try {
    finish();
  } catch (const std::exception&) {
    // Everything recorded is in side files, which the next open takes in.
  }
}

void RunFile::record(const AnalysedLayer& layer) {
  const std::lock_guard guard(m_state->mutex);
  m_state->add(recordOf(layer, m_state->data.contents.layers.at(layer.layer.value).name));
}

void RunFile::record(const CompressedLayer& layer) {
  const std::lock_guard guard(m_state->mutex);
  m_state->add(recordOf(layer, m_state->data.contents.layers.at(layer.layer.value).name));
}

void RunFile::setPlan(const RankPlan& plan) {
  const std::lock_guard guard(m_state->mutex);
  m_state->add(recordOfPlan(toJson(plan)));
}

void RunFile::setSnapshots(const std::map<std::string, std::string, std::less<>>& planJsonByName) {
  const std::lock_guard guard(m_state->mutex);
  m_state->add(recordOfSnapshots(planJsonByName));
}

int RunFile::addEvaluation(const std::string& json) {
  const std::lock_guard guard(m_state->mutex);
  int number = 1;
  for (const auto& [key, text] : m_state->data.contents.evaluations)
    number = std::max(number, std::atoi(key.c_str()) + 1);
  m_state->add(recordOfEvaluation(std::to_string(number), json));
  return number;
}

std::optional<Spectrum> RunFile::spectrum(const std::string& name, const std::string& contentHash) const {
  const std::lock_guard guard(m_state->mutex);
  const auto found = m_state->data.layersByName.find(name);
  if (found == m_state->data.layersByName.end()) return std::nullopt;
  const LayerRecord& layer = m_state->data.contents.layers[found->second];
  if (layer.contentHash != contentHash || layer.singularValues.empty()) return std::nullopt;
  return Spectrum(layer.rows, layer.cols, layer.singularValues);
}

std::optional<CompressedLayer> RunFile::finished(LayerId layer, const std::string& contentHash,
                                                 const LayerChoice& choice) const {
  const std::lock_guard guard(m_state->mutex);
  const LayerRecord& known = m_state->data.contents.layers.at(layer.value);
  const auto& result = known.compression;
  if (!result || known.contentHash != contentHash || result->resultVersion != kResultVersion ||
      !sameOutcome(result->choice, choice))
    return std::nullopt;
  CompressedLayer done{.layer = layer,
                       .choice = choice,
                       .contentHash = contentHash,
                       .stored = {},
                       .quality = result->quality,
                       .outputs = result->outputs,
                       .predictedCosine = result->predictedCosine,
                       .bytesBefore = result->bytesBefore,
                       .bytesAfter = result->bytesAfter,
                       .error = result->error};
  if (choice.isDense() || !result->error.empty()) return done;
  if (const auto fresh = m_state->data.factors.find(layer.value); fresh != m_state->data.factors.end()) {
    done.stored = storedOf(fresh->second).value_or(StoredLayer{});
  } else {
    const hdf5::Session session;
    done.stored = readStored(m_state->file, known.name).value_or(StoredLayer{});
  }
  if (!fits(done.stored, known, choice)) return std::nullopt;
  return done;
}

RunContents RunFile::contents() const {
  const std::lock_guard guard(m_state->mutex);
  return m_state->data.contents;
}

void RunFile::finish() {
  const std::lock_guard guard(m_state->mutex);
  if (m_state->changed) m_state->merge();
}

ModelIdentity identityOf(const Checkpoint& checkpoint) {
  const Checkpoint::Content& content = checkpoint.content();
  return {.path = content.path,
          .name = content.modelName,
          .architecture = content.architecture,
          .format = content.format,
          .bytes = checkpoint.bytes(),
          .parameters = checkpoint.parameters(),
          .synthetic = content.synthetic};
}

RunContents readRun(const fs::path& path) {
  const hdf5::Session session;
  return openWithParts(resolved(path)).data.contents;
}

bool looksLikeRunFile(const fs::path& path) {
  constexpr std::string_view kSignature("\x89HDF\r\n\x1a\n", 8);
  std::ifstream in(path, std::ios::binary);
  std::string first(kSignature.size(), '\0');
  in.read(first.data(), static_cast<std::streamsize>(first.size()));
  return in.gcount() == static_cast<std::streamsize>(first.size()) && first == kSignature;
}

void copyRun(const fs::path& from, const fs::path& to) {
  const fs::path source = resolved(from);
  const fs::path target = resolved(to);
  if (source == target) return;
  const fs::path folder = partsFolder(target);
  const WriterLock lock(folder / "lock", target);
  const hdf5::Session session;
  OpenedRun run = openWithParts(source);
  run.data.runId = randomRunId(); // side files of the one must never be taken for the other's
  writeRunData(run.data, run.file, folder / "merging.h5", target);
  removeSideFiles(folder);
}

} // namespace rankscope
