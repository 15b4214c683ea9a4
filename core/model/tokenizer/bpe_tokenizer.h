// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/model/tokenizer/bpe.h"
#include "core/model/tokenizer/splitter.h"
#include "core/model/tokenizer/tokenizer.h"

namespace rankscope {

/// Everything that a byte-pair tokenizer's files say.
struct BpeDescription {
  struct AddedToken {
    std::string text;
    int id = 0;
    bool stripLeft = false; ///< white space before it belongs to it
    bool stripRight = false;
  };

  BytePairEncoding::Vocabulary vocabulary;
  std::vector<std::pair<int, std::string>> tokens; ///< id and the bytes it decodes to
  std::vector<AddedToken> added;
  std::vector<std::function<std::string(std::string)>> normalizers;
  std::vector<Splitter> splitters; ///< each cuts the pieces of the one before
  /// Goes in front of text that does not begin with it: of the whole text only, or of each stretch between added
  /// tokens.
  std::string prefix;
  bool prefixFirstOnly = false;
  bool stripLeadingSpace = false; ///< when decoding
};

/// Byte-level BPE (GPT-2, LLaMA 3, Qwen2) and BPE over code points with byte fallback (LLaMA 2's tokenizer.json).
std::shared_ptr<const Tokenizer> makeBpeTokenizer(BpeDescription description, Tokenizer::Habits habits,
                                                  std::string_view source);

/// GPT-2's printable spelling of bytes (encoder.py, bytes_to_unicode) back to bytes; nullopt when `token` has other
/// code points.
std::optional<std::string> bytesOfPrintable(std::string_view token);

} // namespace rankscope
