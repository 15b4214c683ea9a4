// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "app/cli/command.h"
#include "app/cli/console.h"
#include "app/cli/layer_line.h"
#include "app/cli/plan_options.h"
#include "app/cli/plan_warnings.h"
#include "app/cli/text_table.h"
#include "app/cli/words.h"
#include "core/base/error.h"
#include "core/report/compression_run.h"

namespace rankscope::cli {
namespace {

struct Options {
  std::string model;
  std::string output;
  std::string planFile;
  std::string run;
  bool dense = false;
  bool overwrite = false;
  PlanOptions plan;
};

/// The study's table and its averages; with the outputs' columns where a text says what the layers put out.
std::string tableOf(std::span<const LayerLine> lines) {
  const bool outputs = std::ranges::any_of(lines, [](const LayerLine& line) { return line.outputs.has_value(); });
  const std::string rank = rankHeader(lines);
  std::vector<TextTable::Column> columns{
      {"Layer", TextTable::Align::Left},   {rank},     {"Predicted"}, {"Cosine"}, {"Relative Error"},
      {"Verdict", TextTable::Align::Left}, {"Before"}, {"After"}};
  if (outputs) columns.insert(columns.begin() + 5, {{"Output Cosine"}, {"Output Error"}});
  TextTable table(columns);
  std::size_t dense = 0;
  for (const LayerLine& line : lines) {
    dense += line.isCompressed() ? 0 : 1;
    if (!line.isCompressed()) continue;
    const auto verdict = line.verdict();
    std::vector<std::string> cells{line.name,
                                   kindOf(line),
                                   cosine(line.predictedCosine),
                                   cosine(line.quality->cosine),
                                   percent(line.quality->relativeError),
                                   std::string(verdict ? name(*verdict) : "-"),
                                   bytes(line.bytesBefore),
                                   bytes(line.choice->bytesAfter)};
    const auto output = [&](double Quality::*value) {
      return line.outputs ? std::optional((*line.outputs).*value) : std::nullopt;
    };
    if (outputs)
      cells.insert(cells.begin() + 5, {cosine(output(&Quality::cosine)), percent(output(&Quality::relativeError))});
    table.add(cells);
  }
  const LineTotals totals = totalsOf(lines);
  std::string text = totals.compressed > 0 ? table.text() + "\n" : "";
  text += fmt::format("{} layers compressed, {} dense\n", totals.compressed, dense);
  if (totals.compressed > 0)
    text += fmt::format("average cosine {}, average relative error {}; {}\n", cosine(totals.meanCosine),
                        percent(totals.meanRelativeError), verdictCounts(totals));
  if (totals.meanOutputCosine)
    text += fmt::format("average cosine of the outputs on the calibration text {}; verdicts go by the weights\n",
                        cosine(totals.meanOutputCosine));
  return text;
}

/// One compression, from options to files.
class Run final {
 public:
  Run(const Options& options, Console& console)
      : m_options(options), m_console(console), m_checkpoint(openCheckpoint(options.model)) {
    for (const LayerInfo& layer : m_checkpoint->layers()) m_lines.push_back(lineOf(layer));
  }

  void carryOut() {
    requireGoodTarget(*m_checkpoint, m_options.output, m_options.overwrite); // before any long work
    if (!m_options.run.empty()) m_run = RunFile::open(m_options.run, *m_checkpoint);
    try {
      choose();
      compress();
    } catch (const Cancelled&) {
      if (!m_run) throw;
      m_run->finish();
      m_console.note(
          fmt::format("{} finished layers are kept in {}; the same command goes on from there", m_done, m_options.run));
      throw;
    }
    print();
  }

 private:
  ExportKind kind() const { return m_options.dense ? ExportKind::Dense : ExportKind::Factored; }

  /// Decides what to do with every layer, which may need spectra.
  void choose() {
    const bool fromFile = !m_options.planFile.empty();
    RankPlan plan;
    if (fromFile) {
      plan = planFromFile(m_options.planFile, m_options.plan, *m_checkpoint);
      warnOfIdleRules(plan, m_options.planFile, *m_checkpoint, m_console);
    }
    m_method = methodFrom(m_options.plan.method, fromFile ? methodsIn(plan) : std::set{m_options.plan.method.chosen()},
                          std::nullopt, m_checkpoint, m_console);
    m_spectra.resize(m_checkpoint->layers().size());
    addSpectra(fromFile ? spectraNeeded(plan, *m_checkpoint) : layersToAnalyse(m_options.plan, *m_checkpoint));
    if (!fromFile)
      plan = planFrom(m_options.plan, *m_checkpoint, lookupIn(m_spectra), m_method.get(), m_notes,
                      m_console.progress("Weighing layers"));
    m_plan = resolve(plan, *m_checkpoint, lookupIn(m_spectra), m_options.plan.recompress);
    m_notes.insert(m_notes.end(), m_plan.notes.begin(), m_plan.notes.end());
    m_console.notes(m_notes);
    requireSomethingToDo(plan);
    if (m_run) m_run->setPlan(plan);
    m_factoriser = factoriserFor(m_method.get(), m_checkpoint, m_plan, m_run.get(), m_console);
  }

  /// A model as large as the original is written only for those who asked for dense matrices, or whose budget it keeps.
  void requireSomethingToDo(const RankPlan& plan) {
    const bool fromFile = !m_options.planFile.empty();
    const auto why = whyNothingIsCompressed(fromFile ? nullptr : &m_options.plan, *m_checkpoint, m_plan);
    if (!why) return;
    if (!m_options.dense && !m_options.plan.hasBudget() && !(fromFile && asksForDense(plan)))
      throw Error(ErrorKind::BadRequest, fmt::format("{}. Nothing was written; --dense writes it all the same", *why));
    m_console.warn(*why);
  }

  void addSpectra(const std::vector<LayerId>& layers) {
    std::vector<LayerId> missing;
    for (const LayerId id : layers)
      if (!m_spectra[id.value]) missing.push_back(id);
    LayerSpectra more = spectraOf(*m_checkpoint, missing, m_run.get(), m_console.progress("Spectra"));
    for (const LayerId id : missing) m_spectra[id.value] = std::move(more[id.value]);
  }

  void compress() {
    ModelExport target(m_checkpoint, m_plan, kind(), m_options.output, m_options.overwrite);
    m_console.note(fmt::format("{} takes {}", m_options.output, bytes(exportBytes(*m_checkpoint, m_plan, kind()))));
    if (m_run) addSpectra(layersWithRank()); // for the report
    const Progress progress = m_console.progress("Compressing");
    runCompression(
        *m_checkpoint,
        {.plan = m_plan,
         .spectra = lookupIn(m_spectra),
         .factoriser = m_factoriser,
         .outputs = m_method ? m_method->outputMeasure() : OutputMeasure(),
         .run = m_run.get(),
         .target = &target},
        [this](CompressedLayer&& layer) { take(layer); }, progress.slice(0, 0.95));
    if (m_run) m_run->finish();
    target.finish(progress.slice(0.95, 1));
    if (const std::string larger = largerLayers(m_lines); !larger.empty()) m_console.warn(larger);
  }

  std::vector<LayerId> layersWithRank() const {
    std::vector<LayerId> layers;
    for (const LayerInfo& layer : m_checkpoint->layers())
      if (!m_plan.layers[layer.id.value].isDense()) layers.push_back(layer.id);
    return layers;
  }

  void take(const CompressedLayer& layer) {
    LayerLine& line = m_lines[layer.layer.value];
    setResult(line, layer);
    ++m_done;
    if (!line.error.empty())
      m_console.warn(fmt::format("{}; it stays dense", line.error));
    else if (line.isCompressed())
      m_console.detail(fmt::format("{}: {}{}, cosine {}", line.name, line.choice->base ? "" : "rank ", kindOf(line),
                                   cosine(layer.quality.cosine)));
  }

  void print() const {
    const ModelIdentity model = identityOf(*m_checkpoint);
    const char* const kindName = m_options.dense ? "dense" : "factored";
    if (m_console.wantsJson()) {
      Json json = jsonOf(model, m_lines, false);
      json["written"] = {{"path", m_options.output}, {"kind", kindName}};
      json["run"] = m_run ? Json(m_options.run) : Json(nullptr);
      json["notes"] = m_notes;
      return m_console.printJson(json);
    }
    const LineTotals totals = totalsOf(m_lines);
    const std::uint64_t after = model.bytes - totals.bytesBefore + totals.bytesAfter;
    std::string text = fmt::format("{}\n\n{}", describe(model), tableOf(m_lines));
    text += fmt::format("layers in scope {}\n", keptShare(totals.scopeBefore, totals.scopeAfter));
    text += fmt::format("whole model, compressed {}\n", keptShare(model.bytes, after));
    text += fmt::format("{} model written to {}\n", m_options.dense ? "Dense" : "Compressed", m_options.output);
    if (m_run) text += fmt::format("Run kept in {}\n", m_options.run);
    m_console.print(text);
  }

  const Options& m_options;
  Console& m_console;
  std::shared_ptr<const Checkpoint> m_checkpoint;
  std::unique_ptr<RunFile> m_run;
  std::unique_ptr<const CalibratedMethod> m_method; ///< null: plain
  Factoriser m_factoriser;
  LayerSpectra m_spectra;
  ResolvedPlan m_plan;
  std::vector<std::string> m_notes;
  std::vector<LayerLine> m_lines; ///< by LayerId::value
  std::size_t m_done = 0;
};

void requireConsistent(const Options& options) {
  if (options.model.empty()) throw CLI::RequiredError("MODEL or --input_dir");
  if (options.output.empty()) throw CLI::RequiredError("OUT or --output_dir");
  requireConsistent(options.plan, !options.planFile.empty());
  if (!options.planFile.empty() && options.plan.choosesRanks())
    throw CLI::ValidationError("--plan",
                               "says the ranks already and cannot go with --preset, --rank, --fraction, --cosine, "
                               "--keep, --bytes, --min-dim or --base");
}

} // namespace

Action compressCommand(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  auto* model = app.add_option("MODEL", options->model, "Hugging Face folder, .safetensors file or index");
  auto* output = app.add_option(
      "OUT", options->output, "Folder for the compressed model, new or empty; it may lie beside or in the model's own");
  app.add_option("--input_dir", options->model, "The same as MODEL")->excludes(model)->option_text("FOLDER");
  app.add_option("--output_dir", options->output, "The same as OUT")->excludes(output)->option_text("FOLDER");
  app.add_option("--plan", options->planFile, "Take the ranks from a plan file")->option_text("PLAN.json");
  declarePlanOptions(app, options->plan);
  app.add_flag("--dense", options->dense, "Write plain matrices again, which any program reads, instead of factors");
  app.add_flag("--overwrite", options->overwrite, "Replace an earlier export in OUT");
  app.add_flag("--recompress", options->plan.recompress, "Also compress layers that are compressed already");
  app.add_option("--run", options->run,
                 "Keep every finished layer in this run file; a stopped or killed command goes on from there")
      ->option_text("RUN.h5");
  app.footer("Examples:\n"
             "  rankscope-cli compress gpt-neo-125m out --preset hybrid --quant-bits 8 --run run.h5\n"
             "  rankscope-cli compress --input_dir gpt-neo-1.3B --output_dir out --rank 128 --quant_bits 8 "
             "--min_dim_for_compression 256\n"
             "  rankscope-cli compress gpt-neo-125m out --base int4 --rank 8");
  return [options](Console& console) {
    requireConsistent(*options);
    Run(*options, console).carryOut();
  };
}

} // namespace rankscope::cli
