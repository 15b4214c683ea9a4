// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/calibrate/weighted_factors.h"
#include "core/compress/compress.h"
#include "core/compress/error_curve.h"
#include "core/compress/quality.h"
#include "core/plan/budget.h"
#include "core/plan/method.h"
#include "core/spectrum/spectrum.h"

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
  /// What a layer's parts are fitted to: about the mean where its bias makes up for that.
  Moments momentsOf(LayerId layer, bool biasShift) const;
  /// Whether the calibration met the layer: it belongs to a block that the forward pass runs.
  bool knows(LayerId layer) const { return m_calibration->layers.contains(layer); }
  /// σ of W·C^½, W as it is used (out × in): the layer as this text sees it. Truncating there (Method::Aware) keeps of
  /// its outputs what cosineAt() and relativeErrorAt() say, in the root mean square over the text. The layer must be
  /// known.
  Spectrum outputSpectrum(LayerId layer, const Progress& progress = {}, int threads = 1) const;
  /// How near what a compressed layer puts out on this text (base + factors as stored, bias shift included) is to what
  /// the original puts out: E⟨y, ŷ⟩ / √(E‖y‖²·E‖ŷ‖²) and √(E‖y − ŷ‖² / E‖y‖²), in F32. The layer must be known,
  /// `stored` not empty.
  Quality outputQuality(LayerId layer, const StoredLayer& stored) const;
  /// The same for a compression to call: nothing for layers that knows() denies. The method must outlive it.
  OutputMeasure outputMeasure() const;
  /// Completes the method of every layer whose choice has one by what identifies the text; where the calibration has
  /// not met the layer it becomes plain, without a bias shift of its own.
  void applyTo(ResolvedPlan& plan) const;
  /// Finds the parts of one layer by itself.
  Factoriser factoriser() const;
  /// The same, and keeps every base that it has rounded (a byte a weight at the most): for trials of many ranks.
  Factoriser rememberingFactoriser() const;
  /// The same for another matrix in the place of the layer's, and other moments. Where the choice has a bias shift the
  /// parts are fitted to the moments about the mean, and the shift makes up for the mean. `alone` is the base without a
  /// correction, where that is known.
  LayerParts partsOf(LayerId layer, const RowMatrixD& stored, const Moments& moments, const LayerChoice& choice,
                     const Progress& progress = {}, int threads = 1, const StoredMatrix* alone = nullptr) const;

  /// What every layer of planScope() loses by rank as the method sees it (WeightedMatrix::sigma), on all cores: its
  /// matrix, or what is left of it by the method's own rounding to options.base.
  std::map<LayerId, ErrorCurve> curves(const PresetOptions& options, const Progress& progress = {}) const;

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
/// the kept part is predicted to save, so one price per byte serves the whole model. Aware's and the plain ones are
/// not, and count relative to the layer's own energy.
BenefitLookup benefitsOf(const std::map<LayerId, ErrorCurve>& curves, Method method);

/// Σ over compressed layers of ½Σ_{i>r}σ_i²: Fisher's prediction of the plan's KL, good while it is small (below ~0.3).
double predictedDivergence(const std::map<LayerId, ErrorCurve>& curves, const ResolvedPlan& plan);

/// Hex XXH3-128 of token sequences.
std::string hashOf(std::span<const std::vector<int>> sequences);

} // namespace rankscope
