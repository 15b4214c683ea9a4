// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/json_file.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/tensor/mapped_file.h"

namespace rankscope {

std::string readTextFile(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  const auto bytes = file->bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string withoutPythonNumbers(std::string_view text) {
  constexpr std::array<std::string_view, 3> kNumbers{"-Infinity", "Infinity", "NaN"};
  std::string result;
  bool quoted = false;
  while (!text.empty()) {
    const auto number = std::ranges::find_if(kNumbers, [&](std::string_view word) { return text.starts_with(word); });
    std::size_t taken = text[0] == '\\' ? 2 : 1;
    if (!quoted && number != kNumbers.end()) {
      result += "null";
      taken = number->size();
    } else {
      if (text[0] == '"') quoted = !quoted;
      result += text.substr(0, taken);
    }
    text.remove_prefix(std::min(taken, text.size()));
  }
  return result;
}

nlohmann::json parseJsonObject(std::string_view text, const std::filesystem::path& path) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int, Event event, nlohmann::json& value) {
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key && !keys.back().insert(value.get<std::string>()).second)
      throw Error(ErrorKind::Malformed,
                  fmt::format("{}: the key {} occurs twice in one object", path.string(), value.dump()));
    return true;
  };
  try {
    nlohmann::json parsed = nlohmann::json::parse(text.begin(), text.end(), watch);
    if (!parsed.is_object()) throw Error(ErrorKind::Malformed, fmt::format("{}: not a JSON object", path.string()));
    return parsed;
  } catch (const nlohmann::json::parse_error& error) {
    throw Error(ErrorKind::Malformed, fmt::format("{}: not valid JSON (at byte {})", path.string(), error.byte));
  }
}

} // namespace rankscope
