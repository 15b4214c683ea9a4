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
  /// `method` is the one that curves() go by; `textHash` identifies the calibration tokens, `text` is them where they
  /// are needed again (fitPlan).
  CalibratedMethod(std::shared_ptr<const Checkpoint> checkpoint, Calibration calibration, Method method,
                   const std::string& textHash, std::vector<std::vector<int>> text = {});

  Method method() const { return m_method; }
  const std::vector<std::vector<int>>& text() const { return *m_text; }
  /// What LayerChoice::method becomes for a method.
  std::string identity(Method method) const;
  const Calibration& calibration() const { return *m_calibration; }
  /// Completes the method of every layer whose choice has one by what identifies the text; where the calibration has
  /// not met the layer it becomes plain.
  void applyTo(ResolvedPlan& plan) const;
  /// Finds the parts of one layer by itself.
  Factoriser factoriser() const;
  /// The same for another matrix in the place of the layer's, and other moments.
  LayerParts partsOf(LayerId layer, const RowMatrixD& stored, const Moments& moments, const LayerChoice& choice,
                     const Progress& progress = {}, int threads = 1) const;

  /// Singular values of every layer of planScope() as the method sees it (WeightedMatrix::sigma), on all cores.
  std::map<LayerId, std::vector<double>> curves(const PresetOptions& options, const Progress& progress = {}) const;

 private:
  RowMatrixD matrixOf(LayerId layer) const;

  std::shared_ptr<const Checkpoint> m_checkpoint;
  std::shared_ptr<const Calibration> m_calibration;
  Method m_method;
  std::string m_textHash;
  std::shared_ptr<const std::vector<std::vector<int>>> m_text;
};

/// What a linear's bias takes up so that the mean of its outputs is `wanted`: wanted − M̂μ.
std::vector<float> biasShiftOf(const Eigen::VectorXd& wanted, const LayerParts& parts, Orientation orientation,
                               const Eigen::VectorXd& inputMean);

/// Benefits for planForBudget(). Fisher's σ are comparable between layers: ½Σ_{i≤r}σ_i², the KL in nats a token that
/// the kept part is predicted to save, so one price per byte serves the whole model. Aware's are not, and count
/// relative to the layer's own output energy.
BenefitLookup benefitsOf(const std::map<LayerId, std::vector<double>>& curves, Method method);

/// Σ over factored layers of ½Σ_{i>r}σ_i²: Fisher's prediction of the plan's KL, good while it is small (below ~0.3).
double predictedDivergence(const std::map<LayerId, std::vector<double>>& curves, const ResolvedPlan& plan);

/// Hex XXH3-128 of token sequences.
std::string hashOf(std::span<const std::vector<int>> sequences);

} // namespace rankscope
