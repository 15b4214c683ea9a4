// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/text_model.h"

#include <fstream>
#include <random>

#include <nlohmann/json.hpp>

namespace rankscope::test {

namespace {

std::string utf8(unsigned code) {
  if (code < 0x80) return std::string(1, static_cast<char>(code));
  return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
}

bool isPrintable(unsigned byte) {
  return (byte > 32 && byte < 127) || (byte > 160 && byte != 173);
}

} // namespace

std::filesystem::path writeTextModel(const std::filesystem::path& folder, int blocks) {
  SmallShape shape;
  shape.blocks = blocks;
  shape.vocabulary = 256;
  shape.positions = 64;
  writeSmallModel(folder, SmallFamily::GptNeo, shape);
  // GPT-2 writes every byte as a printable character: those that are none as the ones behind 255.
  nlohmann::json vocabulary;
  unsigned next = 256;
  for (unsigned byte = 0; byte < 256; ++byte)
    vocabulary[utf8(isPrintable(byte) ? byte : next++)] = static_cast<int>(byte);
  std::ofstream(folder / "vocab.json") << vocabulary.dump();
  std::ofstream(folder / "merges.txt") << "#version: 0.2\n";
  return folder;
}

std::string someText(int records, int wordsEach, unsigned seed) {
  static const char* const kWords[] = {"the", "cat",  "sat", "on",  "a",    "mat",
                                       "and", "then", "it",  "ran", "home", "fast"};
  std::mt19937 random(seed);
  std::string text;
  for (int r = 0; r < records; ++r) {
    for (int w = 0; w < wordsEach; ++w) text += (w > 0 ? " " : "") + std::string(kWords[random() % std::size(kWords)]);
    text += ".\n<|endoftext|>\n";
  }
  return text;
}

} // namespace rankscope::test
