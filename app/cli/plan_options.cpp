// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/plan_options.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/cli/ranges.h"
#include "core/base/error.h"

namespace rankscope::cli {
namespace {

using Contradiction = CLI::ValidationError;

Storage storageOf(const PlanOptions& options, Storage otherwise) {
  if (options.quantBits) return *storageForBits(*options.quantBits);
  if (!options.factorDtype.empty()) return *parseStorage(options.factorDtype);
  return otherwise;
}

/// The type that all matrices share where that is a half one, so that factors save what their ranks promise; else F32.
Storage usualStorage(const Checkpoint& checkpoint) {
  const auto all = [&](DType dtype) {
    return !checkpoint.layers().empty() &&
           std::ranges::all_of(checkpoint.layers(), [&](const LayerInfo& layer) { return layer.dtype == dtype; });
  };
  return all(DType::F16) ? Storage::F16 : all(DType::BF16) ? Storage::BF16 : Storage::F32;
}

std::vector<std::string> namesOf(const Checkpoint& checkpoint, const std::vector<LayerId>& layers) {
  std::vector<std::string> names;
  for (const LayerId id : layers) names.push_back(checkpoint.layer(id).name);
  return names;
}

/// Overrides that keep every layer dense that `glob` does not match.
void keepOthersDense(RankPlan& plan, const std::string& glob, const Checkpoint& checkpoint) {
  if (glob.empty()) return;
  const std::vector<std::string> matching = namesOf(checkpoint, layersMatching("--layers", glob, checkpoint));
  for (const LayerInfo& layer : checkpoint.layers())
    if (std::find(matching.begin(), matching.end(), layer.name) == matching.end())
      plan.overrides[layer.name] = std::nullopt;
}

/// Layers that match one of the globs, dense.
RankPlan pinnedDense(const std::vector<std::string>& globs, const Checkpoint& checkpoint) {
  RankPlan pinned;
  for (const std::string& glob : globs)
    for (const LayerId id : layersMatching("--pin", glob, checkpoint))
      pinned.overrides[checkpoint.layer(id).name] = std::nullopt;
  return pinned;
}

RankPlan budgetPlan(const Budget& budget, const Checkpoint& checkpoint, const SpectrumLookup& spectra,
                    const PlanOptions& options, const CalibratedMethod* method, std::vector<std::string>& notes,
                    const Progress& progress) {
  const PresetOptions preset = presetOptions(options, checkpoint);
  const RankPlan pinned = pinnedDense(options.pins, checkpoint);
  if (!method) // on the demo worse than one share for all, at the same bytes
    notes.push_back("ranks are shared by the energy that the weights keep, which does not say what the model loses: "
                    "--method fisher goes by a text, and advise measures");
  if (!method && !preset.base) return planForBudget(budget, checkpoint, spectra, preset, pinned, &notes);
  const auto curves = method ? method->curves(preset, progress) : residualCurves(checkpoint, preset, progress);
  const Method weighs = method ? method->method() : Method::Plain;
  const RankPlan plan = planForBudget(budget, checkpoint, benefitsOf(curves, weighs), preset, pinned, &notes);
  if (needGradients({weighs}))
    notes.push_back(
        fmt::format("predicted KL {:.3f} nats a token (from single layers; too little when above about 0.3)",
                    predictedDivergence(curves, resolve(plan, checkpoint, spectra))));
  return plan;
}

RankPlan cosinePlan(double cosine, const Checkpoint& checkpoint, const SpectrumLookup& spectra,
                    const PresetOptions& preset, std::vector<std::string>& notes, const Progress& progress) {
  if (!preset.base) return planForCosine(cosine, checkpoint, spectra, preset, &notes);
  const auto curves = residualCurves(checkpoint, preset, progress);
  const RankLookup ranks = [&](LayerId layer) -> std::optional<std::int64_t> {
    const auto found = curves.find(layer);
    if (found == curves.end()) return std::nullopt;
    return found->second.rankForCosine(cosine);
  };
  return planForRanks(ranks, checkpoint, preset, &notes);
}

} // namespace

PresetOptions presetOptions(const PlanOptions& options, const Checkpoint& checkpoint) {
  PresetOptions preset;
  preset.rank = options.rank;
  preset.fraction = options.fraction;
  preset.minDim = options.minDim.value_or(0);
  preset.base = parseStorage(options.base);
  preset.baseGroup = options.baseGroup.value_or(kDefaultBaseGroup);
  preset.method = options.method.chosen();
  preset.biasShift = !options.method.noBiasShift;
  preset.refineSteps = options.method.refineSteps.value_or(0);
  preset.limits = options.limits;
  preset.factorDtype = storageOf(options, preset.base ? Storage::F16 : usualStorage(checkpoint));
  preset.group = options.group.value_or(0);
  preset.layers = options.layers;
  preset.recompress = options.recompress;
  return preset;
}

void declarePlanOptions(CLI::App& app, PlanOptions& options) {
  app.add_option("--preset", options.preset,
                 "uniform: the same for all (the default); selective: MLP and both end blocks dense; "
                 "hybrid: MLP dense, more rank where it matters")
      ->check(CLI::IsMember({"uniform", "selective", "hybrid"}))
      ->option_text("uniform|selective|hybrid");
  atLeast(app.add_option("--rank", options.rank, "The rank of uniform and selective; else 6.25 % of the smaller side"),
          "R", 1);
  share(app.add_option("--fraction", options.fraction, "The same as a share of the smaller side"), "F");
  share(app.add_option("--cosine", options.cosine, "The smallest ranks that reach this cosine"), "C");
  share(app.add_option("--keep", options.keep, "Share of the bytes of attention and MLP to keep"), "F");
  app.add_option("--bytes", options.bytes, "Size of the whole compressed model: bytes, or 500MB, 2GiB")
      ->transform(CLI::AsSizeValue(true))
      ->option_text("N");
  atLeast(app.add_option("--min-dim,--min_dim_for_compression", options.minDim,
                         "Layers whose smaller side is below this stay dense"),
          "N", 0);
  app.add_option("--quant-bits,--quant_bits", options.quantBits, "Store the factors as f32, f16, int8 or int4")
      ->check(CLI::IsMember({32, 16, 8, 4}))
      ->option_text("32|16|8|4");
  app.add_option("--factor-dtype", options.factorDtype,
                 "The same by name; when neither is given as the matrices where all are f16 or bf16, else f32; f16 for "
                 "corrections of a --base")
      ->check(CLI::IsMember({"f32", "f16", "bf16", "int8", "int4", "int3"}))
      ->option_text("f32|f16|bf16|int8|int4|int3");
  app.add_option("--group", options.group, "Neighbours that share a scale in integer factors; 0: a whole row or column")
      ->check(CLI::IsMember({0, 32, 64, 128}))
      ->option_text("0|32|64|128");
  app.add_option("--base", options.base,
                 "Quantise the matrices; --rank, --fraction, --cosine, --keep and --bytes then choose low-rank "
                 "corrections of what rounding lost")
      ->check(CLI::IsMember({"int8", "int4", "int3"}))
      ->option_text("int8|int4|int3");
  app.add_option("--base-group", options.baseGroup, "Neighbours that share a scale of the base (32); 0: a whole output")
      ->check(CLI::IsMember({0, 32, 64, 128}))
      ->option_text("0|32|64|128");
  app.add_option("--layers", options.layers, "Only layers whose whole name matches; the others stay dense")
      ->option_text("GLOB");
  app.add_option("--pin", options.pins,
                 "With a budget: layers whose whole name matches stay dense, and count in the bytes; may be given "
                 "several times")
      ->allow_extra_args(false)
      ->option_text("GLOB");
  between(app.add_option("--least-rank", options.limits.leastRank, "With a budget: no factors of a smaller rank"), "R",
          1, kMostRank);
  between(app.add_option("--largest-rank", options.limits.largestRank, "With a budget: no larger rank"), "R", 1,
          kMostRank);
  app.add_option("--multiple", options.limits.multiple, "With a budget: ranks are multiples of this")
      ->check(CLI::IsMember({1, 8, 16, 64}))
      ->option_text("1|8|16|64");
  declareMethodOptions(app, options.method);
}

void requireConsistent(const PlanOptions& options, bool fromFile) {
  const std::vector<std::pair<const char*, bool>> targets{{"--rank", options.rank.has_value()},
                                                          {"--fraction", options.fraction.has_value()},
                                                          {"--cosine", options.cosine.has_value()},
                                                          {"--keep", options.keep.has_value()},
                                                          {"--bytes", options.bytes.has_value()}};
  const char* first = nullptr;
  for (const auto& [name, given] : targets) {
    if (!given) continue;
    if (first) throw Contradiction(first, fmt::format("cannot go with {}", name));
    first = name;
  }
  if (!options.preset.empty() && (options.cosine || options.hasBudget()))
    throw Contradiction(first, "chooses every rank itself and cannot go with --preset");
  if (options.preset == "hybrid" && (options.rank || options.fraction))
    throw Contradiction(options.rank ? "--rank" : "--fraction",
                        "goes with uniform and selective; --preset hybrid has its own ranks");
  const RankLimits& limits = options.limits;
  if (!options.hasBudget()) {
    if (!options.pins.empty()) throw Contradiction("--pin", "needs a budget: --keep or --bytes");
    if (limits.leastRank != 1) throw Contradiction("--least-rank", "needs a budget: --keep or --bytes");
    if (limits.largestRank != 0) throw Contradiction("--largest-rank", "needs a budget: --keep or --bytes");
    if (limits.multiple != 1) throw Contradiction("--multiple", "needs a budget: --keep or --bytes");
  }
  if (limits.largestRank > 0 && limits.least(false) > limits.largestRank)
    throw Contradiction("--largest-rank", fmt::format("leaves no rank: the least is {}", limits.least(false)));
  if (!options.base.empty() && options.preset == "hybrid")
    throw Contradiction("--base", "goes with uniform and selective, not with --preset hybrid");
  if (options.baseGroup && options.base.empty()) throw Contradiction("--base-group", "needs --base");
  if (!fromFile && options.method.refineSteps.value_or(0) > 0 && options.method.chosen() == Method::Plain)
    throw Contradiction("--refine", "starts from --method aware, fisher or sequential");
  if (options.quantBits && !options.factorDtype.empty())
    throw Contradiction("--quant-bits", "and --factor-dtype say the same; give one of them");
}

std::vector<LayerId> layersToAnalyse(const PlanOptions& options, const Checkpoint& checkpoint) {
  if (!options.needsSpectra()) return {};
  return planScope(checkpoint, presetOptions(options, checkpoint));
}

RankPlan planFrom(const PlanOptions& options, const Checkpoint& checkpoint, const SpectrumLookup& spectra,
                  const CalibratedMethod* method, std::vector<std::string>& notes, const Progress& progress) {
  if (!options.layers.empty()) layersMatching("--layers", options.layers, checkpoint);
  const PresetOptions preset = presetOptions(options, checkpoint);
  if (options.cosine) return cosinePlan(*options.cosine, checkpoint, spectra, preset, notes, progress);
  if (options.keep) return budgetPlan(KeepShare{*options.keep}, checkpoint, spectra, options, method, notes, progress);
  if (options.bytes)
    return budgetPlan(KeepBytes{*options.bytes}, checkpoint, spectra, options, method, notes, progress);
  return presetPlan(parsePreset(options.preset).value_or(Preset::Uniform), checkpoint, preset, &notes);
}

RankPlan planFromFile(const std::filesystem::path& path, const PlanOptions& options, const Checkpoint& checkpoint) {
  RankPlan plan = readPlan(path);
  plan.factorDtype = storageOf(options, plan.factorDtype);
  plan.group = options.group.value_or(plan.group);
  options.method.applyTo(plan);
  keepOthersDense(plan, options.layers, checkpoint);
  return plan;
}

std::vector<LayerId> layersMatching(const char* option, const std::string& glob, const Checkpoint& checkpoint) {
  std::vector<LayerId> layers;
  const Matcher matcher(Rule{Rule::Syntax::Glob, glob.empty() ? "*" : glob, KeepDense{}});
  for (const LayerInfo& layer : checkpoint.layers())
    if (matcher.matches(layer.name)) layers.push_back(layer.id);
  if (layers.empty() && !glob.empty())
    throw Error(ErrorKind::BadRequest,
                fmt::format("{} {} matches no layer of {}", option, glob, checkpoint.path().string()));
  return layers;
}

} // namespace rankscope::cli
