// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rankscope {

/// A pattern that cuts text into the pieces that a byte-pair encoding works on. Patterns are those of Hugging Face's
/// tokenizers: `\s` is Unicode's White_Space, \p{…} its categories.
class Splitter final {
 public:
  enum class Behaviour { Isolated, Removed, MergedWithPrevious, MergedWithNext };

  /// `invert` swaps matches and what lies between them. Throws Error(Malformed) naming `source` for a bad pattern.
  Splitter(std::string_view pattern, Behaviour behaviour, bool invert, std::string_view source);
  ~Splitter();
  Splitter(Splitter&&) noexcept;
  Splitter& operator=(Splitter&&) noexcept;

  /// Appends the pieces of `text` (valid UTF-8, which must outlive them), in order.
  void split(std::string_view text, std::vector<std::string_view>& pieces) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> m_compiled;
  Behaviour m_behaviour;
  bool m_invert;
};

/// The pattern that GPT-2 brought, and Qwen2's.
inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// The pattern with its literal text quoted.
std::string quotedPattern(std::string_view literal);

} // namespace rankscope
