// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/report.h"

#include <memory>

#include <fmt/format.h>

#include "app/cli/command.h"
#include "app/cli/console.h"
#include "app/cli/layer_line.h"
#include "app/cli/words.h"

namespace rankscope::cli {
namespace {

struct Options {
  std::string run;
  std::string output;
};

void writeRunReport(const Options& options, Console& console) {
  if (!reportFormatFor(options.output))
    throw CLI::ValidationError("--output", fmt::format("{} must end in .html, .md or .csv", options.output));
  const RunContents run = readRun(options.run);
  writeReport(run, options.output);
  std::vector<LayerLine> lines;
  for (const LayerRecord& layer : run.layers) lines.push_back(lineOf(layer));
  if (console.wantsJson()) {
    Json json = jsonOf(run.model, lines, false);
    json["written"] = options.output;
    return console.printJson(json);
  }
  const LineTotals totals = totalsOf(lines);
  console.print(fmt::format("Report of {} ({} layers, {} compressed, mean cosine {}) written to {}\n", options.run,
                            lines.size(), totals.compressed, cosine(totals.meanCosine), options.output));
}

} // namespace

Action reportCommand(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("RUN.h5", options->run, "Run file of compress, spectrum or the window")->required();
  app.add_option("-o,--output", options->output, "The report; its ending says which kind")
      ->required()
      ->option_text("REPORT.{html,md,csv}");
  app.footer("Example:\n  rankscope-cli report run.h5 -o report.html");
  return [options](Console& console) { writeRunReport(*options, console); };
}

} // namespace rankscope::cli
