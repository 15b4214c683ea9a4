// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include <fmt/format.h>

#include "app/cli/command.h"
#include "app/cli/console.h"
#include "app/cli/layer_line.h"
#include "app/cli/plan_options.h"
#include "app/cli/text_table.h"
#include "app/cli/words.h"
#include "core/report/compression_run.h"

namespace rankscope::cli {
namespace {

struct Options {
  std::string model;
  std::string layers;
  std::string run;
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

void analyseModel(const Options& options, Console& console) {
  const auto checkpoint = openCheckpoint(options.model);
  const std::vector<LayerId> layers = layersMatching("--layers", options.layers, *checkpoint);
  const std::unique_ptr<RunFile> run = options.run.empty() ? nullptr : RunFile::open(options.run, *checkpoint);
  const LayerSpectra spectra = spectraOf(*checkpoint, layers, run.get(), console.progress("Spectra"));
  if (run) run->finish();
  std::vector<LayerLine> lines;
  for (const LayerId id : layers) {
    const AnalysedLayer& analysed = *spectra[id.value];
    LayerLine& line = lines.emplace_back(lineOf(checkpoint->layer(id)));
    line.spectrum = analysed.spectrum;
    line.entries = analysed.entries;
    line.error = analysed.error;
    if (!line.error.empty()) console.warn(line.error);
  }
  const ModelIdentity model = identityOf(*checkpoint);
  if (console.wantsJson()) {
    console.printJson(jsonOf(model, lines, true));
  } else {
    console.print(textOf(model, lines));
    if (run) console.print(fmt::format("Recorded in {}\n", options.run));
  }
}

} // namespace

Action spectrumCommand(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "Hugging Face folder, .safetensors file or index")->required();
  app.add_option("--layers", options->layers, "Only layers whose whole name matches")->option_text("GLOB");
  app.add_option("--run", options->run, "Keep the spectra in this run file; those it has are not computed again")
      ->option_text("RUN.h5");
  app.footer("Example:\n  rankscope-cli spectrum gpt-neo-125m --layers '*attn*' --run run.h5");
  return [options](Console& console) { analyseModel(*options, console); };
}

} // namespace rankscope::cli
