// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/compress/compress.h"
#include "core/spectrum/analyse.h"

namespace rankscope {

/// What a run file knows of one layer: its spectrum, its compression, or both. Everything but the identity is optional.
struct LayerRecord {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  DType dtype = DType::F32;
  Role role = Role::Other;
  std::optional<int> block;
  Orientation orientation = Orientation::OutIn;
  std::string contentHash;
  std::vector<double> singularValues; ///< empty when not known
  std::string spectrumError;
  std::map<std::string, double, std::less<>> diagnostics; ///< by kDiagnosticKeys, where the spectrum is known

  /// What compression left, present once a choice was carried out.
  struct Compression {
    LayerChoice choice;
    int resultVersion = 0;
    Quality quality;
    std::optional<Quality> outputs; ///< on the text that the choice's method names
    std::optional<double> predictedCosine;
    std::uint64_t bytesBefore = 0;
    std::uint64_t bytesAfter = 0;
    std::string error;
    bool hasFactors = false; ///< the run holds the parts of the layer: factors, base
  };
  std::optional<Compression> compression;
};

/// Model a run belongs to, as far as it can be told without opening the model.
struct ModelIdentity {
  std::filesystem::path path;
  std::string name;
  std::string architecture;
  std::string format;
  std::uint64_t bytes = 0;
  std::uint64_t parameters = 0;
  bool synthetic = false;
};
ModelIdentity identityOf(const Checkpoint& checkpoint);

/// Everything of a run file but the factors, as values.
struct RunContents {
  std::string programVersion;
  std::string created; ///< ISO 8601, UTC
  ModelIdentity model;
  std::string planJson;                                        ///< "" when none was set
  std::vector<LayerRecord> layers;                             ///< in model order
  std::map<std::string, std::string, std::less<>> snapshots;   ///< name -> plan JSON
  std::map<std::string, std::string, std::less<>> evaluations; ///< number -> JSON of the result (see evaluate/)
};

/// An HDF5 run file open for adding results. What record() was given is on disk when it returns: finished layers go to
/// checksummed side files in `<path>.parts/`, each written, synced and renamed, and from time to time are merged into a
/// fresh HDF5 file that replaces the old one atomically. A kill at any moment loses only layers in flight, and an older
/// good file is never destroyed. Thread-safe. One writer at a time per path: a second one gets Error(InUse).
class RunFile final {
 public:
  /// Creates the file, or opens an existing run of the same model to go on with it (leftover parts of a killed
  /// process are taken in). Throws Error: Malformed for a file that is no run file or damaged, BadRequest for a run
  /// of another model (different layer names or shapes), NoSpace, Unwritable, InUse.
  static std::unique_ptr<RunFile> open(const std::filesystem::path& path, const Checkpoint& checkpoint);
  ~RunFile(); ///< merges what is left, as finish() but without throwing

  void record(const AnalysedLayer& layer);
  void record(const CompressedLayer& layer);
  void setPlan(const RankPlan& plan);
  void setSnapshots(const std::map<std::string, std::string, std::less<>>& planJsonByName);
  /// Adds `/evaluation/<n>` with the next free n and returns n.
  int addEvaluation(const std::string& json);

  /// The layer's spectrum if the run has it for the same bytes.
  std::optional<Spectrum> spectrum(const std::string& name, const std::string& contentHash) const;
  /// The finished compression, factors included, if it holds for the same bytes, choice and result version.
  std::optional<CompressedLayer> finished(LayerId layer, const std::string& contentHash,
                                          const LayerChoice& choice) const;

  RunContents contents() const;

  /// Merges everything into the HDF5 file and removes the parts. Throws Error(NoSpace, Unwritable).
  void finish();

 private:
  struct State;
  explicit RunFile(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

/// Reads a run file, with what a killed process left beside it. Does not need the model. Throws Error (NotFound,
/// Malformed, InUse).
RunContents readRun(const std::filesystem::path& path);

/// True when the file looks like HDF5 by its first bytes.
bool looksLikeRunFile(const std::filesystem::path& path);

/// Copies a run (window: Save As), parts merged.
void copyRun(const std::filesystem::path& from, const std::filesystem::path& to);

} // namespace rankscope
