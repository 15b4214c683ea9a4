// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/report_text.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include <cmath>

#include <fmt/format.h>

namespace rankscope {

namespace {

std::string replaced(std::string_view text, std::initializer_list<std::pair<char, std::string_view>> with) {
  std::string result;
  for (const char c : text) {
    std::string_view as(&c, 1);
    for (const auto& [from, to] : with)
      if (c == from) as = to;
    result += as;
  }
  return result;
}

/// "12 layers are stored as factors," or "… as factors and 3 quantised,".
std::string howStored(const ReportModel& model) {
  if (model.quantised == 0) return fmt::format("{} layers are stored as factors,", model.factored);
  const auto corrected = std::ranges::count_if(model.layers, [](const ReportLayer& layer) {
    return layer.state == ReportLayer::State::Quantised && layer.record->compression->choice.rank;
  });
  std::string text = fmt::format("{} layers are quantised", model.quantised);
  if (corrected > 0) text += fmt::format(" ({} of them with a low-rank correction)", corrected);
  if (model.factored > 0) text += fmt::format(" and {} stored as factors", model.factored);
  return text + ",";
}

} // namespace

std::string escapedHtml(std::string_view text) {
  std::string result = replaced(text, {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}});
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') c = ' '; // not allowed in HTML
  return result;
}

std::string escapedMarkdown(std::string_view text) {
  return replaced(text, {{'|', "\\|"},
                         {'\\', "\\\\"},
                         {'`', "\\`"},
                         {'*', "\\*"},
                         {'_', "\\_"},
                         {'<', "&lt;"},
                         {'>', "&gt;"},
                         {'[', "\\["},
                         {']', "\\]"},
                         {'\n', " "},
                         {'\r', " "}});
}

std::string escapedCsv(std::string_view text) {
  if (text.find_first_of("\",\r\n") == text.npos) return std::string(text);
  return '"' + replaced(text, {{'"', "\"\""}}) + '"';
}

std::string cosineText(std::optional<double> cosine) {
  return cosine ? fmt::format("{:.3f}", *cosine) : std::string(kDash);
}

std::string percentText(std::optional<double> value) {
  return value ? fmt::format("{:.2f} %", 100 * *value) : std::string(kDash);
}

std::string bytesText(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string countText(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string rankText(double rank) {
  return fmt::format("{:.{}f}", rank, rank < 100 ? 1 : 0);
}

std::string figureText(const std::optional<double>& value) {
  if (!value) return std::string(kDash);
  if (*value == std::floor(*value) && std::abs(*value) < 1e9) return fmt::format("{:.0f}", *value);
  return fmt::format("{:.4g}", *value);
}

std::string_view diagnosticsKey() {
  return "Effective rank: exp of the entropy of σ / Σσ; of the energy: of σ² / Σσ² (Roy & Vetterli 2007). Noise scale "
         "s: "
         "median σ / √(q·μ_β) with q the larger side and μ_β the median of the Marchenko–Pastur law; its edge is "
         "s·(√rows + √columns). Gavish–Donoho rank: values above ω(β)·median σ (Gavish & Donoho 2014), a denoising "
         "rank "
         "and no target. Both suppose independent entries, which trained weights need not have. α: power law of the "
         "tail of σ² from x_min on, with the Kolmogorov–Smirnov distance (Clauset, Shalizi & Newman 2009). Rank for "
         "0.85 …: smallest rank whose exact truncation keeps that cosine. Kurtosis: 3 for a Gaussian.";
}

std::string_view markOf(Verdict verdict) {
  constexpr std::array<std::string_view, kVerdicts.size()> kMarks{"●", "◕", "◑", "◔", "○"};
  return kMarks[static_cast<std::size_t>(verdict)];
}

std::string outcomeText(const ReportLayer& layer) {
  switch (layer.state) {
  case ReportLayer::State::Factored:
  case ReportLayer::State::Quantised:
    return layer.verdict ? std::string(name(*layer.verdict)) : std::string(kDash);
  case ReportLayer::State::Dense:
    return "dense";
  case ReportLayer::State::Failed:
    return "failed, kept dense";
  case ReportLayer::State::Untouched:
    return "not compressed";
  }
  return {};
}

std::string shapeText(const ReportLayer& layer) {
  return fmt::format("{} × {}", layer.record->rows, layer.record->cols);
}

std::vector<std::string> findings(const ReportModel& model) {
  std::vector<std::string> sentences;
  if (model.averages)
    sentences.push_back(fmt::format("{} with a mean cosine of {} and a mean relative "
                                    "error of {}; their {} became {}, "
                                    "{} of it. The whole model goes from {} to {}.",
                                    howStored(model), cosineText(model.averages->cosine),
                                    percentText(model.averages->relativeError), bytesText(model.bytesBefore),
                                    bytesText(model.bytesAfter),
                                    percentText(static_cast<double>(model.bytesAfter) /
                                                static_cast<double>(std::max<std::uint64_t>(model.bytesBefore, 1))),
                                    bytesText(model.run->model.bytes), bytesText(model.modelAfter)));
  if (model.failed > 0)
    sentences.push_back(
        fmt::format("{} layers could not be compressed and stay dense; the table says why.", model.failed));
  if (model.meanNow && model.meanDoubled)
    sentences.push_back(fmt::format(
        "By the spectra, twice the ranks chosen would take the mean cosine from {} to {}{}.", cosineText(model.meanNow),
        cosineText(model.meanDoubled), *model.meanDoubled < 0.85 ? ", still short of 0.85" : ""));
  if (!model.demands.empty()) {
    const RankDemand& demand = model.demands.front();
    sentences.push_back(
        fmt::format("A mean cosine of {:.2f} takes {} of every layer's full rank (rank {} on average). Factors of that "
                    "rank hold {} of "
                    "the numbers of the matrices they replace; they stop saving at {} of the full rank.",
                    demand.target, percentText(demand.share), rankText(demand.meanRank),
                    percentText(demand.numbersKept), percentText(model.meanBreakEvenShare)));
  }
  return sentences;
}

std::string_view caution() {
  return "The cosine between a matrix and what is stored for it says how much of the weights is left, not how well the "
         "model "
         "still "
         "works: it weighs every direction alike, while the model uses some far more than others, and the errors of "
         "the "
         "layers pile up. Truncating every matrix can ruin a model long before its mean cosine looks bad, and int8 "
         "alone "
         "keeps a cosine of 0.9999 at a quarter of F32's bytes. The weights never decide: measure perplexity, or the "
         "task "
         "itself, before you ship.";
}

} // namespace rankscope
