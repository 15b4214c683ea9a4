// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/report_tables.h"

#include <fmt/format.h>

#include "core/report/report_evaluations.h"
#include "core/report/report_text.h"

namespace rankscope {

namespace {

std::string raw(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "";
}

std::string_view methodName(const ReportLayer& layer) {
  return layer.isCompressed() ? name(methodOf(layer.record->compression->choice.method)) : "";
}

/// The diagnostics that had columns before the others came.
bool isNamedColumn(std::string_view key) {
  return key == "stable_rank" || key == "effective_rank" || key == "effective_rank_energy" || key == "break_even_rank";
}

/// On the text that the layer's method was fitted to.
std::optional<double> measuredOutputs(const LayerRecord& record) {
  return record.compression && record.compression->outputs ? std::optional(record.compression->outputs->cosine)
                                                           : std::nullopt;
}

std::string csvLine(const ReportLayer& layer, const StudiedLayer& studied) {
  const LayerRecord& record = *layer.record;
  const bool compressed = record.compression.has_value();
  const auto rank = layer.isCompressed() ? record.compression->choice.rank : std::nullopt;
  const auto base = layer.isCompressed() ? record.compression->choice.base : std::nullopt;
  const auto effective = [&](Spectrum::Weight weight) {
    return layer.spectrum ? std::optional(layer.spectrum->effectiveRank(weight)) : std::nullopt;
  };
  std::string line = fmt::format(
      "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}", escapedCsv(record.name),
      raw(layer.cosine), raw(layer.relativeError), layer.verdict ? name(*layer.verdict) : "",
      escapedCsv(outcomeText(layer)), name(record.role), record.block ? std::to_string(*record.block) : "", record.rows,
      record.cols, name(record.dtype), rank ? std::to_string(*rank) : "",
      rank ? name(record.compression->choice.formatA.storage) : "", base ? name(base->storage) : "", methodName(layer),
      raw(layer.predictedCosine), compressed ? std::to_string(layer.bytesBefore) : "",
      compressed ? std::to_string(layer.bytesAfter) : "", layer.spectrum ? raw(layer.spectrum->stableRank()) : "",
      raw(effective(Spectrum::Weight::Sigma)), raw(effective(Spectrum::Weight::SigmaSquared)),
      fmt::format("{}", breakEvenRank(record.rows, record.cols)), escapedCsv(layer.error), raw(studied.kl),
      raw(studied.outputCosine ? studied.outputCosine : measuredOutputs(record)));
  for (const DiagnosticColumn& column : kDiagnosticColumns)
    if (!isNamedColumn(column.key)) line += "," + raw(layer.diagnostic(column.key));
  return line + "\r\n";
}

std::string markdownRow(const ReportLayer& layer) {
  const LayerRecord& record = *layer.record;
  const bool compressed = record.compression.has_value();
  std::string verdict =
      layer.verdict ? fmt::format("{} {}", markOf(*layer.verdict), outcomeText(layer)) : outcomeText(layer);
  if (!layer.error.empty()) verdict += ": " + escapedMarkdown(layer.error);
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", escapedMarkdown(record.name),
                     cosineText(layer.cosine), percentText(layer.relativeError), verdict,
                     cosineText(layer.predictedCosine), layer.kind().value_or(std::string(kDash)), shapeText(layer),
                     name(record.dtype), compressed ? bytesText(layer.bytesBefore) : std::string(kDash),
                     compressed ? bytesText(layer.bytesAfter) : std::string(kDash),
                     layer.spectrum ? rankText(layer.spectrum->stableRank()) : std::string(kDash),
                     layer.spectrum ? rankText(layer.spectrum->effectiveRank(Spectrum::Weight::Sigma))
                                    : std::string(kDash));
}

std::string markdownDemands(const ReportModel& model) {
  std::string text = "| Mean cosine | Share of full rank | Mean rank | Numbers kept | Layers past break-even | A "
                     "random matrix keeps |\n"
                     "| ---: | ---: | ---: | ---: | ---: | ---: |\n";
  for (const RankDemand& demand : model.demands)
    text += fmt::format("| {:.2f} | {} | {} | {} | {} of {} | {} |\n", demand.target, percentText(demand.share),
                        rankText(demand.meanRank), percentText(demand.numbersKept), demand.pastBreakEven,
                        model.scope.size(), cosineText(demand.randomCosine));
  return text;
}

std::string markdownVerdicts(const ReportModel& model) {
  std::string text;
  for (const Verdict verdict : kVerdicts)
    text +=
        fmt::format("- {} {}: {}\n", markOf(verdict), name(verdict), model.verdicts[static_cast<std::size_t>(verdict)]);
  return text;
}

std::string markdownDiagnostics(const ReportModel& model) {
  std::string text = "| Layer |";
  std::string rule = "\n| :--- |";
  for (const DiagnosticColumn& column : kDiagnosticColumns) {
    text += fmt::format(" {} |", column.heading);
    rule += " ---: |";
  }
  text += rule + "\n";
  for (const ReportLayer& layer : model.layers) {
    text += fmt::format("| {} |", escapedMarkdown(layer.record->name));
    for (const DiagnosticColumn& column : kDiagnosticColumns)
      text += fmt::format(" {} |", figureText(layer.diagnostic(column.key)));
    text += "\n";
  }
  return text + fmt::format("\n{}\n", diagnosticsKey());
}

/// A fence longer than any run of backquotes inside.
std::string fenced(const std::string& text) {
  std::string fence = "```";
  while (text.find(fence) != text.npos) fence += '`';
  return fmt::format("{}json\n{}\n{}\n", fence, text, fence);
}

} // namespace

std::string renderCsv(const ReportModel& model) {
  std::string text =
      "Layer,Cosine,Relative Error,Verdict,Outcome,Role,Block,Rows,Columns,Dtype,Rank,Factor Dtype,Base,Method,"
      "Predicted Cosine,Bytes Before,Bytes After,Stable Rank,Effective Rank,Effective Rank (Energy),Break-Even Rank,"
      "Error,KL Alone,Output Cosine";
  for (const DiagnosticColumn& column : kDiagnosticColumns)
    if (!isNamedColumn(column.key)) text += fmt::format(",{}", column.key);
  text += "\r\n";
  const auto studied = studiedLayers(*model.run);
  for (const ReportLayer& layer : model.layers) {
    const auto at = studied.find(layer.record->name);
    text += csvLine(layer, at == studied.end() ? StudiedLayer() : at->second);
  }
  return text;
}

std::string renderMarkdown(const ReportModel& model) {
  const ModelIdentity& identity = model.run->model;
  std::string text = fmt::format("# Rankscope report: {}{}\n\n", escapedMarkdown(identity.name),
                                 identity.synthetic ? " (synthetic)" : "");
  text += fmt::format(
      "- Model: {}, {}, {} parameters, {} in {}\n- Path: {}\n- Run: {}, Rankscope {}\n- Layers: {}, {} analysed, "
      "{} factored, {} quantised, {} dense, {} failed\n\n",
      escapedMarkdown(identity.name), escapedMarkdown(identity.architecture), countText(identity.parameters),
      bytesText(identity.bytes), escapedMarkdown(identity.format), escapedMarkdown(identity.path.string()),
      escapedMarkdown(model.run->created), escapedMarkdown(model.run->programVersion), model.layers.size(),
      model.analysed, model.factored, model.quantised, model.dense, model.failed);
  for (const std::string& sentence : findings(model)) text += escapedMarkdown(sentence) + "\n\n";
  if (model.compressed() > 0) text += "## Verdicts\n\n" + markdownVerdicts(model) + "\n";
  if (!model.demands.empty()) text += "## What it takes\n\n" + markdownDemands(model) + "\n";
  text += evaluationsMarkdown(*model.run);
  text += fmt::format("{}\n\n## Layers\n\n", caution());
  text += "| Layer | Cosine | Relative Error | Verdict | Predicted | Rank | Shape | Dtype | Before | After | Stable "
          "rank | Effective rank |\n"
          "| :--- | ---: | ---: | :--- | ---: | ---: | ---: | :--- | ---: | ---: | ---: | ---: |\n";
  for (const ReportLayer& layer : model.layers) text += markdownRow(layer);
  if (model.averages)
    text += fmt::format("| **Average of {} compressed layers** | **{}** | **{}** | | {} | | | | {} | {} | | |\n",
                        model.compressed(), cosineText(model.averages->cosine),
                        percentText(model.averages->relativeError), cosineText(model.averages->predictedCosine),
                        bytesText(model.bytesBefore), bytesText(model.bytesAfter));
  if (model.analysed > 0) text += "\n## Diagnostics\n\n" + markdownDiagnostics(model);
  if (!model.run->planJson.empty()) text += "\n## Plan\n\n" + fenced(model.run->planJson);
  return text;
}

} // namespace rankscope
