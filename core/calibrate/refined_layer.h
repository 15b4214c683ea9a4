// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "core/calibrate/adam.h"
#include "core/compress/compress.h"
#include "core/model/linear.h"

namespace rankscope {

/// One layer whose factors, scales of the base and bias shift are moved down a gradient; the base's codes stay.
class RefinedLayer final {
 public:
  RefinedLayer(const LayerParts& start, Orientation orientation);

  /// Takes up the gradient of a batch: inputs and the gradient at the outputs, one token a row.
  void addGradient(Eigen::Ref<const RowMatrixF> x, Eigen::Ref<const RowMatrixF> g);
  /// Moves along it; `step` counts from 1.
  void move(int step, double rate);

  LinearPtr linear() const;
  LayerParts parts() const; ///< scales rounded as they are written

 private:
  StoredMatrix base(bool written) const;

  LayerParts m_start;
  Orientation m_orientation;
  RowMatrixF m_codes; ///< empty without a base
  std::optional<AdamMatrix> m_a, m_b, m_scales, m_shift;
  RowMatrixF m_gradientA, m_gradientB, m_gradientScales, m_gradientShift;
};

} // namespace rankscope
