// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/speed.h"

#include <algorithm>
#include <chrono>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/evaluate/numbers.h"
#include "core/plan/resolve.h"
#include "core/spectrum/spectrum.h"

namespace rankscope {

namespace {

double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Tokens and the seconds that they took.
struct Timed {
  double tokens = 0;
  double seconds = 0;
  double speed() const { return tokens / seconds; }
};

/// Reads a prompt and writes after it, once.
void readAndWrite(const Model& model, const SpeedOptions& options, const Progress& progress, Timed& read,
                  Timed& written) {
  const std::int64_t room = model.context() - options.decodeTokens - 1;
  const auto prompt = static_cast<std::size_t>(std::max<std::int64_t>(1, std::min(options.promptTokens, room)));
  std::vector<int> tokens(prompt);
  for (std::size_t i = 0; i < prompt; ++i)
    tokens[i] = static_cast<int>(i * 7919 % static_cast<std::size_t>(model.architecture().vocabulary));
  KvCache cache = model.newCache();
  auto start = std::chrono::steady_clock::now();
  RowMatrixF hidden = model.forward(tokens, cache, progress);
  model.logits(hidden.bottomRows(1));
  read.seconds += secondsSince(start);
  read.tokens += static_cast<double>(prompt);
  start = std::chrono::steady_clock::now();
  const int steps =
      std::max(1, static_cast<int>(std::min<std::int64_t>(options.decodeTokens, model.context() - cache.length())));
  for (int i = 0; i < steps; ++i) {
    const std::vector<int> next{tokens[static_cast<std::size_t>(i) % prompt]};
    hidden = model.forward(next, cache, progress);
    model.logits(hidden);
  }
  written.seconds += secondsSince(start);
  written.tokens += steps;
}

using NamedModel = std::pair<std::string, Model>;

/// Speeds of models that run by turns: prefill[model][round], decode[model][round].
struct Turns {
  explicit Turns(std::size_t models) : prefill(models), decode(models) {}

  void run(const std::vector<NamedModel>& models, const SpeedOptions& options, const Progress& progress) {
    for (const NamedModel& model : models) { // reads the file and warms up
      Timed read, written;
      readAndWrite(model.second, options, progress, read, written);
    }
    const auto start = std::chrono::steady_clock::now();
    for (int round = 1; round <= options.mostRounds; ++round) {
      for (std::size_t i = 0; i < models.size(); ++i) {
        Timed read, written;
        while (std::min(read.seconds, written.seconds) <= options.secondsOfARound)
          readAndWrite(models[i].second, options, progress, read, written);
        prefill[i].push_back(read.speed());
        decode[i].push_back(written.speed());
      }
      progress.report(static_cast<double>(round) / options.mostRounds, "speed");
      if (round >= options.leastRounds && (isPrecise(options.precision) || secondsSince(start) > options.seconds)) break;
    }
  }

  bool isPrecise(double precision) const {
    const auto good = [&](const SpeedRatio& ratio) { return ratio.halfWidth() <= precision * ratio.value; };
    for (std::size_t i = 1; i < prefill.size(); ++i)
      if (!good(speedRatio(prefill[i], prefill[0])) || !good(speedRatio(decode[i], decode[0]))) return false;
    return true;
  }

  std::vector<std::vector<double>> prefill, decode;
};

std::uint64_t processBytes() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t pages = 0, resident = 0;
  in >> pages >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// How near the ranks are to where factors stop saving, on average over the factored layers.
std::optional<double> shareOfBreakEven(const Model& model) {
  double sum = 0;
  int count = 0;
  for (const LayerId layer : model.blockLayers()) {
    const Linear& linear = *model.linear(layer);
    if (!linear.rank()) continue;
    sum += static_cast<double>(*linear.rank()) / breakEvenRank(linear.rows(), linear.cols());
    ++count;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

std::string describe(const SpeedReport& report) {
  const Speed &a = report.models[0], &b = report.models[1];
  std::string text = fmt::format("The compressed model needs {:.2f} times the arithmetic of the original, prefills "
                                 "{} times and decodes {} times as fast.",
                                 b.flopsPerToken / a.flopsPerToken, ratioText(b.prefillRatio),
                                 ratioText(b.decodeRatio));
  if (report.shareOfBreakEven)
    text += fmt::format(" Ranks are at {:.0f} % of break-even on average: at rows·cols/(rows+cols) two factors take as "
                        "many bytes and as much arithmetic as the matrix.",
                        100 * *report.shareOfBreakEven);
  if (!report.aboveBreakEven.empty())
    text += fmt::format(
        " {} layers have a rank at or above break-even (rows·cols/(rows+cols)) and cost more than dense ones.",
        report.aboveBreakEven.size());
  return text;
}

} // namespace

Substitutes int8Factors(const Model& model) {
  Substitutes result;
  for (const auto& [layer, linear] : model.linears()) {
    const LinearWeights& own = linear->weights();
    if (!own.a || own.a->isInteger()) continue;
    const LayerChoice choice = choiceFor(model.checkpoint().layer(layer), linear->rank(), Storage::Int8, 0);
    LinearWeights weights;
    weights.orientation = own.orientation;
    weights.base = own.base;
    weights.biasShift = own.biasShift;
    const auto rounded = [](const WeightMatrix& matrix, const StorageFormat& format) {
      RowMatrixF numbers(matrix.rows(), matrix.cols());
      for (Eigen::Index i = 0; i < numbers.rows(); ++i) matrix.row(i, numbers.row(i).data());
      return WeightMatrix(storeMatrix(numbers.cast<double>(), format));
    };
    weights.a.emplace(rounded(*own.a, choice.formatA));
    weights.b.emplace(rounded(*own.b, choice.formatB));
    result[layer] = std::make_shared<const Linear>(std::move(weights));
  }
  return result;
}

SpeedReport measureSpeed(const Model& original, const Model& compressed, const SpeedOptions& options,
                         const Progress& progress) {
  std::vector<NamedModel> models{{"original", original}, {"compressed", compressed}};
  if (const Substitutes int8 = options.int8 ? int8Factors(compressed) : Substitutes(); !int8.empty())
    models.emplace_back("int8", compressed.with(int8));
  Turns turns(models.size());
  turns.run(models, options, progress);
  SpeedReport report;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const Model& model = models[i].second;
    const Architecture& a = model.architecture();
    Speed speed;
    speed.name = models[i].first;
    speed.prefill = median(turns.prefill[i]);
    speed.decode = median(turns.decode[i]);
    speed.prefillRatio = speedRatio(turns.prefill[i], turns.prefill[0]);
    speed.decodeRatio = speedRatio(turns.decode[i], turns.decode[0]);
    speed.weightBytes = model.weightBytes();
    speed.residentBytes = speed.weightBytes +
                          static_cast<std::uint64_t>(2 * a.kvWidth() * (options.promptTokens + options.decodeTokens)) *
                              a.blocks.size() * sizeof(float);
    speed.flopsPerToken = model.flopsPerToken();
    report.models.push_back(std::move(speed));
  }
  for (const LayerId layer : compressed.blockLayers()) {
    const Linear& linear = *compressed.linear(layer);
    if (!linear.rank()) continue;
    const double breakEven = breakEvenRank(linear.rows(), linear.cols());
    if (static_cast<double>(*linear.rank()) >= breakEven)
      report.aboveBreakEven.push_back({compressed.checkpoint().layer(layer).name, *linear.rank(), breakEven});
  }
  report.shareOfBreakEven = shareOfBreakEven(compressed);
  report.processBytes = processBytes();
  report.sentence = describe(report);
  return report;
}

nlohmann::json speedJson(const SpeedReport& report) {
  nlohmann::json json{{"summary", report.sentence}};
  for (const Speed& s : report.models)
    json[s.name] = {{"prefill_tokens_per_second", number(s.prefill)},
                    {"decode_tokens_per_second", number(s.decode)},
                    {"prefill_ratio", number(s.prefillRatio.value)},
                    {"prefill_ratio_interval", intervalJson(s.prefillRatio)},
                    {"decode_ratio", number(s.decodeRatio.value)},
                    {"decode_ratio_interval", intervalJson(s.decodeRatio)},
                    {"flops_per_token", number(s.flopsPerToken)}};
  json["share_of_break_even"] = report.shareOfBreakEven ? number(*report.shareOfBreakEven) : nlohmann::json();
  json["above_break_even"] = nlohmann::json::array();
  for (const AboveBreakEven& layer : report.aboveBreakEven)
    json["above_break_even"].push_back(
        {{"name", layer.layer}, {"rank", layer.rank}, {"break_even", number(layer.breakEven)}});
  return json;
}

nlohmann::json memoryJson(const SpeedReport& report) {
  nlohmann::json json{{"process_resident_bytes", report.processBytes}};
  for (const Speed& s : report.models)
    json[s.name] = {{"weight_bytes", s.weightBytes}, {"resident_bytes", s.residentBytes}};
  return json;
}

} // namespace rankscope
