// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/report_html.h"

#include <fmt/format.h>

#include "core/report/report_evaluations.h"
#include "core/report/report_plots.h"
#include "core/report/report_text.h"

namespace rankscope {

namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--back:#f4f5f7;--card:#fff;--text:#1d2430;--faint:#667080;--line:#dfe3e8;--grid:#e8ebef;
--v0:#0b5fa5;--v1:#00704f;--v2:#84600a;--v3:#b3440a;--v4:#93356b;
--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#b85a92;--s4:#b58900;--s5:#3a9bd5;--s6:#5b4b9a;--s7:#444}
@media(prefers-color-scheme:dark){:root{--back:#16191e;--card:#1f242b;--text:#e3e6ea;--faint:#98a1ae;--line:#3a414b;--grid:#2f353e;
--v0:#6cb8f0;--v1:#3cc79c;--v2:#e6b422;--v3:#f0915a;--v4:#e08fbc;
--s0:#56b4e9;--s1:#e6823c;--s2:#2fc498;--s3:#dc93bd;--s4:#e0c53a;--s5:#7f9cf5;--s6:#b9a3e3;--s7:#d0d4da}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:15px/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1240px;margin:0 auto;padding:28px 16px 60px}
h1{font-size:26px;margin:0;overflow-wrap:anywhere}h2{font-size:18px;margin:34px 0 10px}
p{max-width:80ch;margin:8px 0}
.meta{color:var(--faint);margin:4px 0 18px;overflow-wrap:anywhere}
.badge{font-size:12px;font-weight:600;border:1px solid var(--v3);color:var(--v3);border-radius:9px;padding:1px 8px;vertical-align:middle;margin-left:8px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:12px}
.card,figure,.scroll{background:var(--card);border:1px solid var(--line);border-radius:8px}
.card{padding:12px 14px}.card b{display:block;font-size:22px;line-height:1.3;font-variant-numeric:tabular-nums}.card span{color:var(--faint);font-size:13px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:12px}.small{grid-template-columns:repeat(auto-fit,minmax(260px,1fr))}
figure{margin:0;padding:8px}svg{display:block;width:100%;height:auto}
svg text{fill:var(--text);font-size:11px}svg .title{font-size:13px;font-weight:600}svg .tick,svg .note{fill:var(--faint)}svg .note{paint-order:stroke;stroke:var(--card);stroke-width:4px}
svg .grid{stroke:var(--grid)}svg .mark{stroke:var(--faint);stroke-dasharray:2 3}
svg .curve{fill:none;stroke:currentColor;stroke-width:1.6}svg .dashed{stroke-dasharray:6 4}.small svg .curve{stroke-width:1;opacity:.75}svg .dot{fill:currentColor}
.key{color:var(--faint);font-size:13px;margin:6px 2px;max-width:none}.key i{display:inline-block;width:14px;height:3px;border-radius:2px;vertical-align:middle;margin:0 5px 2px 12px}
.ramp{display:inline-block;width:70px;height:6px;border-radius:3px;background:linear-gradient(90deg,#0072b2,#d55e00);margin:0 6px}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:12.5px;font-variant-numeric:tabular-nums}
th,td{padding:4px 6px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}th{color:var(--faint);font-weight:600;white-space:normal;vertical-align:bottom}
tbody tr:last-child td,tfoot tr:last-child td{border-bottom:0}tfoot td{font-weight:600;border-top:2px solid var(--line)}
.l{text-align:left}td.name{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:11.5px}td.plain{color:var(--faint)}
.v0{color:var(--v0)}.v1{color:var(--v1)}.v2{color:var(--v2)}.v3{color:var(--v3)}.v4{color:var(--v4)}.verdict{font-weight:600}
.verdicts{list-style:none;padding:0;margin:12px 0 0;display:flex;flex-wrap:wrap;gap:6px 22px}
.caution{border-left:3px solid var(--v3);padding-left:12px}
details{margin-top:8px}summary{cursor:pointer}pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;overflow-x:auto;font-size:12.5px}
.texts{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:12px}figcaption{font-weight:600}mark{background:none;color:var(--v3)}
@media print{body{background:none}main{max-width:none;padding:0}figure,tr{break-inside:avoid}}
)";

std::string card(const std::string& value, const std::string& what) {
  return fmt::format("<div class=\"card\"><b>{}</b><span>{}</span></div>", escapedHtml(value), escapedHtml(what));
}

std::string header(const ReportModel& model) {
  const RunContents& run = *model.run;
  const ModelIdentity& identity = run.model;
  std::string text =
      fmt::format("<h1>{}{}</h1>\n", escapedHtml(identity.name),
                  identity.synthetic ? "<span class=\"badge\">synthetic: generated, not trained</span>" : "");
  text += fmt::format("<p class=\"meta\">{} · {} parameters · {} · {}<br>{}<br>Rankscope {} · run of {}</p>\n",
                      escapedHtml(identity.architecture), countText(identity.parameters), bytesText(identity.bytes),
                      escapedHtml(identity.format), escapedHtml(identity.path.string()),
                      escapedHtml(run.programVersion), escapedHtml(run.created));
  return text;
}

std::string cards(const ReportModel& model) {
  std::string text = "<div class=\"cards\">";
  text += card(std::to_string(model.layers.size()), fmt::format("weight matrices, {} with a spectrum", model.analysed));
  if (model.averages) {
    const double kept =
        static_cast<double>(model.bytesAfter) / static_cast<double>(std::max<std::uint64_t>(model.bytesBefore, 1));
    const std::string rest = fmt::format("{} dense, {} failed", model.dense, model.failed);
    text += model.quantised == 0
                ? card(std::to_string(model.factored), "stored as factors; " + rest)
                : card(std::to_string(model.compressed()),
                       fmt::format("compressed: {} factored, {} quantised; {}", model.factored, model.quantised, rest));
    text += card(cosineText(model.averages->cosine),
                 fmt::format("mean cosine, measured (predicted {})", cosineText(model.averages->predictedCosine)));
    text += card(percentText(model.averages->relativeError), "mean relative error");
    text += card(percentText(kept), fmt::format("of these layers kept: {} → {}", bytesText(model.bytesBefore),
                                                bytesText(model.bytesAfter)));
    text += card(bytesText(model.modelAfter), fmt::format("whole model, from {}", bytesText(model.run->model.bytes)));
  }
  return text + "</div>\n";
}

std::string verdictList(const ReportModel& model, const VerdictThresholds& thresholds) {
  if (model.compressed() == 0) return {};
  const std::array bounds{thresholds.excellent, thresholds.good, thresholds.fair, thresholds.poor};
  std::string text = "<ul class=\"verdicts\">";
  for (std::size_t i = 0; i < kVerdicts.size(); ++i)
    text +=
        fmt::format("<li><span class=\"verdict v{}\">{} {}</span> {} <span class=\"key\">{}</span></li>", i,
                    markOf(kVerdicts[i]), name(kVerdicts[i]), model.verdicts[i],
                    i < bounds.size() ? fmt::format("cosine ≥ {}", bounds[i]) : fmt::format("below {}", bounds.back()));
  return text + "</ul>\n";
}

std::string roleKey(const ReportModel& model) {
  const std::vector<Role> roles = rolesIn(model);
  std::string text = "<p class=\"key\">";
  for (std::size_t i = 0; i < roles.size(); ++i)
    text += fmt::format("<i style=\"background:var(--s{})\"></i>{}", i % 8, name(roles[i]));
  return text + "<i style=\"background:var(--faint)\"></i>random matrices of the same shapes (dashed)</p>\n";
}

std::string plots(const ReportModel& model, const VerdictThresholds& thresholds) {
  if (model.scope.empty()) return {};
  std::string text = "<h2>Quality and rank</h2>\n<div class=\"figures\">";
  for (const std::string& plot : {cosineByBlock(model, thresholds), cosineByRank(model)})
    if (!plot.empty()) text += "<figure>" + plot + "</figure>";
  text += "</div>\n" + roleKey(model);
  text += "<h2>Singular values</h2>\n<div class=\"figures small\">";
  for (const std::string& plot : spectraByRole(model)) text += "<figure>" + plot + "</figure>";
  return text +
         "</div>\n<p class=\"key\">each curve a layer, first block <span class=\"ramp\"></span> last block</p>\n";
}

std::string demands(const ReportModel& model) {
  if (model.demands.empty()) return {};
  std::string text = "<h2>What it takes</h2>\n<p>Exact truncation with one share of the full rank for all " +
                     std::to_string(model.scope.size()) +
                     " layers, by their spectra. At break-even two factors hold as many numbers as "
                     "the matrix; beyond it they cost more than they save.</p>\n<div "
                     "class=\"scroll\"><table><thead><tr><th>Mean cosine</th>"
                     "<th>Share of full rank</th><th>Mean rank</th><th>Numbers kept</th><th>Layers past break-even</th>"
                     "<th>A random matrix keeps</th></tr></thead><tbody>";
  for (const RankDemand& demand : model.demands)
    text += fmt::format("<tr><td>{:.2f}</td><td>{}</td><td>{}</td><td>{}</td><td>{} of {}</td><td>{}</td></tr>",
                        demand.target, percentText(demand.share), rankText(demand.meanRank),
                        percentText(demand.numbersKept), demand.pastBreakEven, model.scope.size(),
                        cosineText(demand.randomCosine));
  return text + "</tbody></table></div>\n";
}

/// "F32", or "F32 → int8", or "F16 → int4 + f16".
std::string dtypes(const ReportLayer& layer) {
  std::string text(name(layer.record->dtype));
  if (!layer.isCompressed()) return text;
  const LayerChoice& choice = layer.record->compression->choice;
  text += " → ";
  if (choice.base) text += name(choice.base->storage);
  if (choice.base && choice.rank) text += " + ";
  if (choice.rank) text += name(choice.formatA.storage);
  return text;
}

std::string row(const ReportLayer& layer) {
  const LayerRecord& record = *layer.record;
  const bool compressed = record.compression.has_value();
  std::string verdict = layer.verdict
                            ? fmt::format("<td class=\"l verdict v{}\">{} {}", static_cast<int>(*layer.verdict),
                                          markOf(*layer.verdict), name(*layer.verdict))
                            : fmt::format("<td class=\"l plain\">{}", outcomeText(layer));
  if (!layer.error.empty()) verdict += ": " + escapedHtml(layer.error);
  return fmt::format(
      "<tr><td class=\"l name\">{}</td><td>{}</td><td>{}</td>{}</td><td>{}</td><td>{}</td><td>{}</td><td "
      "class=\"l\">{}</td>"
      "<td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
      escapedHtml(record.name), cosineText(layer.cosine), percentText(layer.relativeError), verdict,
      cosineText(layer.predictedCosine), layer.kind().value_or(std::string(kDash)), shapeText(layer), dtypes(layer),
      compressed ? bytesText(layer.bytesBefore) : std::string(kDash),
      compressed ? bytesText(layer.bytesAfter) : std::string(kDash),
      layer.spectrum ? rankText(layer.spectrum->stableRank()) : std::string(kDash),
      layer.spectrum ? rankText(layer.spectrum->effectiveRank(Spectrum::Weight::Sigma)) : std::string(kDash));
}

std::string diagnostics(const ReportModel& model) {
  if (model.analysed == 0) return {};
  std::string text = "<h2>Diagnostics</h2>\n<details><summary>What the spectra and entries say of each "
                     "layer</summary><div class=\"scroll\"><table><thead><tr><th class=\"l\">Layer</th>";
  for (const DiagnosticColumn& column : kDiagnosticColumns) text += fmt::format("<th>{}</th>", column.heading);
  text += "</tr></thead><tbody>\n";
  for (const ReportLayer& layer : model.layers) {
    text += fmt::format("<tr><td class=\"l name\">{}</td>", escapedHtml(layer.record->name));
    for (const DiagnosticColumn& column : kDiagnosticColumns)
      text += fmt::format("<td>{}</td>", figureText(layer.diagnostic(column.key)));
    text += "</tr>\n";
  }
  return text + fmt::format("</tbody></table></div><p class=\"key\">{}</p></details>\n", escapedHtml(diagnosticsKey()));
}

std::string table(const ReportModel& model) {
  std::string text =
      "<h2>Layers</h2>\n<div class=\"scroll\"><table><thead><tr><th class=\"l\">Layer</th><th>Cosine</th>"
      "<th>Relative Error</th><th class=\"l\">Verdict</th><th>Predicted</th><th>Rank</th><th>Shape</th>"
      "<th class=\"l\">Dtype</th><th>Before</th><th>After</th><th>Stable rank</th><th>Effective "
      "rank</th></tr></thead><tbody>\n";
  for (const ReportLayer& layer : model.layers) text += row(layer);
  text += "</tbody>";
  if (model.averages)
    text += fmt::format("<tfoot><tr><td class=\"l\">Average of {} compressed layers; bytes in "
                        "all</td><td>{}</td><td>{}</td><td></td><td>{}</td>"
                        "<td></td><td></td><td></td><td>{}</td><td>{}</td><td></td><td></td></tr></tfoot>",
                        model.compressed(), cosineText(model.averages->cosine),
                        percentText(model.averages->relativeError), cosineText(model.averages->predictedCosine),
                        bytesText(model.bytesBefore), bytesText(model.bytesAfter));
  return text + "</table></div>\n<p class=\"key\">Predicted: cosine of the exact truncation, from the spectrum. Stable "
                "rank: ‖W‖² / σ₁². "
                "Effective rank: exp of the entropy of σ / Σσ.</p>\n";
}

} // namespace

std::string_view pageStyle() {
  return kStyle;
}

std::string renderHtml(const ReportModel& model, const VerdictThresholds& thresholds) {
  std::string text =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Rankscope report: " +
      escapedHtml(model.run->model.name) + "</title><style>" + std::string(pageStyle()) + "</style></head>\n<body><main>\n";
  text += header(model) + cards(model) + verdictList(model, thresholds);
  for (const std::string& sentence : findings(model)) text += "<p>" + escapedHtml(sentence) + "</p>\n";
  text += plots(model, thresholds) + demands(model) + evaluationsHtml(*model.run);
  text += fmt::format("<p class=\"caution\">{}</p>\n", escapedHtml(caution()));
  text += table(model) + diagnostics(model);
  if (!model.run->planJson.empty())
    text += "<h2>Plan</h2>\n<details><summary>The plan as a file</summary><pre>" + escapedHtml(model.run->planJson) +
            "</pre></details>\n";
  return text + "</main></body></html>\n";
}

} // namespace rankscope
