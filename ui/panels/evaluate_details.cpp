// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/evaluate_details.h"

#include <cmath>
#include <functional>

#include <QCoreApplication>

#include "ui/document/words.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("rankscope::ui", text);
}

QString nats(double value) {
  return std::isfinite(value) ? words::real(value, value != 0 && std::abs(value) < 0.01 ? 6 : 4) : QStringLiteral("–");
}
QString perplexity(const Perplexity& p) {
  return std::isfinite(p.value)
             ? QStringLiteral("%1 ± %2").arg(words::real(p.value, 3), words::real(p.standardError, 3))
             : QStringLiteral("–");
}

/// A table whose first column is left and all others right aligned.
class Table {
 public:
  explicit Table(const Theme& theme) : m_border(theme.grid.name()) {}

  void add(const QStringList& cells, bool heading = false) {
    m_html += QStringLiteral("<tr>");
    for (qsizetype i = 0; i < cells.size(); ++i) {
      const QString cell =
          heading ? QStringLiteral("<b>%1</b>").arg(cells[i].toHtmlEscaped()) : cells[i].toHtmlEscaped();
      m_html += QStringLiteral("<td align=\"%1\" style=\"padding:2px 14px 2px 2px;border-bottom:1px solid %2\">%3</td>")
                    .arg(i == 0 ? QStringLiteral("left") : QStringLiteral("right"), m_border, cell);
    }
    m_html += QStringLiteral("</tr>");
  }
  QString html() const {
    return QStringLiteral("<table cellspacing=\"0\" style=\"border-collapse:collapse;margin-bottom:12px\">%1</table>")
        .arg(m_html);
  }

 private:
  QString m_border;
  QString m_html;
};

QString metrics(const Comparison& comparison, const Controls* controls, const Theme& theme) {
  const Comparison* bf16 = controls ? &controls->bf16 : nullptr;
  const Comparison* random = controls && controls->random ? &*controls->random : nullptr;
  Table table(theme);
  QStringList head{QString(), tr("compressed")};
  if (controls) head << tr("original in bf16") << tr("random factors") << tr("unrelated text");
  table.add(head, true);
  const auto row = [&](const QString& name, const std::function<QString(const Comparison&)>& value,
                       const QString& unrelated = QStringLiteral("–")) {
    QStringList cells{name, value(comparison)};
    if (controls) cells << value(*bf16) << (random ? value(*random) : QStringLiteral("–")) << unrelated;
    table.add(cells);
  };
  const auto unrelated = [&](double Controls::*which) {
    return controls ? words::cosine(controls->*which) : QStringLiteral("–");
  };
  row(tr("Perplexity of the original"), [](const Comparison& c) { return perplexity(c.original); });
  row(tr("Perplexity"), [](const Comparison& c) { return perplexity(c.compressed); });
  row(tr("KL mean, nats a token"), [](const Comparison& c) { return nats(c.kl.mean); });
  row(tr("KL median"), [](const Comparison& c) { return nats(c.kl.median); });
  row(tr("KL 90 %"), [](const Comparison& c) { return nats(c.kl.p90); });
  row(tr("KL 99 %"), [](const Comparison& c) { return nats(c.kl.p99); });
  row(tr("KL largest"), [](const Comparison& c) { return nats(c.kl.max); });
  row(tr("Same likeliest token"), [](const Comparison& c) { return words::relativeError(c.top1Agreement); });
  row(tr("Of the five likeliest"), [](const Comparison& c) { return words::relativeError(c.top5Agreement); });
  row(
      tr("Output cosine, raw"), [](const Comparison& c) { return words::cosine(c.logits.cosine); },
      unrelated(&Controls::unrelatedLogitCosine));
  row(
      tr("Output cosine, centred"), [](const Comparison& c) { return words::cosine(c.centeredLogits.cosine); },
      unrelated(&Controls::unrelatedCenteredCosine));
  row(tr("Output error, centred"),
      [](const Comparison& c) { return words::relativeError(c.centeredLogits.relativeError); });
  row(
      tr("Last hidden state, cosine"), [](const Comparison& c) { return words::cosine(c.hidden.cosine); },
      unrelated(&Controls::unrelatedHiddenCosine));
  row(tr("Last hidden state, error"), [](const Comparison& c) { return words::relativeError(c.hidden.relativeError); });
  return table.html();
}

QString speedName(const std::string& name) {
  if (name == "original") return tr("original");
  if (name == "compressed") return tr("compressed");
  if (name == "int8") return tr("compressed, int8 factors");
  return QString::fromStdString(name);
}

QString speed(const SpeedReport& report, const Theme& theme) {
  Table table(theme);
  table.add({QString(), tr("weights as stored"), tr("resident"), tr("reading, tokens/s"), tr("ratio"),
             tr("writing, tokens/s"), tr("ratio")},
            true);
  for (const Speed& s : report.models)
    table.add({speedName(s.name), words::bytes(s.weightBytes), words::bytes(s.residentBytes), words::real(s.prefill, 1),
               words::times(s.prefillRatio), words::real(s.decode, 1), words::times(s.decodeRatio)});
  QString html = table.html();
  if (!report.aboveBreakEven.empty()) {
    QStringList names;
    for (const AboveBreakEven& layer : report.aboveBreakEven)
      names << tr("%1 (rank %2, break-even %3)")
                   .arg(QString::fromStdString(layer.layer), words::count(layer.rank), words::real(layer.breakEven, 0));
    html += QStringLiteral("<p>%1</p>")
                .arg(tr("Costs more than dense: %1.").arg(names.join(QStringLiteral(", "))).toHtmlEscaped());
  }
  return html;
}

QString blocks(const Comparison& comparison, const Theme& theme) {
  Table table(theme);
  table.add({tr("behind block"), tr("hidden cosine"), tr("relative error")}, true);
  for (std::size_t i = 0; i < comparison.blocks.size(); ++i)
    table.add({QString::number(i), words::cosine(comparison.blocks[i].cosine),
               words::relativeError(comparison.blocks[i].relativeError)});
  return table.html();
}

QString outcome(const Comparison& c) {
  return tr("Perplexity goes from %1 ± %2 to %3 ± %4 over %5 tokens of %6 records; KL is %7 nats a token, and the "
            "likeliest token is the same %8 % of the time.")
      .arg(words::real(c.original.value, 3), words::real(c.original.standardError, 3),
           words::real(c.compressed.value, 3), words::real(c.compressed.standardError, 3), words::count(c.positions),
           words::count(c.records), words::nats(c.kl.mean), words::real(100 * c.top1Agreement));
}

} // namespace

QString detailsHtml(const EvaluationEntry& entry, const ShownParts& shown, const Theme& theme) {
  if (!shown.comparison) return {};
  QString html;
  const auto heading = [&](const QString& text) { html += QStringLiteral("<h4>%1</h4>").arg(text.toHtmlEscaped()); };
  if (shown.evaluation) {
    html += QStringLiteral("<p style=\"margin:0 0 6px 0\">%1</p>").arg(outcome(*shown.comparison).toHtmlEscaped());
    if (shown.evaluation->text == "evaluation.txt")
      html += QStringLiteral("<p>%1</p>")
                  .arg(tr("The text: stories that the demo model never saw in training.").toHtmlEscaped());
    else
      html += QStringLiteral("<p>%1</p>")
                  .arg(tr("The text: %1. A text that the model itself wrote or was trained on flatters its perplexity.")
                           .arg(QString::fromStdString(shown.evaluation->text))
                           .toHtmlEscaped());
  }
  const Controls* controls = shown.evaluation && shown.evaluation->controls ? &*shown.evaluation->controls : nullptr;
  heading(tr("Against the original, %1 tokens in %2 windows")
              .arg(words::count(shown.comparison->tokens), words::count(shown.comparison->windows)));
  html += metrics(*shown.comparison, controls, theme);
  if (shown.evaluation && shown.evaluation->speed) {
    heading(tr("Memory and speed, measured by turns"));
    html += speed(*shown.evaluation->speed, theme);
  }
  if (!shown.comparison->blocks.empty()) {
    heading(tr("By depth"));
    html += blocks(*shown.comparison, theme);
  }
  if (!entry.planJson.empty()) {
    heading(tr("The plan that was measured"));
    html += QStringLiteral("<pre style=\"white-space:pre-wrap\">%1</pre>")
                .arg(QString::fromStdString(entry.planJson).toHtmlEscaped());
  }
  return html;
}

} // namespace rankscope::ui
