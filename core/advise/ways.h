// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/calibrate/calibrated_method.h"
#include "core/compress/compress.h"

namespace rankscope {

/// One way of compressing a layer, at any rank.
struct Way {
  std::string kind;                       ///< kindOf() its choices
  bool baseAlone = false;                 ///< rank 0 is a choice: a quantised matrix without a correction
  bool ranks = true;                      ///< so are ranks from 1 on
  int probes = 2;                         ///< how many times a layer is tried to scale its quadratic, at most
  std::map<LayerId, std::int64_t> onlyAt; ///< where it is not empty: only these layers are tried, at these ranks
  std::function<LayerChoice(const LayerInfo&, std::int64_t rank)> choice;
  /// ½ tr(GΔCΔᵀ) for ranks 0 … min(rows, cols): the KL in nats a token that the layer alone is predicted to cost while
  /// it is small (Moments). Falling. Any thread.
  std::function<std::vector<double>(LayerId)> quadratic;
  /// Singular values as the way sees the matrix: of W, of W·C^½, of G^½·W·C^½. Any thread.
  std::function<std::vector<double>(LayerId)> sigma;
};

/// A model and what was fitted to a text.
struct FittedText {
  std::shared_ptr<const Checkpoint> checkpoint;
  std::shared_ptr<const CalibratedMethod> method; ///< its calibration has gradients
  Factoriser factoriser;                          ///< of the method
};

/// Factors alone, found by storing.method; storing.base must be empty.
Way lowRankWay(const FittedText& fitted, const Storing& storing);

/// A base, alone (rank 0) and, when `corrected`, with a correction of a rank. storing.method rounds and corrects.
Way quantisedWay(const FittedText& fitted, const Storing& storing, bool corrected);

/// Quadratics of factors by rank. `stored` is the matrix as it lies in the checkpoint.
std::vector<double> plainQuadratic(const RowMatrixD& stored, Orientation orientation, const Moments& moments);
std::vector<double> awareQuadratic(const RowMatrixD& stored, Orientation orientation, const Moments& moments);

} // namespace rankscope
