// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "core/base/progress.h"
#include "core/compress/compress.h"

namespace rankscope {

enum class ExportKind { Factored, Dense };

/// Throws Error(BadRequest), which offers another path, unless an export may go to `target`: none of the model's own
/// folders (links resolved) nor around one, though a new folder in one may be, and absent, empty, or, when `overwrite`,
/// an earlier export with nothing else in it.
void requireGoodTarget(const Checkpoint& checkpoint, const std::filesystem::path& target, bool overwrite);

/// Bytes that the export will take, known from the plan alone.
std::uint64_t exportBytes(const Checkpoint& checkpoint, const ResolvedPlan& plan, ExportKind kind);

/// Writes a compressed model into a folder, layer by layer in any order: every tensor's place is known from the plan,
/// so memory is bounded by one layer. Everything goes into a hidden sibling folder that is renamed at the end; until
/// finish() the target does not exist, and a failure leaves nothing behind. Thread-safe add().
class ModelExport final {
 public:
  /// Checks first: the target must be a good one (requireGoodTarget), and the disk must hold it (Error NoSpace with
  /// both figures).
  ModelExport(std::shared_ptr<const Checkpoint> checkpoint, const ResolvedPlan& plan, ExportKind kind,
              const std::filesystem::path& target, bool overwrite = false);
  ~ModelExport();

  void add(const CompressedLayer& layer);

  /// Copies the tensors that the plan leaves alone byte for byte, config.json and tokenizer files, writes the manifest,
  /// re-reads and checks everything written, and renames the folder into place.
  void finish(const Progress& progress);

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

} // namespace rankscope
