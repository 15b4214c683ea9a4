// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rankscope {

/// Text to token ids and back. Immutable and thread-safe. Ids have no BOS in front unless the caller puts it there.
class Tokenizer {
 public:
  /// What a model's files say about special tokens.
  struct Habits {
    std::optional<int> bos;       ///< to be put in front of every text; empty where the tokenizer has no such habit
    std::optional<int> separator; ///< the model's own `<|endoftext|>`
  };

  virtual ~Tokenizer() = default;

  /// Invalid UTF-8 counts as U+FFFD. Special tokens spelled out in the text become those tokens.
  virtual std::vector<int> encode(std::string_view text) const = 0;
  /// Always valid UTF-8. Throws Error(BadRequest) for an id that does not exist.
  virtual std::string decode(std::span<const int> ids) const = 0;
  virtual int size() const = 0; ///< one more than the largest id

  const Habits& habits() const { return m_habits; }

 protected:
  explicit Tokenizer(Habits habits) : m_habits(habits) {}

 private:
  Habits m_habits;
};

/// The tokenizer in a model's folder: tokenizer.model (SentencePiece), else tokenizer.json, else vocab.json with
/// merges.txt. `family` decides what those leave open. Throws Error (NotFound, Malformed, Unsupported) naming the file.
std::shared_ptr<const Tokenizer> openTokenizer(const std::filesystem::path& folder, std::string_view family);

// Each format; used by openTokenizer().
std::shared_ptr<const Tokenizer> openSentencePiece(const std::filesystem::path& model, Tokenizer::Habits habits);
std::shared_ptr<const Tokenizer> openTokenizerJson(const std::filesystem::path& file, Tokenizer::Habits habits);
std::shared_ptr<const Tokenizer> openVocabAndMerges(const std::filesystem::path& vocab,
                                                    const std::filesystem::path& merges, std::string_view family,
                                                    Tokenizer::Habits habits);

} // namespace rankscope
