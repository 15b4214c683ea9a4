// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/diagnostics.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>
#include <QLocale>

#include "ui/document/words.h"

namespace rankscope::ui {

namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("rankscope::ui", text);
}

QString number(double value) {
  return QLocale().toString(value, 'g', 4);
}

/// The cosine that a column of ranks is for.
double cosineOf(Diagnostic which) {
  return kDiagnosticCosines[static_cast<std::size_t>(which) - static_cast<std::size_t>(Diagnostic::RankFor85)];
}

} // namespace

DiagnosticValues diagnosticValues(const std::optional<Spectrum>& spectrum,
                                  const std::optional<EntryStatistics>& entries) {
  DiagnosticValues values = kNoDiagnostics;
  if (!spectrum) return values;
  for (const NamedDiagnostic& one : namedDiagnostics(diagnose(*spectrum), entries)) {
    const auto at = std::find(kDiagnosticKeys.begin(), kDiagnosticKeys.end(), one.key);
    values[static_cast<std::size_t>(at - kDiagnosticKeys.begin())] = one.value;
  }
  return values;
}

QString heading(Diagnostic which) {
  switch (which) {
  case Diagnostic::StableRank:
    return tr("Stable rank");
  case Diagnostic::EffectiveRank:
    return tr("Eff. rank");
  case Diagnostic::EffectiveRankEnergy:
    return tr("Eff. rank σ²");
  case Diagnostic::NoiseScale:
    return tr("Noise scale");
  case Diagnostic::NoiseEdge:
    return tr("Noise edge");
  case Diagnostic::AboveEdge:
    return tr("Above edge");
  case Diagnostic::GavishDonohoThreshold:
    return tr("G–D threshold");
  case Diagnostic::GavishDonohoRank:
    return tr("G–D rank");
  case Diagnostic::Alpha:
    return tr("Power law α");
  case Diagnostic::XMin:
    return tr("x_min");
  case Diagnostic::Distance:
    return tr("KS distance");
  case Diagnostic::Tail:
    return tr("Tail");
  case Diagnostic::RankFor85:
  case Diagnostic::RankFor90:
  case Diagnostic::RankFor95:
  case Diagnostic::RankFor99:
    return tr("Rank for %1").arg(words::real(cosineOf(which), 2));
  case Diagnostic::BreakEven:
    return tr("Break-even");
  case Diagnostic::LargestEntry:
    return tr("Largest entry");
  case Diagnostic::Kurtosis:
    return tr("Kurtosis");
  }
  return {};
}

QString meaning(Diagnostic which) {
  switch (which) {
  case Diagnostic::StableRank:
    return tr("‖W‖²_F / σ₁²: how many directions as strong as the first there are");
  case Diagnostic::EffectiveRank:
    return tr("Effective rank: exp of the entropy of σ / Σσ (Roy & Vetterli 2007)");
  case Diagnostic::EffectiveRankEnergy:
    return tr("Effective rank of the energy: exp of the entropy of σ² / Σσ². Smaller than that of σ, because strong "
              "directions count for more.");
  case Diagnostic::NoiseScale:
    return tr("s = median σ / √(q·μ), with q the larger side and μ the median of the Marchenko–Pastur law for the "
              "shape: the size of independent entries that would have this median. Trained weights need not obey that "
              "model.");
  case Diagnostic::NoiseEdge:
    return tr("s·(√rows + √columns), with s the noise scale: singular values of pure noise of that strength end here "
              "(Marchenko & Pastur 1967)");
  case Diagnostic::AboveEdge:
    return tr("How many singular values lie above the noise edge: directions that noise of this strength does not "
              "explain");
  case Diagnostic::GavishDonohoThreshold:
    return tr("ω(β)·median σ, with β the smaller side over the larger: the best threshold for removing white noise of "
              "unknown strength (Gavish & Donoho 2014); ω = 2.858 for a square matrix");
  case Diagnostic::GavishDonohoRank:
    return tr("How many singular values lie above the Gavish–Donoho threshold. A rank for removing noise, not a target "
              "for compression.");
  case Diagnostic::Alpha:
    return tr(
        "Exponent of the power law λ^−α fitted to the tail of λ = σ²: α = 1 + k / Σ ln(λ/x_min) over the k values "
        "from x_min on (Clauset, Shalizi & Newman 2009). Small: a heavy tail, few strong directions.");
  case Diagnostic::XMin:
    return tr(
        "Where the power law's tail begins, in units of σ²: of all candidates the one whose fit is nearest to the "
        "values");
  case Diagnostic::Distance:
    return tr("Kolmogorov–Smirnov: the largest distance between the distribution of the tail and the fitted power law. "
              "The smaller, the more the exponent means.");
  case Diagnostic::Tail:
    return tr("How many values the power law was fitted to");
  case Diagnostic::RankFor85:
  case Diagnostic::RankFor90:
  case Diagnostic::RankFor95:
  case Diagnostic::RankFor99:
    return tr("Smallest rank r at which exact truncation keeps the cosine %1: √(Σ of the first r σ² / Σ of all σ²) ≥ "
              "%1")
        .arg(words::real(cosineOf(which), 2));
  case Diagnostic::BreakEven:
    return tr("rows·columns / (rows + columns): from this rank on two factors are larger than the matrix");
  case Diagnostic::LargestEntry:
    return tr("max |w|: the largest entry by magnitude. Large beside the others, it makes integers coarse.");
  case Diagnostic::Kurtosis:
    return tr("E(w − mean)⁴ / (E(w − mean)²)² of the entries: 3 for a Gaussian, more where there are outliers, 0 for a "
              "constant matrix");
  }
  return {};
}

QString text(Diagnostic which, double value) {
  switch (which) {
  case Diagnostic::AboveEdge:
  case Diagnostic::GavishDonohoRank:
  case Diagnostic::Tail:
  case Diagnostic::RankFor85:
  case Diagnostic::RankFor90:
  case Diagnostic::RankFor95:
  case Diagnostic::RankFor99:
    return words::count(std::llround(value));
  case Diagnostic::StableRank:
  case Diagnostic::EffectiveRank:
  case Diagnostic::EffectiveRankEnergy:
  case Diagnostic::BreakEven:
    return words::real(value);
  case Diagnostic::Alpha:
  case Diagnostic::Kurtosis:
    return words::real(value, 2);
  case Diagnostic::Distance:
    return words::real(value, 3);
  case Diagnostic::NoiseScale:
  case Diagnostic::NoiseEdge:
  case Diagnostic::GavishDonohoThreshold:
  case Diagnostic::XMin:
  case Diagnostic::LargestEntry:
    return number(value);
  }
  return {};
}

QString formula(Diagnostic which, const Spectrum& spectrum, const DiagnosticValues& values) {
  const auto value = [&](Diagnostic other) { return values[static_cast<std::size_t>(other)]; };
  const auto said = [&](Diagnostic other) { return text(other, value(other)); };
  switch (which) {
  case Diagnostic::StableRank:
    if (spectrum.sigma().front() <= 0) return {};
    return QStringLiteral("%1² / %2² = %3")
        .arg(number(spectrum.frobeniusNorm()), number(spectrum.sigma().front()), said(which));
  case Diagnostic::EffectiveRank:
  case Diagnostic::EffectiveRankEnergy:
    return tr("%1 of at most %2").arg(said(which), words::count(spectrum.fullRank()));
  case Diagnostic::NoiseEdge:
    return QStringLiteral("%1·(√%2 + √%3) = %4")
        .arg(said(Diagnostic::NoiseScale))
        .arg(spectrum.rows())
        .arg(spectrum.cols())
        .arg(said(which));
  case Diagnostic::AboveEdge:
    return tr("%1 of %2 above %3").arg(said(which), words::count(spectrum.fullRank()), said(Diagnostic::NoiseEdge));
  case Diagnostic::GavishDonohoRank:
    return tr("%1 of %2 above %3")
        .arg(said(which), words::count(spectrum.fullRank()), said(Diagnostic::GavishDonohoThreshold));
  case Diagnostic::Alpha:
    if (std::isnan(value(which))) return tr("Fewer than ten values are positive, or all are equal: nothing to fit");
    return tr("%1, from the %2 values with σ² ≥ %3; distance %4")
        .arg(said(which), said(Diagnostic::Tail), said(Diagnostic::XMin), said(Diagnostic::Distance));
  case Diagnostic::RankFor85:
  case Diagnostic::RankFor90:
  case Diagnostic::RankFor95:
  case Diagnostic::RankFor99: {
    const double rank = value(which);
    const QString share = words::share(rank / static_cast<double>(spectrum.fullRank()));
    return rank >= value(Diagnostic::BreakEven)
               ? tr("%1, %2 of the full rank: at or above break-even (%3), factors would save nothing")
                     .arg(said(which), share, said(Diagnostic::BreakEven))
               : tr("%1, %2 of the full rank; break-even is at %3")
                     .arg(said(which), share, said(Diagnostic::BreakEven));
  }
  case Diagnostic::BreakEven:
    return QStringLiteral("%1·%2 / (%1 + %2) = %3").arg(spectrum.rows()).arg(spectrum.cols()).arg(said(which));
  default:
    return {};
  }
}

} // namespace rankscope::ui
