// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/evaluate/evaluate.h"

namespace rankscope {

/// The demo's folder: under share/rankscope beside an installed program, else in the source tree.
std::filesystem::path demoFolder();

/// The demo's held-out stories: what is evaluated on where no text is given.
std::filesystem::path defaultText();

/// Whether two paths are one file; "" is the default text.
bool isSameText(const std::filesystem::path& a, const std::filesystem::path& b);

/// A file's records under its name; the demo's held-out stories for an empty path. Throws Error naming the file.
EvaluationText evaluationText(const std::filesystem::path& path);

} // namespace rankscope
