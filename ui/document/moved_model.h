// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"
#include "core/store/run_file.h"

namespace rankscope::ui {

/// A run file whose model is not where it was when the run was made: thrown by Document::open(), so that the window can
/// ask where the model is now.
struct ModelMoved {
  std::filesystem::path run;
  std::filesystem::path model; ///< where it was
};

/// Throws Error(BadRequest) that names the first difference when `checkpoint` is not the model that `run` was made
/// from: names, shapes and types of all layers, and the content hashes of layers of at most `bytes` together, smallest
/// first. (The others are compared before their results are used.)
void requireSameModel(const RunContents& run, const Checkpoint& checkpoint, std::uint64_t bytes = 64 << 20);

} // namespace rankscope::ui
