// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/read_model.h"

#include "core/base/error.h"
#include "ui/document/moved_model.h"
#include "ui/document/run_storage.h"

namespace rankscope::ui {

OpenedModel readModel(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path) || !looksLikeRunFile(path)) {
    auto checkpoint = openCheckpoint(path);
    const auto runPath = usualRunPath(checkpoint->path());
    return {std::move(checkpoint), runPath};
  }
  waitForClosing();
  const RunContents contents = readRun(path);
  try {
    return {openCheckpoint(contents.model.path), path};
  } catch (const Error& error) {
    // A folder that is still there, but without the model, says Unsupported.
    const bool emptied = error.kind() == ErrorKind::Unsupported && std::filesystem::is_directory(contents.model.path);
    if (error.kind() == ErrorKind::NotFound || emptied) throw ModelMoved{path, contents.model.path};
    throw Error(error.kind(),
                "the model that " + path.filename().string() + " belongs to cannot be opened: " + error.what());
  }
}

OpenedModel readMovedModel(const std::filesystem::path& run, const std::filesystem::path& model) {
  auto checkpoint = openCheckpoint(model);
  waitForClosing();
  requireSameModel(readRun(run), *checkpoint);
  return {std::move(checkpoint), run};
}

} // namespace rankscope::ui
