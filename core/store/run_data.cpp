// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/run_data.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/time_stamp.h"
#include "core/spectrum/diagnostics.h"

namespace rankscope {

namespace {

using nlohmann::json;

json numberOrNull(double value) {
  return std::isfinite(value) ? json(value) : json(nullptr);
}

double numberOrNan(const json& value) {
  return value.is_number() ? value.get<double>() : std::nan("");
}

LayerRecord identityRecord(const LayerInfo& layer) {
  LayerRecord record;
  record.name = layer.name;
  record.rows = layer.rows;
  record.cols = layer.cols;
  record.dtype = layer.dtype;
  record.role = layer.role;
  record.block = layer.block;
  record.orientation = layer.orientation;
  return record;
}

/// An array that nobody else keeps.
void addOwned(SideRecord& record, const std::string& name, std::vector<std::byte> bytes) {
  const auto kept = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  record.arrays[name] = *kept;
  record.owned.push_back(kept);
}

void addFactor(SideRecord& record, const std::string& name, const StoredMatrix& factor) {
  record.header[name] = toJson(factor.format);
  record.header[name]["rows"] = factor.rows;
  record.header[name]["cols"] = factor.cols;
  record.arrays[name] = factor.codes;
  if (factor.scales.empty()) return;
  if (factor.format.scales == Storage::F32)
    record.arrays[name + "_scale"] = std::as_bytes(factor.scales);
  else
    addOwned(record, name + "_scale", writtenScales(factor));
}

std::optional<StoredMatrix> factorFrom(const SideRecord& record, const std::string& name) {
  const auto codes = record.arrays.find(name);
  if (codes == record.arrays.end()) return std::nullopt;
  const auto scales = record.arrays.find(name + "_scale");
  const json& header = record.header.at(name);
  return assemble(header.at("rows"), header.at("cols"), formatFrom(header), codes->second,
                  scales == record.arrays.end() ? std::span<const std::byte>() : scales->second);
}

/// Results for other bytes say nothing of these.
void forgetOtherContent(RunData& run, std::size_t index, const std::string& contentHash) {
  LayerRecord& layer = run.contents.layers[index];
  if (layer.contentHash == contentHash) return;
  layer.contentHash = contentHash;
  layer.singularValues.clear();
  layer.spectrumError.clear();
  layer.diagnostics.clear();
  layer.compression.reset();
  run.factors.erase(index);
}

bool applySpectrum(LayerRecord& layer, const SideRecord& record) {
  std::vector<double> sigma;
  if (const auto values = record.arrays.find("singular_values"); values != record.arrays.end()) {
    sigma.resize(values->second.size() / sizeof(double));
    std::memcpy(sigma.data(), values->second.data(), sigma.size() * sizeof(double));
    if (static_cast<std::int64_t>(sigma.size()) != std::min(layer.rows, layer.cols)) return false;
  }
  layer.singularValues = std::move(sigma);
  layer.spectrumError = record.header.at("error").get<std::string>();
  layer.diagnostics.clear();
  if (const auto known = record.header.find("diagnostics"); known != record.header.end())
    layer.diagnostics = known->get<std::map<std::string, double, std::less<>>>();
  return true;
}

LayerRecord::Compression compressionFrom(const json& header) {
  LayerRecord::Compression result;
  result.choice = choiceFrom(header.at("choice"));
  result.resultVersion = header.at("result_version");
  result.quality = {numberOrNan(header.at("cosine")), numberOrNan(header.at("relative_error"))};
  if (header.at("predicted_cosine").is_number()) result.predictedCosine = header.at("predicted_cosine").get<double>();
  if (header.contains("output_cosine"))
    result.outputs = {numberOrNan(header.at("output_cosine")), numberOrNan(header.at("output_relative_error"))};
  result.bytesBefore = header.at("bytes_before");
  result.bytesAfter = header.at("bytes_after");
  result.error = header.at("error").get<std::string>();
  result.hasFactors = header.contains("factor_a") || header.contains("base");
  return result;
}

bool applyToLayer(RunData& run, const std::string& kind, SideRecord&& record) {
  const auto found = run.layersByName.find(record.header.at("layer").get<std::string>());
  if (found == run.layersByName.end()) return false;
  const std::size_t index = found->second;
  forgetOtherContent(run, index, record.header.at("content_hash"));
  LayerRecord& layer = run.contents.layers[index];
  if (kind == "spectrum") return applySpectrum(layer, record);
  layer.compression = compressionFrom(record.header);
  run.factors.erase(index);
  if (layer.compression->hasFactors) run.factors.emplace(index, std::move(record));
  return true;
}

} // namespace

RunData newRun(const Checkpoint& checkpoint) {
  RunData run;
  run.runId = randomRunId();
  run.contents.programVersion = RANKSCOPE_VERSION;
  run.contents.created = timeStamp();
  run.contents.model = identityOf(checkpoint);
  for (const LayerInfo& layer : checkpoint.layers()) run.contents.layers.push_back(identityRecord(layer));
  indexLayers(run);
  return run;
}

std::string randomRunId() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

void indexLayers(RunData& run) {
  run.layersByName.clear();
  for (std::size_t i = 0; i < run.contents.layers.size(); ++i) run.layersByName.emplace(run.contents.layers[i].name, i);
}

SideRecord recordOf(const AnalysedLayer& layer, const std::string& name) {
  SideRecord record;
  record.header = {{"kind", "spectrum"}, {"layer", name}, {"content_hash", layer.contentHash}, {"error", layer.error}};
  if (layer.spectrum) {
    record.arrays["singular_values"] = std::as_bytes(std::span(layer.spectrum->sigma()));
    json& diagnostics = record.header["diagnostics"] = json::object();
    for (const auto& [key, value] : namedDiagnostics(diagnose(*layer.spectrum), layer.entries))
      diagnostics[std::string(key)] = value;
  }
  return record;
}

SideRecord recordOf(const CompressedLayer& layer, const std::string& name) {
  SideRecord record;
  const bool failed = !layer.error.empty();
  record.header = {{"kind", "compression"},
                   {"layer", name},
                   {"content_hash", layer.contentHash},
                   {"choice", toJson(layer.choice)},
                   {"result_version", kResultVersion},
                   {"cosine", failed ? json(nullptr) : numberOrNull(layer.quality.cosine)},
                   {"relative_error", failed ? json(nullptr) : numberOrNull(layer.quality.relativeError)},
                   {"predicted_cosine", layer.predictedCosine ? numberOrNull(*layer.predictedCosine) : json(nullptr)},
                   {"bytes_before", layer.bytesBefore},
                   {"bytes_after", layer.bytesAfter},
                   {"error", layer.error}};
  // Without a fitted method the choice does not say on which text they were measured.
  if (layer.outputs && !layer.choice.method.empty()) {
    record.header["output_cosine"] = numberOrNull(layer.outputs->cosine);
    record.header["output_relative_error"] = numberOrNull(layer.outputs->relativeError);
  }
  if (layer.stored.factors) {
    addFactor(record, "factor_a", layer.stored.factors->a);
    addFactor(record, "factor_b", layer.stored.factors->b);
  }
  if (layer.stored.base) addFactor(record, "base", *layer.stored.base);
  if (!layer.stored.biasShift.empty()) {
    const auto bytes = std::as_bytes(std::span(layer.stored.biasShift));
    addOwned(record, "bias_shift", {bytes.begin(), bytes.end()});
  }
  return record;
}

SideRecord recordOfPlan(const std::string& planJson) {
  return {{{"kind", "plan"}, {"json", planJson}}, {}, {}};
}

SideRecord recordOfSnapshots(const std::map<std::string, std::string, std::less<>>& planJsonByName) {
  json plans = json::object();
  for (const auto& [name, plan] : planJsonByName) plans[name] = plan;
  return {{{"kind", "snapshots"}, {"plans", std::move(plans)}}, {}, {}};
}

SideRecord recordOfEvaluation(const std::string& number, const std::string& text) {
  return {{{"kind", "evaluation"}, {"number", number}, {"json", text}}, {}, {}};
}

bool apply(RunData& run, SideRecord&& record) {
  try {
    const std::string kind = record.header.at("kind");
    if (kind == "spectrum" || kind == "compression") return applyToLayer(run, kind, std::move(record));
    if (kind == "plan") {
      run.contents.planJson = record.header.at("json").get<std::string>();
    } else if (kind == "snapshots") {
      run.contents.snapshots.clear();
      for (const auto& [name, plan] : record.header.at("plans").items())
        run.contents.snapshots.emplace(name, plan.get<std::string>());
    } else if (kind == "evaluation") {
      run.contents.evaluations.insert_or_assign(record.header.at("number"), record.header.at("json"));
    } else {
      return false;
    }
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  } catch (const Error&) {
    return false;
  }
}

json toJson(const StorageFormat& format) {
  json result{{"storage", name(format.storage)},
              {"axis", format.axis == ScaleAxis::PerRow ? "row" : "column"},
              {"group", format.group}};
  if (format.scales != Storage::F32) result["scales"] = name(format.scales);
  return result;
}

StorageFormat formatFrom(const json& value) {
  const auto storage = parseStorage(value.at("storage").get<std::string>());
  if (!storage) throw Error(ErrorKind::Malformed, "unknown storage of a factor");
  const std::string axis = value.at("axis");
  return {.storage = *storage,
          .axis = axis == "column" ? ScaleAxis::PerColumn : ScaleAxis::PerRow,
          .group = value.at("group"),
          .scales = value.value("scales", "f32") == "f16" ? Storage::F16 : Storage::F32};
}

json toJson(const LayerChoice& choice) {
  json result{{"rank", choice.rank ? json(*choice.rank) : json(nullptr)},
              {"a", toJson(choice.formatA)},
              {"b", toJson(choice.formatB)},
              {"method", choice.method}};
  if (choice.base) result["base"] = toJson(*choice.base);
  if (choice.biasShift) result["bias_shift"] = true;
  return result;
}

LayerChoice choiceFrom(const json& value) {
  LayerChoice choice;
  if (value.at("rank").is_number_integer()) choice.rank = value.at("rank").get<std::int64_t>();
  choice.formatA = formatFrom(value.at("a"));
  choice.formatB = formatFrom(value.at("b"));
  choice.method = value.value("method", "");
  if (value.contains("base")) choice.base = formatFrom(value.at("base"));
  choice.biasShift = value.value("bias_shift", false);
  return choice;
}

bool sameOutcome(const LayerChoice& a, const LayerChoice& b) {
  return a == b || (a.isDense() && b.isDense());
}

std::optional<StoredMatrix> assemble(std::int64_t rows, std::int64_t cols, const StorageFormat& format,
                                     std::span<const std::byte> codes, std::span<const std::byte> scales) {
  if (rows < 1 || cols < 1 || format.group < 0) return std::nullopt;
  if (codes.size() != codeBytes(rows, cols, format.storage)) return std::nullopt;
  const std::uint64_t count = isInteger(format.storage) ? scaleCount(rows, cols, format) : 0;
  if (scales.size() != count * scaleBytes(format)) return std::nullopt;
  struct Owner {
    std::vector<float> scales;
    std::vector<std::byte> codes;
  };
  auto owner = std::make_shared<Owner>();
  owner->scales = readScales(scales, format);
  owner->codes.assign(codes.begin(), codes.end());
  return StoredMatrix{rows, cols, format, owner->codes, owner->scales, owner};
}

std::optional<StoredLayer> storedOf(const SideRecord& record) {
  StoredLayer stored;
  auto a = factorFrom(record, "factor_a");
  auto b = factorFrom(record, "factor_b");
  if (a.has_value() != b.has_value()) return std::nullopt;
  if (a) stored.factors = FactorPair{std::move(*a), std::move(*b)};
  stored.base = factorFrom(record, "base");
  if (stored.empty()) return std::nullopt;
  if (const auto shift = record.arrays.find("bias_shift"); shift != record.arrays.end()) {
    stored.biasShift.resize(shift->second.size() / sizeof(float));
    std::memcpy(stored.biasShift.data(), shift->second.data(), stored.biasShift.size() * sizeof(float));
  }
  return stored;
}

} // namespace rankscope
