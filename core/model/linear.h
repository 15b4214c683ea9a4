// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/model/weight_matrix.h"

namespace rankscope {

/// What stands for one weight matrix when a model runs: W = base + A·B, either part alone or both (a quantised base
/// with a low-rank correction). A·B is the *stored* matrix, whatever the orientation.
struct LinearWeights {
  Orientation orientation = Orientation::OutIn;
  std::optional<WeightMatrix> base;
  std::optional<WeightMatrix> a; ///< rows × r
  std::optional<WeightMatrix> b; ///< r × cols
  std::vector<float> biasShift;  ///< added to the linear's own bias; empty or one number an output
  bool bf16Activations = false;  ///< inputs and outputs are rounded to bf16, as where a model runs in that type
};

/// A linear map of a model without its bias: dense, factored, quantised, or quantised with a correction. Immutable.
class Linear final {
 public:
  explicit Linear(LinearWeights weights);

  std::int64_t inputs() const;
  std::int64_t outputs() const;
  std::int64_t rows() const; ///< of the stored matrix
  std::int64_t cols() const;
  std::uint64_t bytes() const; ///< as stored, scales included
  std::optional<std::int64_t> rank() const;
  const LinearWeights& weights() const { return m_weights; }

  /// Multiplications and additions a token costs.
  double flopsPerToken() const;

  /// y (tokens × outputs) = x (tokens × inputs) times W, plus biasShift.
  void apply(const float* x, std::int64_t tokens, float* y) const;
  /// dx (tokens × inputs) = dy (tokens × outputs) back through W: the gradient of apply().
  void applyTransposed(const float* dy, std::int64_t tokens, float* dx) const;
  /// Row i of the stored matrix: how an embedding is read.
  void row(std::int64_t i, float* out) const;

 private:
  void applyExactly(const float* x, std::int64_t tokens, float* y) const;
  LinearWeights m_weights;
};

using LinearPtr = std::shared_ptr<const Linear>;

/// The layer as the checkpoint holds it: dense in its own dtype, or the factors of a factored export.
LinearPtr linearOf(const std::shared_ptr<const Checkpoint>& checkpoint, LayerId layer);
/// The layer as compression stored it: base + A·B and the shift of its bias. `stored` is not empty.
LinearPtr linearOf(const LayerInfo& layer, const StoredLayer& stored);

} // namespace rankscope
