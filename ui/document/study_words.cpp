// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/study_words.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>

#include "core/evaluate/study_words.h"
#include "ui/document/words.h"

namespace rankscope::ui {

namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("rankscope::ui", text);
}

QString three(double value) {
  return words::real(value, 3);
}

QString law(double exponent) {
  if (exponent < 0) return tr("errors average out as ε/√N");
  if (exponent == 0) return tr("the error stays that of one layer, ε");
  if (exponent < 1) return tr("errors add up like independent noise, as ε·√N");
  return tr("errors add up in one direction, as ε·N");
}

QString growth(const PowerFit& fit) {
  const QString what = tr("With N randomly chosen layers compressed together, the error of the logits (sqrt(1 − c²) of "
                          "their centred cosine c, root of the mean square over the draws) grows as N^%1")
                           .arg(words::real(fit.exponent, 2));
  if (!std::isfinite(fit.halfWidth95)) return tr("%1, from two points, which fit any law.").arg(what);
  const QString width = words::real(fit.halfWidth95, 2), points = QString::number(fit.points);
  return fit.saturated ? tr("%1 ± %2 (95 % interval, %3 points).").arg(what, width, points)
                       : tr("%1 ± %2 (95 % interval, %3 points below saturation).").arg(what, width, points);
}

QString fitWords(const PowerFit& fit) {
  const std::vector<double> laws = lawsThatFit(fit);
  QStringList named;
  for (const double exponent : laws) named.append(law(exponent));
  const QString list = named.join(QStringLiteral("; "));
  QStringList all{growth(fit)};
  if (laws.size() > 1)
    all.append(tr("These data cannot tell apart: %1.").arg(list));
  else if (std::abs(laws.front() - fit.exponent) <= fit.halfWidth95)
    all.append(tr("The one simple law in this interval: %1.").arg(list));
  else
    all.append(tr("None of the simple laws lies in it; the nearest: %1.").arg(list));
  all.append(fit.exponent - fit.halfWidth95 > -0.5 ? tr("Averaging, ε/√N, is ruled out by the fit.")
                                                   : tr("The fit alone does not rule out averaging, ε/√N."));
  if (fit.saturated)
    all.append(tr("Most of the points lie where the outputs are already unrelated and the error cannot grow, so the "
                  "exponent says little; a smaller compression would show more."));
  return all.join(QLatin1Char(' '));
}

QString averagingWords(const StudyReport& report) {
  const SweepPoint& last = report.sweepMeans.back();
  const double single = report.singleError, n = last.layers;
  return tr("One layer alone costs an error of %1 (root of the mean square). Averaging (ε/√N) would give %2 for all "
            "%3, "
            "independent noise (ε·√N, at most 1) %4; measured: %5.")
             .arg(three(single), three(single / std::sqrt(n)), QString::number(last.layers),
                  three(std::min(1.0, single * std::sqrt(n))), three(last.error)) +
         QLatin1Char(' ') +
         (last.error > single ? tr("Errors do not average out: every further layer makes the model worse.")
                              : tr("In this run more layers together were no worse than one alone."));
}

QString weightWords(const StudyReport& report) {
  double weights = 0, outputs = 0;
  for (const LayerEffect& layer : report.layers) {
    weights += layer.weights.cosine;
    outputs += layer.outputs.cosine;
  }
  const double count = static_cast<double>(report.layers.size());
  weights /= count;
  outputs /= count;
  return tr("Per layer, the weights' cosine is %1 on average, the cosine of what the layer puts out on this text %2.")
             .arg(three(weights), three(outputs)) +
         QLatin1Char(' ') +
         (outputs > weights
              ? tr("Real inputs use the kept directions more than a random input would, which is why a model survives "
                   "weight cosines that look hopeless.")
              : tr("Real inputs use the lost directions at least as much as a random input would, so the weights' "
                   "cosine flatters these layers."));
}

QString depthWords(const StudyReport& report) {
  const double first = report.depth.front().relativeError, last = report.depth.back().relativeError;
  return (last > first
              ? tr("Behind the first block the residual stream has a relative error of %1, behind the last one "
                   "%2: it grows with depth, so later blocks do not repair what earlier ones lost.")
              : tr("Behind the first block the residual stream has a relative error of %1, behind the last one "
                   "%2: later blocks add more to the stream than they add error."))
      .arg(three(first), three(last));
}

QString togetherWords(const Comparison& together) {
  return tr("With everything compressed the raw output cosine is %1, centred over the vocabulary %2; softmax sees only "
            "the latter. KL is %3 nats a token, perplexity goes from %4 to %5.")
      .arg(three(together.logits.cosine), three(together.centeredLogits.cosine), three(together.kl.mean),
           words::real(together.original.value, 2), words::real(together.compressed.value, 2));
}

} // namespace

QStringList studyWords(const StudyReport& report) {
  QStringList all;
  if (report.errorFit) all.append(fitWords(*report.errorFit));
  if (!report.sweepMeans.empty() && !report.layers.empty()) all.append(averagingWords(report));
  if (!report.layers.empty()) all.append(weightWords(report));
  if (!report.depth.empty()) all.append(depthWords(report));
  if (report.together) all.append(togetherWords(*report.together));
  all.append(
      tr("The original study's own numbers: a cosine of 0.58 is an error of 0.81, not 0.4; an output cosine of "
         "0.875 is an error of 0.48, not 0.08; averaging 0.81 over 24 layers (ε/√24) would have given a cosine of "
         "0.987. Its data never supported averaging."));
  return all;
}

} // namespace rankscope::ui
