// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include <fmt/format.h>

#include "app/cli/command.h"
#include "app/cli/console.h"
#include "app/cli/layer_line.h"
#include "app/cli/plan_options.h"
#include "app/cli/plan_warnings.h"
#include "app/cli/text_table.h"
#include "app/cli/words.h"
#include "core/report/compression_run.h"

namespace rankscope::cli {
namespace {

struct Options {
  std::string model;
  std::string output;
  PlanOptions plan;
};

std::string textOf(const ModelIdentity& model, std::span<const LayerLine> lines) {
  TextTable table{{"Layer", TextTable::Align::Left},
                  {"Shape"},
                  {rankHeader(lines)},
                  {"Predicted cosine"},
                  {"Relative error"},
                  {"Verdict", TextTable::Align::Left},
                  {"Before"},
                  {"After"}};
  std::size_t dense = 0;
  for (const LayerLine& line : lines) {
    if (!line.isCompressed()) {
      ++dense;
      continue;
    }
    const auto predicted = line.predictedCosine;
    const auto error = predicted ? std::optional(std::sqrt(std::max(0.0, 1 - *predicted * *predicted))) : std::nullopt;
    const auto verdict = line.verdict();
    table.add({line.name, shape(line.rows, line.cols), kindOf(line), cosine(predicted), percent(error),
               std::string(verdict ? name(*verdict) : "-"), bytes(line.bytesBefore), bytes(line.choice->bytesAfter)});
  }
  const LineTotals totals = totalsOf(lines);
  std::string text = describe(model) + "\n\n" + (totals.compressed > 0 ? table.text() + "\n" : "");
  text += fmt::format("{} layers compressed, {} stay dense\n", totals.compressed, dense);
  if (totals.meanPredictedCosine)
    text += fmt::format("mean predicted cosine {}; {}\n", cosine(totals.meanPredictedCosine), verdictCounts(totals));
  text += fmt::format("layers in scope {}\n", keptShare(totals.scopeBefore, totals.scopeAfter));
  text += fmt::format("whole model {}\n", keptShare(model.bytes, model.bytes - totals.bytesBefore + totals.bytesAfter));
  return text;
}

/// Layers that become factors alone and whose spectra are not known yet: for the prediction.
std::vector<LayerId> layersToPredict(const Checkpoint& checkpoint, const ResolvedPlan& plan,
                                     const LayerSpectra& known) {
  std::vector<LayerId> layers;
  for (const LayerInfo& layer : checkpoint.layers())
    if (plan.layers[layer.id.value].rank && !plan.layers[layer.id.value].base && !known[layer.id.value])
      layers.push_back(layer.id);
  return layers;
}

void makePlan(const Options& options, Console& console) {
  requireConsistent(options.plan, false);
  const auto checkpoint = openCheckpoint(options.model);
  LayerSpectra spectra =
      spectraOf(*checkpoint, layersToAnalyse(options.plan, *checkpoint), nullptr, console.progress("Spectra"));
  std::vector<std::string> notes;
  // Ranks that are given need no text; carrying the plan out will.
  const std::set<Method> weighing =
      options.plan.hasBudget() ? std::set{options.plan.method.chosen()} : std::set<Method>{};
  const auto method = methodFrom(options.plan.method, weighing, std::nullopt, checkpoint, console);
  const RankPlan plan =
      planFrom(options.plan, *checkpoint, lookupIn(spectra), method.get(), notes, console.progress("Weighing layers"));
  const ResolvedPlan resolved = resolve(plan, *checkpoint, lookupIn(spectra));
  const std::vector<LayerId> rest = layersToPredict(*checkpoint, resolved, spectra);
  LayerSpectra more = spectraOf(*checkpoint, rest, nullptr, console.progress("Spectra"));
  for (const LayerId id : rest) spectra[id.value] = std::move(more[id.value]);

  const SpectrumLookup lookup = lookupIn(spectra);
  std::vector<LayerLine> lines;
  for (const LayerInfo& layer : checkpoint->layers()) {
    LayerLine& line = lines.emplace_back(lineOf(layer));
    setChoice(line, layer, resolved.layers[layer.id.value], lookup(layer.id));
    if (const auto& analysed = spectra[layer.id.value]; analysed && !analysed->error.empty()) {
      line.error = analysed->error;
      console.warn(line.error);
    }
  }
  notes.insert(notes.end(), resolved.notes.begin(), resolved.notes.end());
  console.notes(notes);
  if (const auto why = whyNothingIsCompressed(&options.plan, *checkpoint, resolved)) console.warn(*why);
  if (const std::string larger = largerLayers(lines); !larger.empty()) console.warn(larger);
  if (!options.output.empty()) writePlan(plan, options.output);

  const ModelIdentity model = identityOf(*checkpoint);
  if (!console.wantsJson()) {
    console.print(textOf(model, lines));
    if (!options.output.empty()) console.print(fmt::format("Plan written to {}\n", options.output));
    return;
  }
  Json json = jsonOf(model, lines, false);
  json["plan"] = Json::parse(toJson(plan));
  json["notes"] = notes;
  console.printJson(json);
}

} // namespace

Action planCommand(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "Hugging Face folder, .safetensors file or index")->required();
  declarePlanOptions(app, options->plan);
  app.add_option("-o,--output", options->output, "Write the plan here, to be edited and given to compress")
      ->option_text("PLAN.json");
  app.footer("Example:\n  rankscope-cli plan gpt-neo-125m --keep 0.5 --quant-bits 8 -o plan.json");
  return [options](Console& console) { makePlan(*options, console); };
}

} // namespace rankscope::cli
