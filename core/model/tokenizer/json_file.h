// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include <nlohmann/json.hpp>

namespace rankscope {

/// A JSON object from a file; null when the file does not exist. Throws Error(Malformed) naming the file.
nlohmann::json readJsonFile(const std::filesystem::path& path);

} // namespace rankscope
