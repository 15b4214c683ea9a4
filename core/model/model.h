// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "core/base/progress.h"
#include "core/compress/compress.h"
#include "core/model/architecture.h"
#include "core/model/kv_cache.h"
#include "core/model/linear.h"
#include "core/tensor/convert.h"

namespace rankscope {

/// Linears that replace those of the checkpoint.
using Substitutes = std::map<LayerId, LinearPtr>;

/// What a forward pass lets others see. Called from the calling thread, in order; the matrices are valid during the
/// call.
struct ForwardHooks {
  /// Inputs of a linear, one token a row: linears that read the same (q, k, v; gate and up) are told one after another.
  std::function<void(LayerId layer, Eigen::Ref<const RowMatrixF> inputs)> linearInput;
  /// Outputs of the same linear, bias included, before anything else happens to them.
  std::function<void(LayerId layer, Eigen::Ref<const RowMatrixF> outputs)> linearOutput;
  /// The residual stream behind a block.
  std::function<void(int block, const RowMatrixF& hidden)> blockOutput;
};

/// Tokens of several independent sequences, one after another: what a batch of windows is. Each begins at position 0.
struct Batch {
  std::vector<int> tokens;
  std::vector<std::int64_t> lengths;
};
Batch batchOf(std::span<const std::vector<int>> sequences);
Batch batchOf(std::vector<int> sequence);

/// A causal language model that can be run. Immutable and cheap to copy: copies share weights, which stay in their own
/// dtype where they lie. Arithmetic is F32.
class Model final {
 public:
  /// Throws Error as describeArchitecture(), and when a substitute does not fit its layer.
  explicit Model(std::shared_ptr<const Checkpoint> checkpoint, const Substitutes& substitutes = {});

  /// The same model with some linears replaced.
  Model with(const Substitutes& substitutes) const;

  const Architecture& architecture() const;
  const Checkpoint& checkpoint() const { return *m_checkpoint; }
  const std::shared_ptr<const Checkpoint>& sharedCheckpoint() const { return m_checkpoint; }
  std::int64_t context() const { return architecture().context; }
  /// Every weight matrix that the model runs: blocks, embedding, positions and head.
  const Substitutes& linears() const { return m_linears; }
  const LinearPtr& linear(LayerId layer) const { return m_linears.at(layer); }
  /// Layers of the blocks in the order in which the forward pass meets them.
  const std::vector<LayerId>& blockLayers() const;
  int blockOf(LayerId layer) const;

  std::uint64_t weightBytes() const; ///< as stored, norms and biases included, tied ones once
  double flopsPerToken() const;      ///< of the linears and the head

  KvCache newCache() const;

  /// Residual stream behind the embedding: tokens × hidden. Token ids must be below the vocabulary's size.
  RowMatrixF embed(const Batch& batch) const;
  /// Runs blocks first … last − 1 on the residual stream in place.
  void runBlocks(RowMatrixF& hidden, const Batch& batch, int first, int last, const ForwardHooks& hooks = {},
                 const Progress& progress = {}) const;
  /// The final norm.
  RowMatrixF finalNorm(const RowMatrixF& hidden) const;
  /// Scores over the vocabulary for rows of finalNorm(): rows × vocabulary.
  RowMatrixF logits(Eigen::Ref<const RowMatrixF> normalised) const;
  /// How many rows of logits to ask for at once: enough that the head is not read for too few of them, few enough that
  /// they take some 32 MiB.
  std::int64_t logitRows() const;

  /// embed, all blocks, finalNorm.
  RowMatrixF forward(const Batch& batch, const ForwardHooks& hooks = {}, const Progress& progress = {}) const;
  /// The same for tokens that follow those in the cache.
  RowMatrixF forward(std::span<const int> tokens, KvCache& cache, const Progress& progress = {}) const;

  int blockCount() const { return static_cast<int>(architecture().blocks.size()); }

 private:
  friend class BackwardPass;
  struct Parts;
  struct Pass;
  RowMatrixF embedAt(std::span<const int> tokens, std::span<const std::int64_t> positions) const;
  std::shared_ptr<const Checkpoint> m_checkpoint;
  std::shared_ptr<const Parts> m_parts;
  Substitutes m_linears;
};

/// The linear that a compressed layer stands for; null where it stays dense.
LinearPtr linearOf(const Checkpoint& checkpoint, const CompressedLayer& layer);

} // namespace rankscope
