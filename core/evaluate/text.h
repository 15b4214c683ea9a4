// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/model/tokenizer/tokenizer.h"

namespace rankscope {

/// A text file (plain or gzip) cut at its separator lines `<|endoftext|>`; empty records are left out. Throws Error
/// (NotFound, Unreadable, Malformed, Unsupported for what is no text in UTF-8) naming the file.
std::vector<std::string> readRecords(const std::filesystem::path& path);
std::vector<std::string> splitRecords(std::string_view text);

/// Tokens of one pass of a model, each with the record that it comes from.
struct Window {
  std::vector<int> tokens;
  std::vector<int> records;
};

/// The records' tokens one after another, cut into windows of `context` tokens that do not overlap. Between records
/// stands the model's own separator token where it has one, else nothing. Each window begins with the BOS where the
/// tokenizer has that habit. A window's first token is not scored. At most `limit` tokens (0: all), BOS included.
std::vector<Window> windowsOf(const std::vector<std::string>& records, const Tokenizer& tokenizer, std::int64_t context,
                              std::int64_t limit);

} // namespace rankscope
