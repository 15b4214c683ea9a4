// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/report_evaluations.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "core/evaluate/speed_ratio.h"
#include "core/base/kl_text.h"
#include "core/report/evaluation_plots.h"
#include "core/report/report_text.h"

namespace rankscope {

using nlohmann::json;

namespace {

struct Entry {
  int number = 0;
  json result;
  bool isStudy() const { return textAt(result, "kind") == "study"; }
};

/// By number, not by its spelling. A run also keeps what predictions are made from, which is nothing to read.
std::vector<Entry> entriesOf(const RunContents& run) {
  std::vector<Entry> entries;
  for (const auto& [key, text] : run.evaluations) {
    Entry entry{0, json::parse(text, nullptr, false)};
    std::from_chars(key.data(), key.data() + key.size(), entry.number);
    if (!entry.result.is_object()) continue;
    const std::string kind = textAt(entry.result, "kind");
    if (kind == "evaluation" || kind == "study") entries.push_back(std::move(entry));
  }
  std::ranges::sort(entries, {}, &Entry::number);
  return entries;
}

std::string decimal(std::optional<double> value, int places = 4) {
  return value ? fmt::format("{:.{}f}", *value, places) : std::string(kDash);
}

std::string nats(std::optional<double> kl) {
  return kl ? klText(*kl) : std::string(kDash);
}

std::string titleOf(const Entry& entry) {
  std::string title = fmt::format("{} {}", entry.isStudy() ? "Aggregation study" : "Evaluation", entry.number);
  if (const std::string what = textAt(entry.result, "compressed"); !what.empty()) title += ": " + what;
  if (const auto at = entry.result.find("complete"); at != entry.result.end() && *at == false)
    title += " (stopped before its end)";
  return title;
}

/// A table as rows of cells, the first of them the head; first column to the left.
using Table = std::vector<std::vector<std::string>>;

Table metricsOf(const json& e) {
  Table table{{"", "KL mean", "KL 99 %", "Top 1", "Top 5", "Logit cosine", "Centred", "Hidden cosine"}};
  const auto add = [&](std::string what, const json& c) {
    if (c.empty()) return;
    table.push_back({std::move(what), nats(numberAt(c, "kl_mean")), nats(numberAt(c, "kl_p99")),
                     decimal(numberAt(c, "top1_agreement")), decimal(numberAt(c, "top5_agreement")),
                     decimal(numberAt(c, "logit_cosine")), decimal(numberAt(c, "logit_cosine_centered")),
                     decimal(numberAt(c, "hidden_cosine"))});
  };
  const json& controls = objectAt(e, "controls");
  add("compressed", e);
  add("control: the original in bf16", objectAt(controls, "bf16"));
  add("control: random factors of the same energy", objectAt(controls, "random_factors"));
  add("control: unrelated texts", objectAt(controls, "unrelated_text"));
  return table;
}

std::string ratioAt(const json& speed, const char* key) {
  const SpeedRatio ratio = speedRatioFrom(speed, key);
  return std::isfinite(ratio.value) ? ratioText(ratio) : std::string(kDash);
}

Table speedOf(const json& e) {
  Table table{{"", "Weights", "Resident", "Prefill, tokens/s", "× original", "Decode, tokens/s", "× original"}};
  for (const char* name : {"original", "compressed", "int8"}) {
    const json &speed = objectAt(objectAt(e, "speed"), name), &memory = objectAt(objectAt(e, "memory"), name);
    if (speed.empty()) continue;
    const auto size = [&](const char* key) {
      const auto bytes = numberAt(memory, key);
      return bytes && *bytes >= 0 ? bytesText(static_cast<std::uint64_t>(*bytes)) : std::string(kDash);
    };
    table.push_back(
        {name == std::string_view("int8") ? "factors in int8" : name, size("weight_bytes"), size("resident_bytes"),
         decimal(numberAt(speed, "prefill_tokens_per_second"), 1), ratioAt(speed, "prefill_ratio"),
         decimal(numberAt(speed, "decode_tokens_per_second"), 1), ratioAt(speed, "decode_ratio")});
  }
  return table.size() > 1 ? table : Table();
}

Table depthOf(const json& blocks) {
  Table table{{"Behind block", "Hidden cosine", "Relative error"}};
  for (const json& block : blocks)
    table.push_back({decimal(numberAt(block, "block"), 0), decimal(numberAt(block, "cosine")),
                     percentText(numberAt(block, "relative_error"))});
  return table.size() > 1 ? table : Table();
}

Table effectsOf(const json& study) {
  Table table{{"Layer alone", "Rank", "Weight cosine", "Output cosine", "Logit cosine", "Centred", "Error", "KL"}};
  for (const json& l : listAt(study, "layers"))
    table.push_back({textAt(l, "name"), decimal(numberAt(l, "rank"), 0), decimal(numberAt(l, "weight_cosine"), 3),
                     decimal(numberAt(l, "output_cosine"), 3), decimal(numberAt(l, "logit_cosine")),
                     decimal(numberAt(l, "logit_cosine_centered")), decimal(numberAt(l, "error")),
                     nats(numberAt(l, "kl_mean"))});
  return table.size() > 1 ? table : Table();
}

Table sweepOf(const json& study) {
  Table table{{"Layers together", "Error", "KL", "ε/√N", "ε", "ε·√N"}};
  for (const json& p : listAt(study, "sweep_means"))
    table.push_back({decimal(numberAt(p, "layers"), 0), decimal(numberAt(p, "error")), nats(numberAt(p, "kl_mean")),
                     decimal(numberAt(p, "averaging")), decimal(numberAt(p, "constant")),
                     decimal(numberAt(p, "random_walk"))});
  return table.size() > 1 ? table : Table();
}

std::string html(const Table& table) {
  if (table.empty()) return {};
  std::string text = "<div class=\"scroll\"><table>";
  for (std::size_t row = 0; row < table.size(); ++row) {
    const char* tag = row == 0 ? "th" : "td";
    text += row == 0 ? "<thead><tr>" : "<tr>";
    for (std::size_t i = 0; i < table[row].size(); ++i)
      text += fmt::format("<{0}{1}>{2}</{0}>", tag, i == 0 ? " class=\"l\"" : "", escapedHtml(table[row][i]));
    text += row == 0 ? "</tr></thead><tbody>" : "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

std::string markdown(const Table& table) {
  std::string text;
  for (std::size_t row = 0; row < table.size(); ++row) {
    text += "|";
    for (const std::string& cell : table[row]) text += " " + escapedMarkdown(cell) + " |";
    text += "\n";
    if (row > 0) continue;
    text += "|";
    for (std::size_t i = 0; i < table[row].size(); ++i) text += i == 0 ? " :--- |" : " ---: |";
    text += "\n";
  }
  return text.empty() ? text : text + "\n";
}

std::string figures(std::initializer_list<std::string> plots) {
  std::string text;
  for (const std::string& plot : plots)
    if (!plot.empty()) text += "<figure>" + plot + "</figure>";
  return text.empty() ? text : "<div class=\"figures\">" + text + "</div>\n";
}

std::string folded(const char* summary, const Table& table) {
  if (table.empty()) return {};
  return fmt::format("<details><summary>{}</summary>{}</details>\n", summary, html(table));
}

/// Both texts, with what they share in front of it.
std::string textsHtml(const json& pair) {
  if (pair.empty()) return {};
  const std::string prompt = textAt(pair, "prompt");
  const auto same = static_cast<std::size_t>(std::max(0.0, numberAt(pair, "same_bytes").value_or(0)));
  std::string text = "<div class=\"texts\">";
  for (const char* who : {"original", "compressed"}) {
    const std::string own = textAt(objectAt(pair, who), "text");
    std::size_t parting = std::min(same, own.size());
    while (parting > 0 && parting < own.size() && (own[parting] & 0xc0) == 0x80) --parting;
    text +=
        fmt::format("<figure><figcaption>{}</figcaption><p>{}{}<mark>{}</mark></p><p class=\"key\">distinct 1-, 2-, "
                    "3-grams {}, {}, {}; repeated 4-grams {}; longest repeat {} tokens</p></figure>",
                    who, escapedHtml(prompt), escapedHtml(own.substr(0, parting)), escapedHtml(own.substr(parting)),
                    decimal(numberAt(objectAt(pair, who), "distinct_1"), 2),
                    decimal(numberAt(objectAt(pair, who), "distinct_2"), 2),
                    decimal(numberAt(objectAt(pair, who), "distinct_3"), 2),
                    percentText(numberAt(objectAt(pair, who), "repeated_4grams")),
                    decimal(numberAt(objectAt(pair, who), "longest_repeat"), 0));
  }
  return text + "</div>\n<p class=\"key\">Marked: everything behind the first token that differs.</p>\n";
}

std::string effectsKey(const json& study) {
  std::string text = "<p class=\"key\">";
  const std::vector<std::string> roles = rolesOfEffects(study);
  for (std::size_t i = 0; i < roles.size(); ++i)
    text += fmt::format("<i style=\"background:var(--s{})\"></i>{}", i % 8, escapedHtml(roles[i]));
  return text + " · sweep: dots are draws, dashed <i style=\"background:var(--s2)\"></i>ε/√N <i "
                "style=\"background:var(--s4)\"></i>ε <i style=\"background:var(--s1)\"></i>ε·√N</p>\n";
}

std::string sentencesOf(const json& result, const char* before, const char* after,
                        std::string (*escaped)(std::string_view)) {
  std::string text;
  for (const json& sentence : listAt(result, "sentences"))
    if (sentence.is_string()) text += before + escaped(sentence.get<std::string>()) + after;
  return text;
}

} // namespace

std::string evaluationsHtml(const RunContents& run) {
  std::string text;
  for (const Entry& entry : entriesOf(run)) {
    const json& e = entry.result;
    text += "<h2>" + escapedHtml(titleOf(entry)) + "</h2>\n";
    text += fmt::format("<p class=\"key\">{} tokens of {}</p>\n", decimal(numberAt(e, "tokens"), 0),
                        escapedHtml(textAt(e, "text")));
    text += sentencesOf(e, "<p>", "</p>\n", escapedHtml);
    if (entry.isStudy()) {
      text += figures({sweep(e), layerEffects(e), errorByDepth(listAt(e, "depth"))}) + effectsKey(e);
      text +=
          html(sweepOf(e)) + folded("Each layer alone", effectsOf(e)) + folded("By depth", depthOf(listAt(e, "depth")));
    } else {
      text += html(metricsOf(e)) + figures({errorByDepth(listAt(e, "blocks")), klHistogram(e)});
      text +=
          html(speedOf(e)) + textsHtml(objectAt(e, "generation")) + folded("By depth", depthOf(listAt(e, "blocks")));
    }
  }
  return text;
}

std::string evaluationsMarkdown(const RunContents& run) {
  std::string text;
  for (const Entry& entry : entriesOf(run)) {
    const json& e = entry.result;
    text += fmt::format("## {}\n\n{} tokens of {}\n\n", escapedMarkdown(titleOf(entry)),
                        decimal(numberAt(e, "tokens"), 0), escapedMarkdown(textAt(e, "text")));
    text += sentencesOf(e, "", "\n\n", escapedMarkdown);
    if (entry.isStudy())
      text += markdown(sweepOf(e)) + markdown(effectsOf(e)) + markdown(depthOf(listAt(e, "depth")));
    else
      text += markdown(metricsOf(e)) + markdown(depthOf(listAt(e, "blocks"))) + markdown(speedOf(e));
    const json& pair = objectAt(e, "generation");
    for (const char* who : {"original", "compressed"})
      if (!pair.empty())
        text += fmt::format("- {}: {}{}\n", who, escapedMarkdown(textAt(pair, "prompt")),
                            escapedMarkdown(textAt(objectAt(pair, who), "text")));
    if (!pair.empty()) text += "\n";
  }
  return text;
}

std::map<std::string, StudiedLayer, std::less<>> studiedLayers(const RunContents& run) {
  std::map<std::string, StudiedLayer, std::less<>> layers;
  for (const Entry& entry : entriesOf(run)) {
    if (!entry.isStudy()) continue;
    layers.clear();
    for (const json& layer : listAt(entry.result, "layers"))
      layers[textAt(layer, "name")] = {numberAt(layer, "kl_mean"), numberAt(layer, "output_cosine")};
  }
  return layers;
}

} // namespace rankscope
