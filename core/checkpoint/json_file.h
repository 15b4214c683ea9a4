// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace rankscope {

/// The whole text of a small file (a config, an index, a manifest). Throws Error (NotFound, Unreadable).
std::string readTextFile(const std::filesystem::path& path);

/// Python writes NaN, Infinity and -Infinity into configs, which JSON does not know; here they become null.
std::string withoutPythonNumbers(std::string_view text);

/// Parses a JSON object strictly: UTF-8, no key twice in one object. Throws Error (Malformed) naming `path`.
nlohmann::json parseJsonObject(std::string_view text, const std::filesystem::path& path);

} // namespace rankscope
