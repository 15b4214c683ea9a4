// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/layer_line.h"

#include <cmath>

#include <fmt/format.h>

#include "app/cli/words.h"

namespace rankscope::cli {
namespace {

/// A number, or null for what JSON has no number for.
Json number(std::optional<double> value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

template <typename T>
Json orNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::uint64_t parametersOf(const LayerLine& line) {
  return static_cast<std::uint64_t>(line.rows) * static_cast<std::uint64_t>(line.cols);
}

std::uint64_t parametersAfter(const LayerLine& line) {
  if (!line.isCompressed()) return parametersOf(line);
  const auto rank = static_cast<std::uint64_t>(line.choice->rank.value_or(0));
  return (line.choice->base ? parametersOf(line) : 0) + rank * static_cast<std::uint64_t>(line.rows + line.cols);
}

LayerLine::Choice choiceOf(const LayerChoice& choice, std::uint64_t bytes) {
  LayerLine::Choice result{choice.rank, bytes};
  if (choice.isDense()) return result;
  result.base = choice.base;
  result.method = name(methodOf(choice.method));
  if (choice.rank) result.factorDtype = name(choice.formatA.storage);
  return result;
}

Json diagnosticsOf(const LayerLine& line) {
  const Diagnostics diagnostics = diagnose(*line.spectrum);
  Json ranks = Json::object();
  for (std::size_t i = 0; i < kDiagnosticCosines.size(); ++i)
    ranks[fmt::format("{}", kDiagnosticCosines[i])] = diagnostics.ranksForCosines[i];
  Json json{{"stable_rank", number(diagnostics.stableRank)},
            {"effective_rank", number(diagnostics.effectiveRank)},
            {"effective_rank_energy", number(diagnostics.effectiveRankEnergy)},
            {"break_even_rank", number(diagnostics.breakEvenRank)},
            {"ranks_for_cosine", std::move(ranks)},
            {"noise_scale", number(diagnostics.noiseScale)},
            {"noise_edge", number(diagnostics.noiseEdge)},
            {"values_above_edge", diagnostics.aboveEdge},
            {"gavish_donoho_threshold", number(diagnostics.gavishDonohoThreshold)},
            {"gavish_donoho_rank", diagnostics.gavishDonohoRank},
            {"power_law", nullptr}};
  if (const auto& law = diagnostics.powerLaw)
    json["power_law"] = {{"alpha", number(law->alpha)},
                         {"xmin", number(law->xmin)},
                         {"distance", number(law->distance)},
                         {"tail", law->tail}};
  if (line.entries) {
    json["largest_entry"] = number(line.entries->largest);
    json["kurtosis"] = number(line.entries->kurtosis);
  }
  return json;
}

void addChoice(Json& json, const LayerLine& line) {
  json["bytes_after"] = line.choice->bytesAfter;
  json["parameters_after"] = parametersAfter(line);
  json["rank"] = orNull(line.choice->rank);
  json["base"] = line.choice->base ? Json(name(line.choice->base->storage)) : Json(nullptr);
  if (line.choice->base) json["base_group"] = line.choice->base->group;
  if (!line.choice->factorDtype.empty()) json["factor_dtype"] = line.choice->factorDtype;
  if (!line.choice->method.empty()) json["method"] = line.choice->method;
  json["predicted_cosine"] = number(line.predictedCosine);
  if (line.quality) {
    json["cosine"] = number(line.quality->cosine);
    json["relative_error"] = number(line.quality->relativeError);
  }
  if (line.outputs) {
    json["output_cosine"] = number(line.outputs->cosine);
    json["output_relative_error"] = number(line.outputs->relativeError);
  }
  const auto verdict = line.verdict();
  json["verdict"] = verdict ? Json(name(*verdict)) : Json(nullptr);
}

Json jsonOf(const LayerLine& line, bool withSpectra) {
  Json json{{"name", line.name},
            {"role", name(line.role)},
            {"block", orNull(line.block)},
            {"rows", line.rows},
            {"cols", line.cols},
            {"orientation", name(line.orientation)},
            {"dtype", name(line.dtype)},
            {"parameters", parametersOf(line)},
            {"bytes_before", line.bytesBefore}};
  if (line.roleGuessed) json["role_guessed"] = true;
  if (line.choice) addChoice(json, line);
  if (withSpectra) {
    json["singular_values"] = line.spectrum ? Json(line.spectrum->sigma()) : Json(nullptr);
    if (line.spectrum) {
      json["noise_floor"] = noiseFloorCosines(line.rows, line.cols);
      json["diagnostics"] = diagnosticsOf(line);
    }
  }
  if (!line.error.empty()) json["error"] = line.error;
  return json;
}

Json totalOf(const ModelIdentity& model, std::span<const LayerLine> lines) {
  const LineTotals totals = totalsOf(lines);
  Json json{{"parameters", model.parameters}, {"bytes_before", model.bytes}};
  if (std::none_of(lines.begin(), lines.end(), [](const LayerLine& line) { return line.choice.has_value(); }))
    return json;
  const std::uint64_t after = model.bytes - totals.bytesBefore + totals.bytesAfter;
  json["bytes_after"] = after;
  json["kept"] = keptFraction(model.bytes, after);
  json["scope"] = {{"bytes_before", totals.scopeBefore},
                   {"bytes_after", totals.scopeAfter},
                   {"kept", keptFraction(totals.scopeBefore, totals.scopeAfter)}};
  json["compressed_layers"] = totals.compressed;
  json["mean_predicted_cosine"] = number(totals.meanPredictedCosine);
  json["mean_cosine"] = number(totals.meanCosine ? totals.meanCosine : totals.meanPredictedCosine);
  json["mean_relative_error"] = number(totals.meanRelativeError);
  if (totals.meanOutputCosine) json["mean_output_cosine"] = number(totals.meanOutputCosine);
  for (std::size_t i = 0; i < kVerdicts.size(); ++i)
    json["verdicts"][std::string(name(kVerdicts[i]))] = totals.verdicts[i];
  return json;
}

} // namespace

std::optional<Verdict> LayerLine::verdict() const {
  if (!isCompressed() || !error.empty()) return std::nullopt;
  const std::optional<double> known = quality ? std::optional(quality->cosine) : predictedCosine;
  if (!known) return std::nullopt;
  return verdictFor(*known);
}

std::string kindOf(const LayerLine& line) {
  if (!line.isCompressed()) return "dense";
  LayerChoice choice;
  choice.rank = line.choice->rank;
  choice.base = line.choice->base;
  return shortForm(choice);
}

std::string rankHeader(std::span<const LayerLine> lines) {
  const bool bases =
      std::any_of(lines.begin(), lines.end(), [](const LayerLine& line) { return line.choice && line.choice->base; });
  return bases ? "Base + rank" : "Rank";
}

LayerLine lineOf(const LayerInfo& layer) {
  LayerLine line;
  line.name = layer.name;
  line.role = layer.role;
  line.roleGuessed = layer.roleGuessed;
  line.block = layer.block;
  line.rows = layer.rows;
  line.cols = layer.cols;
  line.orientation = layer.orientation;
  line.dtype = layer.dtype;
  line.bytesBefore = layer.bytes;
  return line;
}

LayerLine lineOf(const LayerRecord& record) {
  LayerLine line;
  line.name = record.name;
  line.role = record.role;
  line.block = record.block;
  line.rows = record.rows;
  line.cols = record.cols;
  line.orientation = record.orientation;
  line.dtype = record.dtype;
  line.bytesBefore = parametersOf(line) * byteSize(record.dtype);
  line.error = record.spectrumError;
  if (!record.singularValues.empty()) line.spectrum.emplace(record.rows, record.cols, record.singularValues);
  if (const auto& done = record.compression) {
    line.bytesBefore = done->bytesBefore;
    line.choice = choiceOf(done->choice, done->bytesAfter);
    line.predictedCosine = done->predictedCosine;
    line.quality = done->quality;
    if (!done->error.empty()) line.error = done->error;
  }
  return line;
}

void setChoice(LayerLine& line, const LayerInfo& layer, const LayerChoice& choice, const Spectrum* spectrum) {
  line.choice = choiceOf(choice, bytesAfter(layer, choice));
  if (choice.isDense())
    line.predictedCosine = 1;
  else if (spectrum && !choice.base)
    line.predictedCosine = spectrum->cosineAt(*choice.rank);
}

void setResult(LayerLine& line, const CompressedLayer& layer) {
  line.choice = choiceOf(layer.choice, layer.bytesAfter);
  line.predictedCosine = layer.predictedCosine;
  line.quality = layer.quality;
  line.outputs = layer.outputs;
  if (layer.error.empty()) return;
  line.error = layer.error;
  line.choice = LayerLine::Choice{std::nullopt, layer.bytesAfter}; // what cannot be compressed stays dense
}

LineTotals totalsOf(std::span<const LayerLine> lines) {
  LineTotals totals;
  std::int64_t measured = 0, predicted = 0, seen = 0;
  double cosines = 0, errors = 0, predictions = 0, outputs = 0;
  for (const LayerLine& line : lines) {
    const std::uint64_t after = line.choice ? line.choice->bytesAfter : line.bytesBefore;
    totals.bytesBefore += line.bytesBefore;
    totals.bytesAfter += after;
    if (line.inScope()) totals.scopeBefore += line.bytesBefore, totals.scopeAfter += after;
    totals.parameters += parametersOf(line);
    if (!line.isCompressed() || !line.error.empty()) continue;
    ++totals.compressed;
    if (const auto verdict = line.verdict()) ++totals.verdicts[static_cast<std::size_t>(*verdict)];
    if (line.predictedCosine) predictions += *line.predictedCosine, ++predicted;
    if (line.outputs) outputs += line.outputs->cosine, ++seen;
    if (line.quality) cosines += line.quality->cosine, errors += line.quality->relativeError, ++measured;
  }
  if (predicted > 0) totals.meanPredictedCosine = predictions / static_cast<double>(predicted);
  if (seen > 0) totals.meanOutputCosine = outputs / static_cast<double>(seen);
  if (measured == 0) return totals;
  totals.meanCosine = cosines / static_cast<double>(measured);
  totals.meanRelativeError = errors / static_cast<double>(measured);
  return totals;
}

std::string verdictCounts(const LineTotals& totals) {
  std::string text;
  for (std::size_t i = 0; i < kVerdicts.size(); ++i)
    if (totals.verdicts[i] > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", totals.verdicts[i], name(kVerdicts[i]));
  return text;
}

std::string largerLayers(std::span<const LayerLine> lines) {
  std::vector<const LayerLine*> larger;
  for (const LayerLine& line : lines)
    if (line.choice && line.choice->bytesAfter > line.bytesBefore) larger.push_back(&line);
  if (larger.empty()) return {};
  const auto growth = [](const LayerLine* line) { return line->choice->bytesAfter - line->bytesBefore; };
  const LayerLine& most = **std::ranges::max_element(larger, {}, growth);
  return fmt::format("{} layer{} larger than before, {} most of all: {}, {} instead of {}", larger.size(),
                     larger.size() == 1 ? " gets" : "s get", most.name, kindOf(most), bytes(most.choice->bytesAfter),
                     bytes(most.bytesBefore));
}

Json jsonOf(const ModelIdentity& model, std::span<const LayerLine> lines, bool withSpectra) {
  Json layers = Json::array();
  for (const LayerLine& line : lines) layers.push_back(jsonOf(line, withSpectra));
  return {{"model",
           {{"path", model.path.string()},
            {"name", model.name},
            {"format", model.format},
            {"architecture", model.architecture},
            {"parameters", model.parameters},
            {"bytes", model.bytes},
            {"synthetic", model.synthetic}}},
          {"layers", std::move(layers)},
          {"total", totalOf(model, lines)}};
}

std::string describe(const ModelIdentity& model) {
  return fmt::format("{}{} ({}, {}, {} parameters, {})", model.path.string(), model.synthetic ? " [synthetic]" : "",
                     model.architecture, model.format, model.parameters, bytes(model.bytes));
}

} // namespace rankscope::cli
