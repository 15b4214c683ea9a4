// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "core/advise/advise.h"
#include "core/base/error.h"

namespace rankscope {

namespace {

constexpr std::size_t kPromptWords = 8;
constexpr std::int64_t kProbeContext = 256;
constexpr std::size_t kMeasuredShare = 3;

std::vector<std::vector<int>> sequencesOf(std::vector<Window> windows) {
  std::vector<std::vector<int>> sequences;
  for (Window& window : windows) sequences.push_back(std::move(window.tokens));
  return sequences;
}

/// The first words of a text, without a space behind them.
std::string beginningOf(const std::string& record) {
  std::size_t end = record.find_first_not_of(" \n\t");
  for (std::size_t word = 0; word < kPromptWords && end != std::string::npos; ++word) {
    end = record.find_first_of(" \n\t", end);
    if (end != std::string::npos && word + 1 < kPromptWords) end = record.find_first_not_of(" \n\t", end);
  }
  return record.substr(0, end);
}

/// Takes records off the end: enough for `tokens`, 1/`share` of the text at most.
std::vector<std::string> takeTail(std::vector<std::string>& records, const Tokenizer& tokenizer, std::int64_t tokens,
                                  std::size_t share) {
  std::size_t bytes = 0, tail = 0;
  for (const std::string& record : records) bytes += record.size();
  std::int64_t count = 0;
  std::size_t first = records.size();
  while (first > 0 && count < tokens && tail + records[first - 1].size() <= bytes / share) {
    --first;
    tail += records[first].size();
    count += static_cast<std::int64_t>(tokenizer.encode(records[first]).size()) + 1;
  }
  std::vector<std::string> taken(std::make_move_iterator(records.begin() + static_cast<std::ptrdiff_t>(first)),
                                 std::make_move_iterator(records.end()));
  records.resize(first);
  return taken;
}

} // namespace

EvaluationText unseenPart(const EvaluationText& text, const Tokenizer& tokenizer) {
  std::vector<std::string> records = text.records;
  std::vector<std::string> tail = takeTail(records, tokenizer, AdviceTextOptions().measuredTokens, kMeasuredShare);
  if (tail.empty())
    throw Error(ErrorKind::BadRequest,
                fmt::format("{}: too little text, it takes several records to calibrate on some and measure on others",
                            text.name));
  return {fmt::format("the last {} of {} records of {}", tail.size(), text.records.size(), text.name), std::move(tail)};
}

AdviceTexts adviceTexts(const EvaluationText& text, const EvaluationText* calibration, const Tokenizer& tokenizer,
                        std::int64_t context, const AdviceTextOptions& options) {
  AdviceTexts texts;
  texts.name = text.name;
  texts.calibrationName = calibration ? calibration->name : text.name;
  texts.calibrationRecords = calibration ? calibration->records : text.records;
  texts.measuredRecords = calibration
                              ? text.records
                              : takeTail(texts.calibrationRecords, tokenizer, options.measuredTokens, kMeasuredShare);
  const std::vector<std::string> probes = takeTail(texts.calibrationRecords, tokenizer, options.probeTokens, 8);
  const std::vector<std::string> together = takeTail(texts.calibrationRecords, tokenizer, options.togetherTokens, 6);
  texts.measured = windowsOf(texts.measuredRecords, tokenizer, context, options.measuredTokens);
  std::vector<Window> calibrating = windowsOf(texts.calibrationRecords, tokenizer, context, options.calibrationTokens);
  if (!calibrating.empty()) // what was not used is not kept
    texts.calibrationRecords.resize(
        std::min(texts.calibrationRecords.size(), static_cast<std::size_t>(calibrating.back().records.back()) + 2));
  texts.calibration = sequencesOf(std::move(calibrating));
  texts.probes = windowsOf(probes, tokenizer, std::min(context, kProbeContext), options.probeTokens);
  texts.together = windowsOf(together, tokenizer, std::min(context, kProbeContext), options.togetherTokens);
  if (texts.measured.empty() || texts.calibration.empty() || texts.probes.empty() || texts.together.empty())
    throw Error(ErrorKind::BadRequest,
                fmt::format("{}: too little text, it takes several records to calibrate on some and measure on others",
                            texts.measured.empty() ? texts.name : texts.calibrationName));
  texts.prompt = beginningOf(texts.measuredRecords.front());
  return texts;
}

} // namespace rankscope
