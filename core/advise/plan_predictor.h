// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/budget.h"
#include "core/plan/resolve.h"

namespace rankscope {

/// What compressing one layer alone costs the model, by rank, for one way of compressing it.
struct EffectCurve {
  std::string kind;                   ///< kindOf() the choices that it is about
  std::vector<std::int64_t> ranks;    ///< rising; 0 stands for a quantised base without a correction
  std::vector<double> effects;        ///< KL in nats a token, falling
  double at(std::int64_t rank) const; ///< linear in the logarithm between ranks; the nearest one's outside
};

/// The way of compressing that a choice asks for, apart from its rank: "plain", "aware", "int4/32+fisher", … Sequential
/// counts as Fisher, which costs a little more.
std::string kindOf(const LayerChoice& choice);

struct LayerEffects {
  std::string name;
  std::vector<EffectCurve> curves;
};

/// A plan that was run as a whole.
struct JointRun {
  double sum = 0;  ///< of its layers' single effects
  double kl = 0;   ///< measured, nats a token
  double nats = 0; ///< negative log-likelihood of the text above the original's, nats a token
};

/// How single effects add up: kl = exp(intercept)·sum^exponent, by least squares on logarithms. The exponent is drawn
/// towards 1 where the runs say little.
struct JointFit {
  double intercept = 0;
  double exponent = 1;
  double spread = 0;     ///< standard deviation of ln(measured/predicted), each run predicted without itself
  double natsRatio = 1;  ///< nats / kl
  double natsSpread = 0; ///< standard deviation of that ratio between runs
  double least = 0;      ///< sums that the runs cover
  double largest = 0;
  int runs = 0;
};

/// Throws Error(BadRequest) for fewer than three runs with positive sum and kl.
JointFit fitJointRuns(std::span<const JointRun> runs);

/// What a plan is expected to cost. Low and high hold about four plans in five.
struct PlanPrediction {
  double kl = 0, klLow = 0, klHigh = 0;
  double perplexity = 0, perplexityLow = 0, perplexityHigh = 0;
  bool covered = true; ///< false beyond what the joint runs covered: then it is a guess
};

/// Predicts the end-to-end KL and perplexity of any plan of one model from its layers' effects alone and a few joint
/// runs, in microseconds: what moves while a rank is dragged. Immutable.
class PlanPredictor final {
 public:
  /// `layers` in the order of Checkpoint::layers(); those without curves can only stay dense.
  PlanPredictor(std::vector<LayerEffects> layers, const JointFit& fit, double originalNats);

  /// The layer's effect alone; 0 for one that stays dense, nullopt for a kind that was not measured.
  std::optional<double> effect(LayerId layer, const LayerChoice& choice) const;
  /// Of a sum of effects. A caller that changes one layer subtracts its old effect and adds the new one.
  PlanPrediction predict(double sum) const;
  /// nullopt when a choice is of a kind that was not measured.
  std::optional<PlanPrediction> predict(const ResolvedPlan& plan) const;

  const std::vector<LayerEffects>& layers() const { return m_layers; }
  const JointFit& fit() const { return m_fit; }
  double originalPerplexity() const;

 private:
  std::vector<LayerEffects> m_layers;
  JointFit m_fit;
  double m_nats;
};

/// What ranks are worth to planForBudget() by measured effects: what a layer costs the model alone, stored as the options
/// say, is lost benefit. nullopt for a layer that was not measured in that way. Predictor and checkpoint must outlive it.
BenefitLookup measuredBenefits(const PlanPredictor& predictor, const Checkpoint& checkpoint,
                               const PresetOptions& options);

/// JSON of a predictor (an object with kind "predictor") and back, for a model with the same layers. Reading throws
/// Error(Malformed) naming what is wrong.
std::string toJson(const PlanPredictor& predictor);
PlanPredictor parsePredictor(std::string_view json, const Checkpoint& checkpoint);

} // namespace rankscope
