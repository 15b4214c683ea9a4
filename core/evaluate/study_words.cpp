// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/study_words.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace rankscope {

namespace {

struct Hypothesis {
  double exponent;
  const char* words;
};

constexpr Hypothesis kHypotheses[] = {
    {-0.5, "errors average out as ε/√N"},
    {0, "the error stays that of one layer, ε"},
    {0.5, "errors add up like independent noise, as ε·√N"},
    {1, "errors add up in one direction, as ε·N"},
};

const char* wordsFor(double exponent) {
  const auto found = std::find_if(std::begin(kHypotheses), std::end(kHypotheses),
                                  [exponent](const Hypothesis& law) { return law.exponent == exponent; });
  return found == std::end(kHypotheses) ? "" : found->words;
}

std::string fitSentence(const StudyReport& report) {
  const PowerFit& fit = *report.errorFit;
  const std::vector<double> laws = lawsThatFit(fit);
  std::string text = fmt::format(
      "With N randomly chosen layers compressed together, the error of the logits (sqrt(1 − c²) of their centred "
      "cosine c, root of the mean square over the draws) grows as N^{:.2f}",
      fit.exponent);
  text += std::isfinite(fit.halfWidth95) ? fmt::format(" ± {:.2f} (95 % interval, {} points{}). ", fit.halfWidth95,
                                                       fit.points, fit.saturated ? "" : " below saturation")
                                         : ", from two points, which fit any law. ";
  if (laws.size() > 1) {
    text += "These data cannot tell apart: ";
  } else {
    const bool inside = std::abs(laws[0] - fit.exponent) <= fit.halfWidth95;
    text += inside ? "The one simple law in this interval: " : "None of the simple laws lies in it; the nearest: ";
  }
  for (std::size_t i = 0; i < laws.size(); ++i) text += fmt::format("{}{}", i == 0 ? "" : "; ", wordsFor(laws[i]));
  text += ".";
  text += fit.exponent - fit.halfWidth95 > -0.5 ? " Averaging, ε/√N, is ruled out by the fit."
                                                : " The fit alone does not rule out averaging, ε/√N.";
  if (fit.saturated)
    text +=
        " Most of the points lie where the outputs are already unrelated and the error cannot grow, so the exponent "
        "says little; a smaller compression would show more.";
  return text;
}

std::string averagingSentence(const StudyReport& report) {
  const SweepPoint& last = report.sweepMeans.back();
  const double single = report.singleError, n = last.layers;
  return fmt::format(
      "One layer alone costs an error of {:.3f} (root of the mean square). Averaging (ε/√N) would give {:.3f} for all "
      "{}, independent noise "
      "(ε·√N, at most 1) {:.3f}; measured: {:.3f}. {}",
      single, single / std::sqrt(n), last.layers, std::min(1.0, single * std::sqrt(n)), last.error,
      last.error > single ? "Errors do not average out: every further layer makes the model worse."
                          : "In this run more layers together were no worse than one alone.");
}

std::string weightSentence(const StudyReport& report) {
  double weights = 0, outputs = 0;
  for (const LayerEffect& layer : report.layers) {
    weights += layer.weights.cosine;
    outputs += layer.outputs.cosine;
  }
  const double count = static_cast<double>(report.layers.size());
  weights /= count;
  outputs /= count;
  const char* verdict =
      outputs > weights
          ? "Real inputs use the kept directions more than a random input would, which is why a model survives "
            "weight cosines that look hopeless."
          : "Real inputs use the lost directions at least as much as a random input would, so the weights' cosine "
            "flatters these layers.";
  return fmt::format("Per layer, the weights' cosine is {:.3f} on average, the cosine of what the layer puts out on "
                     "this text {:.3f}. {}",
                     weights, outputs, verdict);
}

std::string depthSentence(const StudyReport& report) {
  const double first = report.depth.front().relativeError, last = report.depth.back().relativeError;
  return fmt::format(
      "Behind the first block the residual stream has a relative error of {:.3f}, behind the last one {:.3f}: {}",
      first, last,
      last > first ? "it grows with depth, so later blocks do not repair what earlier ones lost."
                   : "later blocks add more to the stream than they add error.");
}

} // namespace

std::vector<double> lawsThatFit(const PowerFit& fit) {
  std::vector<double> laws;
  for (const Hypothesis& law : kHypotheses) laws.push_back(law.exponent);
  const auto distance = [&](double exponent) { return std::abs(exponent - fit.exponent); };
  std::sort(laws.begin(), laws.end(), [&](double x, double y) { return distance(x) < distance(y); });
  std::size_t count = 1;
  while (count < laws.size() && distance(laws[count]) <= fit.halfWidth95) ++count;
  laws.resize(count);
  return laws;
}

std::vector<std::string> studySentences(const StudyReport& report) {
  std::vector<std::string> sentences;
  if (report.errorFit) sentences.push_back(fitSentence(report));
  if (!report.sweepMeans.empty() && !report.layers.empty()) sentences.push_back(averagingSentence(report));
  if (!report.layers.empty()) sentences.push_back(weightSentence(report));
  if (!report.depth.empty()) sentences.push_back(depthSentence(report));
  if (report.together)
    sentences.push_back(fmt::format("With everything compressed the raw output cosine is {:.3f}, centred over the "
                                    "vocabulary {:.3f}; softmax sees only "
                                    "the latter. KL is {:.3f} nats a token, perplexity goes from {:.2f} to {:.2f}.",
                                    report.together->logits.cosine, report.together->centeredLogits.cosine,
                                    report.together->kl.mean, report.together->original.value,
                                    report.together->compressed.value));
  sentences.emplace_back("The original study's own numbers: a cosine of 0.58 is an error of 0.81, not 0.4; an output "
                         "cosine of 0.875 is an error "
                         "of 0.48, not 0.08; averaging 0.81 over 24 layers (ε/√24) would have given a cosine of 0.987. "
                         "Its data never supported "
                         "averaging.");
  return sentences;
}

} // namespace rankscope
