// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/evaluate/evaluate.h"

namespace rankscope {

/// The demo's folder: under share/rankscope beside an installed program, else in the source tree.
std::filesystem::path demoFolder();

/// A file's records under its name; the demo's held-out stories for an empty path. Throws Error naming the file.
EvaluationText evaluationText(const std::filesystem::path& path);

} // namespace rankscope
