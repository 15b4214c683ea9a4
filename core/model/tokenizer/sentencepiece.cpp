// SPDX-License-Identifier: GPL-3.0-or-later
#include <sentencepiece_processor.h>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/tokenizer/tokenizer.h"
#include "core/model/tokenizer/unicode.h"

namespace rankscope {

namespace {

using sentencepiece::SentencePieceProcessor;

/// Everything as libsentencepiece has it, its normalisation and its dummy leading space included.
class SentencePieceTokenizer final : public Tokenizer {
 public:
  SentencePieceTokenizer(std::unique_ptr<SentencePieceProcessor> processor, Habits habits)
      : Tokenizer(habits), m_processor(std::move(processor)) {}

  int size() const override { return m_processor->GetPieceSize(); }

  std::vector<int> encode(std::string_view text) const override {
    const std::string valid = validUtf8(text);
    std::vector<int> ids;
    const auto status = m_processor->Encode(valid, &ids);
    if (!status.ok()) throw Error(ErrorKind::Unsupported, fmt::format("SentencePiece: {}", status.ToString()));
    return ids;
  }

  std::string decode(std::span<const int> ids) const override {
    for (const int id : ids)
      if (id < 0 || id >= size()) throw Error(ErrorKind::BadRequest, fmt::format("there is no token {}", id));
    std::string text;
    const auto status = m_processor->Decode(std::vector<int>(ids.begin(), ids.end()), &text);
    if (!status.ok()) throw Error(ErrorKind::Unsupported, fmt::format("SentencePiece: {}", status.ToString()));
    return validUtf8(text);
  }

 private:
  std::unique_ptr<SentencePieceProcessor> m_processor;
};

} // namespace

std::shared_ptr<const Tokenizer> openSentencePiece(const std::filesystem::path& model, Tokenizer::Habits habits) {
  auto processor = std::make_unique<SentencePieceProcessor>();
  const auto status = processor->Load(model.string());
  if (!status.ok())
    throw Error(ErrorKind::Malformed,
                fmt::format("{} is no SentencePiece model: {}", model.string(), status.ToString()));
  if (!habits.bos && processor->bos_id() >= 0) habits.bos = processor->bos_id();
  return std::make_shared<SentencePieceTokenizer>(std::move(processor), habits);
}

} // namespace rankscope
