// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/evaluate/comparison.h"
#include "core/evaluate/study.h"
#include "ui/plots/geometry.h"

/// What the Evaluate page's plots draw, as numbers.
namespace rankscope::ui {

/// Relative error of the residual stream behind block 0, 1, … Blocks whose error JSON could not hold are left out.
Curve errorByDepth(const std::vector<Nearness>& blocks);

/// One bar of a histogram on a log axis; `share` is of all positions.
struct HistogramBar {
  double from = 0;
  double to = 0;
  double share = 0;
};
/// Bars of positive width on a log axis: empty bins at both ends are cut, the bin from 0 begins a half-decade below its
/// end.
std::vector<HistogramBar> klBars(const std::vector<Bin>& bins);

/// The N-sweep on log axes: what was measured, and what three simple laws would give from the error ε of one layer.
struct SweepLines {
  Curve draws;      ///< every draw
  Curve means;      ///< mean of each N
  Curve averaging;  ///< ε/√N
  Curve constant;   ///< ε
  Curve randomWalk; ///< ε·√N, at most 1: what it cannot pass
  Curve fit;        ///< c·N^exponent through the means; empty without a fit
  Range x, y;
};
SweepLines sweepLines(const StudyReport& study);

/// What one layer alone did, to be compared between layers.
enum class Effect { Kl, Error, WeightCosine, OutputCosine };
double effectOf(const LayerEffect& layer, Effect effect);

/// The `most` layers that hurt most by `effect` (lowest cosine, highest KL or error), worst first.
std::vector<LayerEffect> worstLayers(const std::vector<LayerEffect>& layers, Effect effect, std::size_t most);

/// A text cut where two of them part: what they share, the word (or rest of one) that comes then, what follows. UTF-8;
/// never cuts a character in two.
struct CutText {
  std::string same;
  std::string word;
  std::string rest;
};
CutText cutAt(const std::string& text, std::size_t sameBytes);

} // namespace rankscope::ui
