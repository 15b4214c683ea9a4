// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/model_pair.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/cli/console.h"
#include "app/cli/plan_warnings.h"
#include "core/base/time_stamp.h"
#include "core/report/compression_run.h"

namespace rankscope::cli {
namespace {

/// What the options ask for, in words: "rank 128", "preset hybrid, int8".
std::string describe(const PlanOptions& options) {
  std::vector<std::string> parts;
  if (!options.preset.empty()) parts.push_back("preset " + options.preset);
  if (options.rank) parts.push_back(fmt::format("rank {}", *options.rank));
  if (options.fraction) parts.push_back(fmt::format("rank {:g} % of the smaller side", 100 * *options.fraction));
  if (options.cosine) parts.push_back(fmt::format("cosine {}", *options.cosine));
  if (options.keep) parts.push_back(fmt::format("{:g} % of the bytes in scope", 100 * *options.keep));
  if (options.bytes) parts.push_back(fmt::format("{} bytes", *options.bytes));
  if (options.minDim) parts.push_back(fmt::format("sides from {}", *options.minDim));
  if (!options.factorDtype.empty()) parts.push_back(options.factorDtype);
  if (options.quantBits) parts.push_back(fmt::format("{} bits", *options.quantBits));
  if (!options.base.empty()) parts.push_back(options.base + " base");
  if (!options.layers.empty()) parts.push_back("layers " + options.layers);
  if (options.limits.leastRank != 1) parts.push_back(fmt::format("ranks from {}", options.limits.leastRank));
  if (options.limits.largestRank > 0) parts.push_back(fmt::format("ranks up to {}", options.limits.largestRank));
  if (options.limits.multiple != 1) parts.push_back(fmt::format("multiples of {}", options.limits.multiple));
  if (!options.pins.empty()) parts.push_back(fmt::format("{} dense", fmt::join(options.pins, ", ")));
  return fmt::format("{}", fmt::join(parts, ", "));
}

ResolvedPlan planOf(const ModelPairOptions& options, const Checkpoint& checkpoint, const CalibratedMethod* method,
                    ModelPair& pair, RankPlan plan, Console& console) {
  const bool fromFile = !options.planFile.empty();
  std::vector<std::string> notes;
  const LayerSpectra spectra =
      spectraOf(checkpoint, fromFile ? spectraNeeded(plan, checkpoint) : layersToAnalyse(options.plan, checkpoint),
                pair.run.get(), console.progress("Spectra"));
  if (!fromFile)
    plan = planFrom(options.plan, checkpoint, lookupIn(spectra), method, notes, console.progress("Weighing layers"));
  ResolvedPlan resolved = resolve(plan, checkpoint, lookupIn(spectra));
  notes.insert(notes.end(), resolved.notes.begin(), resolved.notes.end());
  console.notes(notes);
  if (const auto why = whyNothingIsCompressed(fromFile ? nullptr : &options.plan, checkpoint, resolved))
    console.warn(*why);
  if (pair.run) pair.run->setPlan(plan);
  pair.description = fromFile ? options.planFile : describe(options.plan);
  for (const Method used : methodsIn(plan))
    if (used != Method::Plain) pair.description += fmt::format(", method {}", name(used));
  if (plan.refineSteps > 0) pair.description += fmt::format(", {} steps of refinement", plan.refineSteps);
  pair.bytes = modelTotals(checkpoint, resolved);
  pair.isFitted = method != nullptr;
  pair.plan = std::move(plan);
  return resolved;
}

/// As compressedLinears(), with every new layer kept in the run file.
Substitutes carryOut(const Checkpoint& checkpoint, const ResolvedPlan& plan, const Factoriser& factoriser, RunFile* run,
                     Console& console) {
  const Progress progress = console.progress("Compressing");
  if (!run) return compressedLinears(checkpoint, plan, {}, progress, {}, factoriser);
  runCompression(
      checkpoint, {.plan = plan, .factoriser = factoriser, .run = run}, [](CompressedLayer&&) {}, progress);
  return compressedLinears(
      checkpoint, plan, {}, progress.silent(),
      [&](LayerId layer, const LayerChoice& choice) {
        return run->finished(layer, checkpoint.contentHash(layer), choice);
      },
      factoriser);
}

} // namespace

void declareModelPair(CLI::App& app, ModelPairOptions& options, const char* name, bool exported) {
  app.add_option(name, options.original, "Hugging Face folder or factored export, with config.json and tokenizer")
      ->required();
  if (exported)
    app.add_option("COMPRESSED", options.compressed,
                   "An export of ORIGINAL; without it a plan is carried out in memory");
  app.add_option("--plan", options.planFile, "Take the ranks from a plan file")->option_text("PLAN.json");
  declarePlanOptions(app, options.plan);
}

void requireConsistent(const ModelPairOptions& options) {
  requireConsistent(options.plan, !options.planFile.empty());
  if (!options.planFile.empty() && options.plan.choosesRanks())
    throw CLI::ValidationError("--plan",
                               "says the ranks already and cannot go with --preset, --rank, --fraction, --cosine, "
                               "--keep, --bytes, --min-dim or --base");
  if (!options.compressed.empty() && (!options.planFile.empty() || options.plan.choosesRanks()))
    throw CLI::ValidationError("COMPRESSED", "cannot go with options that compress ORIGINAL anew");
}

void ModelPair::keep(nlohmann::json measured) const {
  if (!run) return;
  addStamp(measured, {timeStamp(), plan ? toJson(*plan) : "", bytes});
  run->addEvaluation(measured.dump());
  run->finish();
}

ModelPair openPair(const ModelPairOptions& options, const std::optional<std::filesystem::path>& measuredOn,
                   Console& console) {
  ModelPair pair;
  pair.checkpoint = openCheckpoint(options.original);
  pair.original.emplace(pair.checkpoint);
  pair.tokenizer = openTokenizer(pair.checkpoint->content().folder, pair.checkpoint->architecture());
  if (!options.run.empty()) pair.run = RunFile::open(options.run, *pair.checkpoint);
  if (!options.compressed.empty()) {
    pair.compressed.emplace(openCheckpoint(options.compressed));
    pair.substitutes = substitutesBetween(*pair.original, *pair.compressed);
    pair.description = options.compressed;
    pair.bytes = {pair.checkpoint->bytes(), pair.compressed->checkpoint().bytes()};
    pair.isFitted = std::ranges::any_of(pair.compressed->checkpoint().layers(),
                                        [](const LayerInfo& layer) { return methodOf(layer.method) != Method::Plain; });
  } else if (options.asksForCompression()) {
    RankPlan given;
    std::set<Method> needed{options.plan.method.chosen()};
    if (!options.planFile.empty()) {
      given = planFromFile(options.planFile, options.plan, *pair.checkpoint);
      warnOfIdleRules(given, options.planFile, *pair.checkpoint, console);
      needed = methodsIn(given);
    }
    const auto method = methodFrom(options.plan.method, needed, measuredOn, pair.checkpoint, console);
    ResolvedPlan plan = planOf(options, *pair.checkpoint, method.get(), pair, std::move(given), console);
    const Factoriser factoriser = factoriserFor(method.get(), pair.checkpoint, plan, pair.run.get(), console);
    pair.substitutes = carryOut(*pair.checkpoint, plan, factoriser, pair.run.get(), console);
    pair.compressed.emplace(pair.original->with(pair.substitutes));
  }
  return pair;
}

} // namespace rankscope::cli
