// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "tests/support/small_models.h"

namespace rankscope::test {

/// A small GPT-Neo of 64 positions with a tokenizer of one token a byte: text goes through all of it. Returns the
/// folder.
std::filesystem::path writeTextModel(const std::filesystem::path& folder, int blocks = 2);

/// Records of words from a small vocabulary, separated as text files are; the same every time for a seed.
std::string someText(int records, int wordsEach, unsigned seed = 1);

} // namespace rankscope::test
