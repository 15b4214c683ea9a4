// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/advice_report.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/kl_text.h"
#include "core/report/report_html.h"
#include "core/report/report_text.h"
#include "core/store/durable_file.h"

namespace rankscope {

namespace {

std::string number(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : std::string(kDash);
}

std::string perplexityText(double value) {
  return number(value, value < 100 ? 2 : 0);
}

/// The cells of an option's row, the name left out.
std::vector<std::string> cellsOf(const AdviceOption& option) {
  const Comparison& c = option.measured;
  return {bytesText(option.bytes),
          percentText(option.kept),
          percentText(option.scopeKept),
          cosineText(option.meanCosine),
          number(c.logits.cosine, 4),
          option.predicted ? klText(option.predicted->kl) + (option.predicted->covered ? "" : " ?")
                           : std::string(kDash),
          klText(c.kl.mean),
          perplexityText(c.compressed.value),
          percentText(c.top1Agreement),
          option.sample ? percentText(option.sample->repetition.repeated4grams) : std::string(kDash),
          option.speed ? ratioText(option.speed->prefillRatio) : std::string(kDash),
          option.speed ? ratioText(option.speed->decodeRatio) : std::string(kDash)};
}

constexpr std::string_view kTitles[] = {"Bytes",         "Model kept",   "Layers kept", "Weight cosine",
                                        "Output cosine", "KL predicted", "KL measured", "Perplexity",
                                        "Same token",    "Repeated",     "Prefill ×",   "Decode ×"};

std::string_view heading(AdviceOption::Group group) {
  switch (group) {
  case AdviceOption::Group::Study:
    return "The study's own options, whatever their size";
  case AdviceOption::Group::InBudget:
    return "Within the budget";
  case AdviceOption::Group::EqualBytes:
    return "Ours at the bytes of the study's options";
  }
  return {};
}

constexpr AdviceOption::Group kGroups[] = {AdviceOption::Group::InBudget, AdviceOption::Group::Study,
                                           AdviceOption::Group::EqualBytes};

std::string_view explanation() {
  return "KL is how far the compressed model's predictions are from the original's, in nats a token: below 0.05 hardly "
         "to be "
         "noticed, above 0.5 another model. Weight cosine is the mean over the layers that changed; output cosine that "
         "of the "
         "raw scores over the vocabulary. Same token: how often the likeliest token is the original's. Repeated: "
         "4-grams of a "
         "continuation that occurred in it before. Prefill and decode: speed as a multiple of the original's. A "
         "predicted KL "
         "with a question mark lies beyond the plans that the prediction was fitted to. Model kept and layers kept: "
         "bytes left of the whole model, and of its attention and MLP matrices. The study is what this began with: "
         "truncated SVD of the weights at 6.25 % of every matrix's rank, and the three ways that it named to do "
         "better.";
}

std::string summaryLine(const Advice& advice) {
  const std::string tokens =
      advice.options.empty() ? "" : fmt::format("{} tokens of ", advice.options.front().measured.tokens);
  return fmt::format("Budget: {}. Measured on {}{}; perplexity of the original {}. {} in {}{}.", advice.budget, tokens,
                     advice.text, perplexityText(advice.originalPerplexity), advice.model, bytesText(advice.modelBytes),
                     advice.complete ? fmt::format("; took {:.0f} s", advice.seconds) : "; unfinished: it was stopped");
}

std::string htmlTable(const Advice& advice) {
  std::string text = "<div class=\"scroll\"><table><thead><tr><th class=\"l\">Option</th>";
  for (const std::string_view title : kTitles) text += fmt::format("<th>{}</th>", title);
  text += "</tr></thead><tbody>\n";
  for (const AdviceOption::Group group : kGroups) {
    bool first = true;
    for (std::size_t i = 0; i < advice.options.size(); ++i) {
      const AdviceOption& option = advice.options[i];
      if (option.group != group) continue;
      if (first)
        text +=
            fmt::format("<tr><th class=\"l\" colspan=\"{}\">{}</th></tr>\n", std::size(kTitles) + 1, heading(group));
      first = false;
      const bool best = advice.recommended == i;
      text += fmt::format("<tr><td class=\"l\" title=\"{}\">{}{}{}{}</td>", escapedHtml(option.description),
                          best ? "<b>" : "", escapedHtml(option.name), best ? " ✓</b>" : "",
                          option.withinBudget ? "" : " (over the budget)");
      for (const std::string& cell : cellsOf(option)) text += fmt::format("<td>{}</td>", cell);
      text += "</tr>\n";
    }
  }
  return text + "</tbody></table></div>\n";
}

std::string htmlOptions(const Advice& advice) {
  std::string text = "<h2>What the options are</h2>\n<ul>";
  for (const AdviceOption& option : advice.options)
    text += fmt::format("<li><b>{}</b>: {}</li>\n", escapedHtml(option.name), escapedHtml(option.description));
  for (const AdviceNote& note : advice.notes) text += fmt::format("<li>{}</li>\n", escapedHtml(words(note)));
  return text + "</ul>\n";
}

/// How a reader carries the recommended plan out.
std::string howTo(const Advice& advice) {
  return fmt::format(
      "Save it as plan.json; rankscope-cli compress MODEL OUT --plan plan.json then writes the model. What its methods "
      "are fitted to decides the numbers: this advice used {} tokens of {}, which advise --plans FOLDER writes beside "
      "the plans, for --calibration.",
      advice.calibrationTokens, advice.calibrationText);
}

std::string htmlSamples(const Advice& advice) {
  if (!advice.originalSample) return {};
  std::string text =
      fmt::format("<h2>What they write</h2>\n<p>All continue “{}”, always with the likeliest token.</p>\n",
                  escapedHtml(advice.prompt));
  const auto sample = [&](const std::string& name, const std::string& words, bool open) {
    text += fmt::format("<details{}><summary>{}</summary><p>{}<b>{}</b></p></details>\n", open ? " open" : "",
                        escapedHtml(name), escapedHtml(advice.prompt), escapedHtml(words));
  };
  sample("original", advice.originalSample->text, true);
  for (std::size_t i = 0; i < advice.options.size(); ++i)
    if (advice.options[i].sample)
      sample(advice.options[i].name, advice.options[i].sample->text, advice.recommended == i);
  return text;
}

std::string renderAdviceHtml(const Advice& advice) {
  std::string text =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Rankscope advice: " +
      escapedHtml(advice.model) + "</title><style>" + std::string(pageStyle()) + "</style></head>\n<body><main>\n";
  text += fmt::format("<h1>How to compress {}</h1>\n<p class=\"meta\">{}</p>\n", escapedHtml(advice.model),
                      escapedHtml(summaryLine(advice)));
  for (const std::string& sentence : advice.sentences) text += "<p>" + escapedHtml(sentence) + "</p>\n";
  text += "<h2>The options, measured</h2>\n" + htmlTable(advice);
  text += fmt::format("<p class=\"key\">{}</p>\n<div class=\"figures\">", explanation());
  for (const std::string& plot : {optionsPlot(advice), checksPlot(advice)})
    if (!plot.empty()) text += "<figure>" + plot + "</figure>";
  text += "</div>\n<p class=\"key\">Dashed: predicted for the best plans of every size. Dots: measured; green the one "
          "recommended, red the study's. On the right: bars hold about four plans in five.</p>\n";
  text += htmlOptions(advice) + htmlSamples(advice);
  if (advice.recommended)
    text += "<h2>The plan</h2>\n<p>" + escapedHtml(howTo(advice)) +
            "</p>\n<details><summary>As a file for <code>rankscope-cli compress --plan</code></summary><pre>" +
            escapedHtml(toJson(advice.options[*advice.recommended].plan)) + "</pre></details>\n";
  return text + "</main></body></html>\n";
}

/// What the original and the recommended option write.
std::string markdownSamples(const Advice& advice) {
  if (!advice.originalSample || !advice.recommended || !advice.options[*advice.recommended].sample) return {};
  const AdviceOption& best = advice.options[*advice.recommended];
  std::string text = fmt::format("\n## What they write\n\nBoth continue “{}”, always with the likeliest token.\n\n",
                                 escapedMarkdown(advice.prompt));
  for (const auto& [name, words] :
       {std::pair{std::string("original"), advice.originalSample->text}, std::pair{best.name, best.sample->text}}) {
    std::string line = words; // a paragraph of its own, whatever line ends it has
    std::ranges::replace(line, '\n', ' ');
    text += fmt::format("- **{}**: {}\n", escapedMarkdown(name), escapedMarkdown(line));
  }
  return text;
}

std::string renderAdviceMarkdown(const Advice& advice) {
  std::string text = fmt::format("# How to compress {}\n\n{}\n\n", escapedMarkdown(advice.model),
                                 escapedMarkdown(summaryLine(advice)));
  for (const std::string& sentence : advice.sentences) text += escapedMarkdown(sentence) + "\n\n";
  text += "## The options, measured\n\n| Option |";
  for (const std::string_view title : kTitles) text += fmt::format(" {} |", title);
  text += "\n| :--- |";
  for (std::size_t i = 0; i < std::size(kTitles); ++i) text += " ---: |";
  text += "\n";
  for (const AdviceOption::Group group : kGroups) {
    bool first = true;
    for (std::size_t i = 0; i < advice.options.size(); ++i) {
      const AdviceOption& option = advice.options[i];
      if (option.group != group) continue;
      if (std::exchange(first, false)) {
        text += fmt::format("| *{}* |", escapedMarkdown(std::string(heading(group))));
        for (std::size_t k = 0; k < std::size(kTitles); ++k) text += " |";
        text += "\n";
      }
      const bool best = advice.recommended == i;
      text += fmt::format("| {}{}{}{} |", best ? "**" : "", escapedMarkdown(option.name), best ? "** ✓" : "",
                          option.withinBudget ? "" : " (over the budget)");
      for (const std::string& cell : cellsOf(option)) text += fmt::format(" {} |", cell);
      text += "\n";
    }
  }
  text += fmt::format("\n{}\n\n## What the options are\n\n", explanation());
  for (const AdviceOption& option : advice.options)
    text += fmt::format("- **{}**: {}\n", escapedMarkdown(option.name), escapedMarkdown(option.description));
  for (const AdviceNote& note : advice.notes) text += fmt::format("- {}\n", escapedMarkdown(words(note)));
  if (!advice.checks.empty()) {
    text += "\n## The prediction, checked\n\n| Predicted | From | To | Measured |\n| ---: | ---: | ---: | ---: |\n";
    for (const PredictionCheck& check : advice.checks)
      text += fmt::format("| {} | {} | {} | {} |\n", klText(check.predicted.kl), klText(check.predicted.klLow),
                          klText(check.predicted.klHigh), klText(check.kl));
  }
  text += markdownSamples(advice);
  if (advice.recommended)
    text += fmt::format("\n## The plan\n\n{}\n\n```json\n{}\n```\n", howTo(advice),
                        toJson(advice.options[*advice.recommended].plan));
  return text;
}

} // namespace

std::string renderAdvice(const Advice& advice, ReportFormat format) {
  switch (format) {
  case ReportFormat::Html:
    return renderAdviceHtml(advice);
  case ReportFormat::Markdown:
    return renderAdviceMarkdown(advice);
  case ReportFormat::Csv:
    break;
  }
  throw Error(ErrorKind::BadRequest, "an advice is written as HTML or Markdown");
}

void writeAdvice(const Advice& advice, const std::filesystem::path& path) {
  const auto format = reportFormatFor(path);
  if (!format || *format == ReportFormat::Csv)
    throw Error(ErrorKind::BadRequest, fmt::format("{} must end in .html or .md", path.string()));
  const std::string text = renderAdvice(advice, *format);
  const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  writeDurably(path, std::span(&bytes, 1));
}

} // namespace rankscope
