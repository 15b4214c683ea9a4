// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>

#include "core/checkpoint/checkpoint.h"

namespace rankscope::ui {

/// A model as it was read from disk, with the run file that its results are in or go to.
struct OpenedModel {
  std::shared_ptr<const Checkpoint> checkpoint;
  std::filesystem::path runPath;
};

/// Reads a checkpoint or a run file and its model: on any thread, for on a slow disk it may take long. Throws Error;
/// throws ModelMoved for a run whose model is not where it was.
OpenedModel readModel(const std::filesystem::path& path);

/// A run with the model at another place; throws Error when it is not the same model. The run file knows the new place
/// once it is shown.
OpenedModel readMovedModel(const std::filesystem::path& run, const std::filesystem::path& model);

} // namespace rankscope::ui
