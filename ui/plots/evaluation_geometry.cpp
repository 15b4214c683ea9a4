// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/evaluation_geometry.h"

#include <algorithm>
#include <cmath>

namespace rankscope::ui {

namespace {

const double kHalfDecade = std::sqrt(10.0);

void widen(Range& range, const Curve& curve) {
  for (const double y : curve.y) {
    range.lower = std::min(range.lower, y);
    range.upper = std::max(range.upper, y);
  }
}

bool isBad(Effect effect) {
  return effect == Effect::Kl || effect == Effect::Error;
}

} // namespace

Curve errorByDepth(const std::vector<Nearness>& blocks) {
  Curve curve;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (!std::isfinite(blocks[i].relativeError)) continue;
    curve.x.push_back(static_cast<double>(i));
    curve.y.push_back(blocks[i].relativeError);
  }
  return curve;
}

std::vector<HistogramBar> klBars(const std::vector<Bin>& bins) {
  auto first = bins.begin(), last = bins.end();
  while (first != last && first->count == 0) ++first;
  while (first != last && (last - 1)->count == 0) --last;
  double all = 0;
  for (auto bin = first; bin != last; ++bin) all += static_cast<double>(bin->count);
  std::vector<HistogramBar> bars;
  for (auto bin = first; bin != last; ++bin) {
    HistogramBar bar{bin->from, bin->to, static_cast<double>(bin->count) / all};
    if (!std::isfinite(bar.to)) bar.to = bar.from * kHalfDecade;
    if (bar.from <= 0) bar.from = bar.to / kHalfDecade;
    bars.push_back(bar);
  }
  return bars;
}

SweepLines sweepLines(const StudyReport& study) {
  SweepLines lines;
  double most = 2;
  for (const SweepDraw& draw : study.sweep) {
    most = std::max(most, static_cast<double>(draw.layers));
    if (!(draw.error > 0)) continue;
    lines.draws.x.push_back(draw.layers);
    lines.draws.y.push_back(draw.error);
  }
  for (const SweepPoint& point : study.sweepMeans) {
    if (!(point.error > 0)) continue;
    lines.means.x.push_back(point.layers);
    lines.means.y.push_back(point.error);
  }
  constexpr int kSteps = 48;
  for (int i = 0; i <= kSteps && study.singleError > 0; ++i) {
    const double n = std::pow(most, static_cast<double>(i) / kSteps);
    const auto add = [n](Curve& curve, double y) {
      curve.x.push_back(n);
      curve.y.push_back(y);
    };
    add(lines.averaging, study.singleError / std::sqrt(n));
    add(lines.constant, study.singleError);
    add(lines.randomWalk, std::min(1.0, study.singleError * std::sqrt(n)));
    if (study.errorFit)
      add(lines.fit, std::min(1.0, study.errorFit->coefficient * std::pow(n, study.errorFit->exponent)));
  }
  lines.x = {0.9, most * std::pow(most, 0.14) * 1.05}; // room for the lines' names
  lines.y = {1, 0};
  for (const Curve* curve : {&lines.draws, &lines.means, &lines.averaging, &lines.randomWalk}) widen(lines.y, *curve);
  if (lines.y.upper <= 0) lines.y = {0.01, 1};
  const double air = std::pow(lines.y.upper / lines.y.lower, 0.06) * 1.05;
  lines.y = {lines.y.lower / air, lines.y.upper * air};
  return lines;
}

double effectOf(const LayerEffect& layer, Effect effect) {
  switch (effect) {
  case Effect::Kl:
    return layer.kl;
  case Effect::Error:
    return layer.error;
  case Effect::WeightCosine:
    return layer.weights.cosine;
  case Effect::OutputCosine:
    return layer.outputs.cosine;
  }
  return 0;
}

std::vector<LayerEffect> worstLayers(const std::vector<LayerEffect>& layers, Effect effect, std::size_t most) {
  std::vector<LayerEffect> worst = layers;
  std::erase_if(worst, [effect](const LayerEffect& layer) { return !std::isfinite(effectOf(layer, effect)); });
  std::stable_sort(worst.begin(), worst.end(), [effect](const LayerEffect& a, const LayerEffect& b) {
    return isBad(effect) ? effectOf(a, effect) > effectOf(b, effect) : effectOf(a, effect) < effectOf(b, effect);
  });
  worst.resize(std::min(worst.size(), most));
  return worst;
}

CutText cutAt(const std::string& text, std::size_t sameBytes) {
  const auto isInside = [&](std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  const auto isSpace = [&](std::size_t at) { return text[at] == ' ' || text[at] == '\n' || text[at] == '\t'; };
  std::size_t cut = std::min(sameBytes, text.size());
  while (cut > 0 && isInside(cut)) --cut;
  std::size_t end = cut;
  while (end < text.size() && isSpace(end)) ++end;
  while (end < text.size() && !isSpace(end)) ++end;
  return {text.substr(0, cut), text.substr(cut, end - cut), text.substr(end)};
}

} // namespace rankscope::ui
