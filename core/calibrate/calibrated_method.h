// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/calibrate/weighted_factors.h"
#include "core/plan/budget.h"
#include "core/plan/method.h"

namespace rankscope {

/// The calibrated methods fitted to one text: makes the parts of layers and says what ranks are worth. Immutable,
/// thread-safe.
class CalibratedMethod final {
 public:
  /// `method` is the one that curves() go by; `textHash` identifies the calibration tokens.
  CalibratedMethod(std::shared_ptr<const Checkpoint> checkpoint, Calibration calibration, Method method,
                   const std::string& textHash);

  Method method() const { return m_method; }
  /// What LayerChoice::method becomes for a method.
  std::string identity(Method method) const;
  /// Completes the method of every layer whose choice has one by what identifies the text; where the calibration has not
  /// met the layer it becomes plain.
  void applyTo(ResolvedPlan& plan) const;
  Factoriser factoriser() const;

  /// Singular values of every layer of planScope() as the method sees it (WeightedMatrix::sigma), on all cores.
  std::map<LayerId, std::vector<double>> curves(const PresetOptions& options, const Progress& progress = {}) const;

 private:
  WeightedMatrix weighted(LayerId layer, const RowMatrixD& stored, Method method) const;

  std::shared_ptr<const Checkpoint> m_checkpoint;
  std::shared_ptr<const Calibration> m_calibration;
  Method m_method;
  std::string m_textHash;
};

/// Benefits for planForBudget(). Fisher's σ are comparable between layers: ½Σ_{i≤r}σ_i², the KL in nats a token that the
/// kept part is predicted to save, so one price per byte serves the whole model. Aware's are not, and count relative to
/// the layer's own output energy.
BenefitLookup benefitsOf(const std::map<LayerId, std::vector<double>>& curves, Method method);

/// Σ over factored layers of ½Σ_{i>r}σ_i²: Fisher's prediction of the plan's KL, good while it is small (below ~0.3).
double predictedDivergence(const std::map<LayerId, std::vector<double>>& curves, const ResolvedPlan& plan);

/// Hex XXH3-128 of token sequences.
std::string hashOf(std::span<const std::vector<int>> sequences);

}  // namespace rankscope
