// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include <fmt/format.h>

#include "app/cli/command.h"
#include "app/cli/console.h"
#include "app/cli/layer_line.h"
#include "app/cli/method_options.h"
#include "app/cli/plan_options.h"
#include "app/cli/text_table.h"
#include "app/cli/words.h"
#include "core/base/error.h"
#include "core/base/schedule.h"
#include "core/linalg/svd.h"
#include "core/report/compression_run.h"

namespace rankscope::cli {
namespace {

struct Options {
  std::string model;
  std::string layers;
  std::string run;
  bool outputs = false;
  MethodOptions text; ///< that outputs are seen on
};

std::vector<std::string> cellsOf(const LayerLine& line) {
  std::vector<std::string> cells{line.name, shape(line.rows, line.cols)};
  if (!line.spectrum) {
    cells.resize(10, "-");
    return cells;
  }
  const Spectrum& spectrum = *line.spectrum;
  cells.push_back(fmt::format("{:.4g}", spectrum.sigma().front()));
  cells.push_back(fmt::format("{:.4g}", spectrum.sigma().back()));
  cells.push_back(fmt::format("{:.1f}", spectrum.stableRank()));
  cells.push_back(fmt::format("{:.1f}", spectrum.effectiveRank(Spectrum::Weight::Sigma)));
  for (const double cosine : {0.85, 0.95, 0.99}) cells.push_back(std::to_string(spectrum.rankForCosine(cosine)));
  cells.push_back(fmt::format("{:.0f}", breakEvenRank(line.rows, line.cols)));
  return cells;
}

std::string textOf(const ModelIdentity& model, std::span<const LayerLine> lines) {
  TextTable table{{"Layer", TextTable::Align::Left},
                  {"Shape"},
                  {"σ₁"},
                  {"σ min"},
                  {"Stable rank"},
                  {"Effective rank"},
                  {"for cos .85"},
                  {"for cos .95"},
                  {"for cos .99"},
                  {"Break-even"}};
  double stable = 0;
  std::size_t known = 0;
  for (const LayerLine& line : lines) {
    table.add(cellsOf(line));
    if (line.spectrum) stable += line.spectrum->stableRank(), ++known;
  }
  std::string text =
      fmt::format("{}\n\n{}\n{} of {} layers analysed", describe(model), table.text(), known, lines.size());
  if (known > 0) text += fmt::format(", mean stable rank {:.1f}", stable / static_cast<double>(known));
  return text + "\n";
}

LayerLine analysedLine(const LayerInfo& layer, const AnalysedLayer& analysed) {
  LayerLine line = lineOf(layer);
  line.spectrum = analysed.spectrum;
  line.entries = analysed.entries;
  line.error = analysed.error;
  return line;
}

std::vector<LayerLine> ofWeights(const Options& options, const Checkpoint& checkpoint,
                                 const std::vector<LayerId>& layers, Console& console) {
  const std::unique_ptr<RunFile> run = options.run.empty() ? nullptr : RunFile::open(options.run, checkpoint);
  const LayerSpectra spectra = spectraOf(checkpoint, layers, run.get(), console.progress("Spectra"));
  if (run) run->finish();
  std::vector<LayerLine> lines;
  for (const LayerId id : layers) lines.push_back(analysedLine(checkpoint.layer(id), *spectra[id.value]));
  return lines;
}

/// Layers that the text does not reach are left out.
std::vector<LayerLine> ofOutputs(const Options& options, const std::shared_ptr<const Checkpoint>& checkpoint,
                                 const std::vector<LayerId>& layers, Console& console) {
  const auto method = methodFrom(options.text, {Method::Aware}, std::nullopt, checkpoint, console);
  std::vector<LayerLine> lines;
  std::vector<double> costs;
  for (const LayerId id : layers) {
    if (!method->knows(id)) continue;
    lines.push_back(lineOf(checkpoint->layer(id)));
    costs.push_back(singularValuesFlops(lines.back().rows, lines.back().cols));
  }
  if (lines.empty()) throw Error(ErrorKind::BadRequest, "the forward pass meets none of these layers");
  runScheduled(Schedule(std::move(costs)), 0, console.progress("Spectra"), [&](std::size_t item, int threads) {
    LayerLine& line = lines[item];
    try {
      line.spectrum = method->outputSpectrum(*checkpoint->findLayer(line.name), {}, threads);
    } catch (const Error& error) {
      line.error = fmt::format("{}: {}", line.name, error.what());
    }
  });
  return lines;
}

void analyseModel(const Options& options, Console& console) {
  const auto checkpoint = openCheckpoint(options.model);
  const std::vector<LayerId> layers = layersMatching("--layers", options.layers, *checkpoint);
  const std::vector<LayerLine> lines = options.outputs ? ofOutputs(options, checkpoint, layers, console)
                                                       : ofWeights(options, *checkpoint, layers, console);
  for (const LayerLine& line : lines)
    if (!line.error.empty()) console.warn(line.error);
  const ModelIdentity model = identityOf(*checkpoint);
  if (console.wantsJson()) {
    auto json = jsonOf(model, lines, true);
    json["space"] = options.outputs ? "outputs" : "weights";
    console.printJson(json);
    return;
  }
  if (options.outputs) console.print("Of what the layers put out on the text: σ of W·√C, cosines of outputs\n");
  console.print(textOf(model, lines));
  if (!options.run.empty()) console.print(fmt::format("Recorded in {}\n", options.run));
}

} // namespace

Action spectrumCommand(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "Hugging Face folder, .safetensors file or index")->required();
  app.add_option("--layers", options->layers, "Only layers whose whole name matches")->option_text("GLOB");
  app.add_option("--run", options->run, "Keep the spectra in this run file; those it has are not computed again")
      ->option_text("RUN.h5");
  auto* outputs =
      app.add_flag("--outputs", options->outputs,
                   "Of what the layers put out on a text instead of their weights: singular values of W·√C, "
                   "as --method aware truncates");
  outputs->excludes("--run"); // run files keep spectra of weights
  declareTextOptions(app, options->text);
  app.get_option("--calibration")->needs(outputs);
  app.get_option("--calibration-tokens")->needs(outputs);
  app.footer("Example:\n  rankscope-cli spectrum gpt-neo-125m --layers '*attn*' --run run.h5");
  return [options](Console& console) { analyseModel(*options, console); };
}

} // namespace rankscope::cli
