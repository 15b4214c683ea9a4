// SPDX-License-Identifier: GPL-3.0-or-later
// What each method costs at the same size: KL in nats a token and perplexity, on text that took no part in calibration.

#include <cmath>
#include <cstdio>

#include <fmt/format.h>

#include "bench_support.h"
#include "core/calibrate/calibration_cache.h"
#include "core/calibrate/plan_fit.h"
#include "core/evaluate/comparison.h"
#include "core/evaluate/compressed_model.h"
#include "core/linalg/blas_core_type.h"
#include "core/model/tokenizer/tokenizer.h"

using namespace rankscope;
using namespace rankscope::bench;

namespace {

class Bench final {
 public:
  explicit Bench(const Options& options)
      : m_checkpoint(openCheckpoint(options.text("--model", ""))), m_model(m_checkpoint),
        m_rows(options.text("--rows", "")), m_biasShift(!options.has("--no-bias-shift")) {
    const auto tokenizer = openTokenizer(m_checkpoint->content().folder, m_checkpoint->architecture());
    const std::vector<std::string> records = readRecords(options.text("--text", ""));
    const std::size_t half = records.size() / 2;
    const std::vector<std::string> first(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(half));
    const std::vector<std::string> last(records.begin() + static_cast<std::ptrdiff_t>(half), records.end());
    std::vector<std::vector<int>> text;
    for (Window& window : windowsOf(first, *tokenizer, m_model.context(), options.number("--tokens", 32'768)))
      text.push_back(std::move(window.tokens));
    m_windows = windowsOf(last, *tokenizer, m_model.context(), options.number("--windows", 16) * m_model.context());
    Calibration calibration = calibrateCached(m_model, text);
    fmt::print("Calibrated on {} tokens of the first half of the text; measured on {} windows of the other half\n\n",
               calibration.tokens, m_windows.size());
    const std::string hash = hashOf(text);
    m_method.emplace(m_checkpoint, std::move(calibration), Method::Fisher, hash, std::move(text));
    PresetOptions seen;
    seen.biasShift = m_biasShift;
    m_curves = m_method->curves(seen);
    fmt::print("| | of the F16 bytes | of the numbers | KL | perplexity | seconds |\n|---|---:|---:|---:|---:|---:|\n");
  }

  /// Factors alone at a kept share of the numbers.
  void factors(double keep, int refineSteps) {
    const auto name = [&](const char* how) { return fmt::format("{} of the numbers, {}", keep, how); };
    row(name("plain, uniform share"), uniform(keep, Method::Plain));
    row(name("aware, uniform share"), uniform(keep, Method::Aware));
    row(name("fisher, one price per byte"), priced(keep, Method::Fisher));
    row(name("sequential, one price per byte"), priced(keep, Method::Sequential));
    if (refineSteps > 0)
      row(name(fmt::format("sequential, refined by {} steps", refineSteps).c_str()), priced(keep, Method::Sequential),
          refineSteps);
  }

  /// A base in groups of 32, with a correction of this rank.
  void quantised(Storage base, std::int64_t rank, int refineSteps) {
    const auto name = [&](const char* how) {
      return rank == 0 ? fmt::format("{}, {}", rankscope::name(base), how)
                       : fmt::format("{} + rank {}, {}", rankscope::name(base), rank, how);
    };
    for (const Method method : kMethods) row(name(rankscope::name(method).data()), based(base, rank, method));
    if (refineSteps > 0)
      row(name(fmt::format("sequential, refined by {} steps", refineSteps).c_str()),
          based(base, rank, Method::Sequential), refineSteps);
  }

 private:
  ResolvedPlan plan(const std::function<LayerChoice(const LayerInfo&)>& choose) const {
    ResolvedPlan plan;
    plan.layers.resize(m_checkpoint->layers().size());
    for (const LayerId layer : defaultScope(*m_checkpoint))
      plan.layers[layer.value] = choose(m_checkpoint->layer(layer));
    m_method->applyTo(plan);
    return plan;
  }

  ResolvedPlan uniform(double keep, Method method) const {
    return plan([&](const LayerInfo& layer) {
      const double rank = keep * static_cast<double>(layer.parameters()) / static_cast<double>(layer.rows + layer.cols);
      return choiceFor(layer, static_cast<std::int64_t>(rank), Storing{.method = method, .biasShift = m_biasShift});
    });
  }

  ResolvedPlan based(Storage base, std::int64_t rank, Method method) const {
    return plan([&](const LayerInfo& layer) {
      return choiceFor(
          layer, rank > 0 ? std::optional(rank) : std::nullopt,
          Storing{
              .factorDtype = Storage::F16, .base = base, .baseGroup = 32, .method = method, .biasShift = m_biasShift});
    });
  }

  ResolvedPlan priced(double keep, Method method) const {
    PresetOptions options;
    options.method = method;
    options.biasShift = m_biasShift;
    ResolvedPlan plan = resolve(planForBudget(KeepShare{keep}, *m_checkpoint, benefitsOf(m_curves, method), options),
                                *m_checkpoint, {});
    m_method->applyTo(plan);
    return plan;
  }

  void row(const std::string& name, ResolvedPlan plan, int refineSteps = 0) const {
    if (name.find(m_rows) == std::string::npos) return;
    plan.refineSteps = refineSteps;
    Substitutes linears;
    const double seconds = secondsOf(
        [&] { linears = compressedLinears(*m_checkpoint, plan, {}, {}, {}, fitPlan(m_model, plan, *m_method)); });
    std::uint64_t bytes = 0, numbers = 0, all = 0;
    for (const LayerId layer : defaultScope(*m_checkpoint)) {
      const LayerInfo& info = m_checkpoint->layer(layer);
      const LayerChoice& choice = plan.layers[layer.value];
      all += static_cast<std::uint64_t>(info.parameters());
      bytes += choice.isDense() ? 2 * static_cast<std::uint64_t>(info.parameters()) : bytesAfter(info, choice);
      numbers += choice.isDense() || choice.base ? static_cast<std::uint64_t>(info.parameters()) : 0;
      if (choice.rank) numbers += static_cast<std::uint64_t>(*choice.rank * (info.rows + info.cols));
    }
    CompareOptions options;
    options.blocks = false;
    const Comparison comparison = compare(m_model, m_model.with(linears), m_windows, options);
    fmt::print("| {} | {:.3f} | {:.3f} | {:.4f} | {:.2f} | {:.1f} |\n", name,
               static_cast<double>(bytes) / (2.0 * static_cast<double>(all)),
               static_cast<double>(numbers) / static_cast<double>(all), comparison.kl.mean, comparison.compressed.value,
               seconds);
    std::fflush(stdout);
  }

  std::shared_ptr<const Checkpoint> m_checkpoint;
  Model m_model;
  std::string m_rows;
  bool m_biasShift;
  std::vector<Window> m_windows;
  std::optional<CalibratedMethod> m_method;
  std::map<LayerId, ErrorCurve> m_curves;
};

/// The moments of a text, with gradients and without.
void calibration(const Options& options) {
  const Model model(openCheckpoint(options.text("--model", "")));
  const auto tokenizer = openTokenizer(model.checkpoint().content().folder, model.checkpoint().architecture());
  std::vector<std::vector<int>> text;
  for (Window& window : windowsOf(readRecords(options.text("--text", "")), *tokenizer, model.context(),
                                  options.number("--tokens", 8192)))
    text.push_back(std::move(window.tokens));
  fmt::print("| calibration | seconds per 1,000 tokens |\n|---|---:|\n");
  for (const bool gradients : {false, true}) {
    CalibrationOptions settings;
    settings.gradients = gradients;
    std::int64_t tokens = 0;
    const double seconds =
        medianSeconds(options.number("--repeat", 3), [&] { tokens = calibrate(model, text, settings).tokens; });
    fmt::print("| {} | {:.3f} |\n", gradients ? "inputs and gradients" : "inputs alone",
               seconds / static_cast<double>(tokens) * 1000);
  }
}

/// Aware and fisher factors of one square layer.
void times(const Options& options) {
  if (options.has("--model")) return calibration(options);
  const int side = options.number("--side", 2048), rank = options.number("--rank", 256);
  const Matrix w(side, side, 1), x(2 * side, side, 2), g(2 * side, side, 3);
  const auto moment = [&](const Matrix& samples) {
    const Eigen::MatrixXd values = toDouble(samples.view());
    return Eigen::MatrixXd(values.transpose() * values / (2.0 * side));
  };
  const Moments moments{std::make_shared<const Eigen::MatrixXd>(moment(x)),
                        std::make_shared<const Eigen::VectorXd>(Eigen::VectorXd::Zero(side)), moment(g)};
  const RowMatrixD stored = toDouble(w.view());
  fmt::print("Rank-{0} factors of a {1}×{1} layer, {2} cores\n\n| | seconds |\n|---|---:|\n", rank, side, cores());
  for (const Metric metric : {Metric::Outputs, Metric::Predictions})
    fmt::print("| {} | {:.2f} |\n", metric == Metric::Outputs ? "aware" : "fisher",
               medianSeconds(options.number("--repeat", 1), [&] {
                 WeightedMatrix(stored, Orientation::OutIn, moments, metric).factors(rank, {}, cores());
               }));
}

} // namespace

int main(int argc, char** argv) {
  useBestBlasCoreType(argv);
  const Options options(argc, argv);
  const std::string what = options.what("tables");
  const int steps = options.number("--refine", 100);
  try {
    printMachine();
    if (what == "times") {
      times(options);
    } else if (what == "tables") {
      Bench bench(options);
      for (const double keep : {0.9, 0.75, 0.5}) bench.factors(keep, steps);
      for (const std::int64_t rank : {0, 16}) bench.quantised(Storage::Int3, rank, steps);
      for (const std::int64_t rank : {0, 8, 16}) bench.quantised(Storage::Int4, rank, steps);
    } else {
      fmt::print(stderr,
                 "usage: bench_methods [tables --model FOLDER --text FILE [--tokens N] [--windows N] [--refine STEPS] "
                 "[--rows PART_OF_A_NAME] [--no-bias-shift] | times [--side N] [--rank R] | times --model FOLDER "
                 "--text FILE [--tokens N]]\n");
      return 2;
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_methods: {}\n", error.what());
    return 1;
  }
}
