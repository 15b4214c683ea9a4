// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/advise/advice.h"
#include "core/base/kl_text.h"

namespace rankscope {

namespace {

std::string mebibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

std::string percent(double share) {
  return fmt::format("{:.0f} %", 100 * share);
}

const AdviceOption* named(const Advice& advice, std::string_view name) {
  for (const AdviceOption& option : advice.options)
    if (option.name == name) return &option;
  return nullptr;
}

std::string costOf(const AdviceOption& option) {
  return fmt::format("KL {}, perplexity {:.2f}", klText(option.measured.kl.mean), option.measured.compressed.value);
}

/// "30 layers are stored in int4 with a low-rank correction, 2 as two factors"
std::string mixtureOf(const AdviceOption& option) {
  std::string text;
  for (const auto& [form, count] : storageOf(option)) {
    const std::size_t corrected = form.find("+rank");
    const std::string what = form == "factors" ? "as two factors"
                             : corrected == std::string::npos
                                 ? "in " + form
                                 : fmt::format("in {} with a low-rank correction", form.substr(0, corrected));
    const char* const verb = !text.empty() ? "" : count == 1 ? " layer is stored" : " layers are stored";
    text += fmt::format("{}{}{} {}", text.empty() ? "" : ", ", count, verb, what);
  }
  return text;
}

std::string recommendation(const Advice& advice, const AdviceOption& best) {
  const std::string text =
      best.measured.tokens > 0 ? fmt::format("{} tokens of {}", best.measured.tokens, advice.text) : advice.text;
  return fmt::format(
      "Take \"{}\": {}. The exported model, its tokenizer included, goes from {} to {} ({}; its attention and MLP "
      "matrices to {}) and perplexity on {} that nothing was fitted to from {:.2f} to {:.2f} ± {:.2f}; KL is {} nats a token, and the likeliest "
      "token stays the same {:.0f} % of the time.",
      best.name, best.description, mebibytes(advice.modelBytes), mebibytes(best.bytes), percent(best.kept),
      percent(best.scopeKept), text, advice.originalPerplexity, best.measured.compressed.value,
      best.measured.compressed.standardError, klText(best.measured.kl.mean), 100 * best.measured.top1Agreement);
}

std::optional<std::string> againstUniform(const Advice& advice, const AdviceOption& best) {
  const AdviceOption* uniform = named(advice, "plain-uniform");
  if (!uniform || uniform == &best) return std::nullopt;
  return fmt::format(
      "Within the same budget, truncating every matrix's own SVD to the same share of its rank gives {}.",
      costOf(*uniform));
}

std::vector<std::string> aboutTheStudy(const Advice& advice) {
  std::vector<std::string> sentences;
  for (const AdviceOption& option : advice.options) {
    if (option.group != AdviceOption::Group::Study) continue;
    std::string text = fmt::format("The study's option \"{}\" ({}) takes {} and gives {}", option.name,
                                   option.description, mebibytes(option.bytes), costOf(option));
    if (const AdviceOption* ours = named(advice, "as-small-as-" + option.name))
      text += fmt::format("; at the same size a plan of ours gives {}", costOf(*ours));
    sentences.push_back(text + ".");
  }
  return sentences;
}

/// Where the weights' cosine and the predictions disagree about which option is best.
std::optional<std::string> aboutCosine(const Advice& advice, const AdviceOption& best) {
  const AdviceOption* nearest = nullptr;
  for (const AdviceOption& option : advice.options)
    if (option.withinBudget && (!nearest || option.meanCosine > nearest->meanCosine)) nearest = &option;
  if (!nearest || nearest == &best || nearest->measured.kl.mean < 1.2 * best.measured.kl.mean) return std::nullopt;
  return fmt::format(
      "The mean cosine of the weights would have chosen \"{}\" ({:.3f} against {:.3f}), which loses {:.1f} times as "
      "much: the cosine of the weights does not say what matters.",
      nearest->name, nearest->meanCosine, best.meanCosine, nearest->measured.kl.mean / best.measured.kl.mean);
}

std::optional<std::string> warning(const AdviceOption& best) {
  if (best.measured.kl.mean < 0.1) return std::nullopt;
  if (best.measured.kl.mean < 0.5)
    return "That is a loss one notices. A larger budget, or training the factors afterwards, would help.";
  return "That is a heavy loss: within this budget the model is no longer what it was. Allow more bytes.";
}

/// "1.32 times (1.27 to 1.36)"
std::string timesOf(const SpeedRatio& ratio) {
  const std::string value = fmt::format("{:.2f} times", ratio.value);
  if (!(ratio.high > ratio.low)) return value;
  return fmt::format("{} ({:.2f} to {:.2f})", value, ratio.low, ratio.high);
}

std::optional<std::string> speedOf(const AdviceOption& best) {
  if (!best.speed) return std::nullopt;
  return fmt::format("Here it reads a text {} and writes one {} as fast as the original.",
                     timesOf(best.speed->prefillRatio), timesOf(best.speed->decodeRatio));
}

std::optional<std::string> repetition(const Advice& advice, const AdviceOption& best) {
  if (!best.sample || !advice.originalSample) return std::nullopt;
  const double now = best.sample->repetition.repeated4grams, before = advice.originalSample->repetition.repeated4grams;
  return fmt::format("Continuing \"{}\", {} of its 4-grams occurred before (the original: {}).", advice.prompt,
                     percent(now), percent(before));
}

std::string howItWasFound(const Advice& advice) {
  std::string text =
      fmt::format("Factors were fitted to {} tokens of {}", advice.calibrationTokens, advice.calibrationText);
  if (!advice.calibrationCovers) text += ", fewer than the widest layer has inputs: give more text";
  text += fmt::format(
      "; {} trials of single layers chose the ranks. Every option was measured on {} tokens of {} that took "
      "no part in that.",
      advice.probes, advice.options.empty() ? 0 : advice.options.front().measured.tokens, advice.text);
  if (const auto error = medianError(advice.checks))
    text += fmt::format(" Predicted and measured KL of {} random plans differ by {} (median).", advice.checks.size(),
                        percent(*error));
  return text;
}

} // namespace

std::string words(const AdviceNote& note) {
  switch (note.why) {
  case AdviceNote::Why::Pinned:
    return fmt::format("{} of {} layers are pinned: they stay as they are and count in the bytes", note.layers,
                       note.of);
  case AdviceNote::Why::ChangesNothing:
    return fmt::format("{}: changes no layer of this model", note.option);
  case AdviceNote::Why::TooLarge:
    return fmt::format("{}: cannot be made small enough", note.option);
  }
  return {};
}

std::vector<std::string> adviceSentences(const Advice& advice) {
  std::vector<std::string> sentences;
  if (!advice.recommended) {
    if (!advice.options.empty()) sentences.push_back("No option so far keeps to the budget.");
    return sentences;
  }
  const AdviceOption& best = advice.options[*advice.recommended];
  const auto add = [&](std::optional<std::string> sentence) {
    if (sentence) sentences.push_back(std::move(*sentence));
  };
  add(recommendation(advice, best));
  if (const std::string mixture = mixtureOf(best); !mixture.empty())
    add(fmt::format("In it, {}; everything else (embeddings, norms and the like) stays as it is.", mixture));
  add(warning(best));
  add(speedOf(best));
  add(againstUniform(advice, best));
  for (std::string& sentence : aboutTheStudy(advice)) sentences.push_back(std::move(sentence));
  add(aboutCosine(advice, best));
  add(repetition(advice, best));
  add(howItWasFound(advice));
  return sentences;
}

} // namespace rankscope
