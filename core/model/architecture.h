// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/model/kernels.h"
#include "core/model/rope.h"

namespace rankscope {

/// Names of a linear's tensors; an empty bias means that it has none, an empty weight that there is no such linear.
struct LinearNames {
  std::string weight;
  std::string bias;
};

/// How the outputs of a fused query-key-value linear are ordered.
enum class QkvPacking {
  Separate,     ///< three linears
  Concatenated, ///< all of q, then k, then v (GPT-2)
  PerHead,      ///< for each head its q, k, v (GPT-NeoX)
};

struct BlockDescription {
  LinearNames attentionNorm, mlpNorm;
  LinearNames query, key, value; ///< with QkvPacking::Separate, else `query` is the fused linear
  LinearNames attentionOutput;
  LinearNames up, gate, down; ///< gate only where the MLP is gated: down(act(gate x) ⊙ up x)
  std::int64_t window = 0;    ///< query i sees keys j > i − window; 0: all j ≤ i
  float scoreScale = 1;       ///< of q·k
};

/// Everything that the forward pass must know, from config.json and the tensors' names: what differs between families
/// is data here, not code.
struct Architecture {
  std::string family;
  std::int64_t vocabulary = 0;
  std::int64_t hidden = 0;
  std::int64_t heads = 0;
  std::int64_t kvHeads = 0;
  std::int64_t headDim = 0;
  std::int64_t context = 0; ///< positions it was made for
  bool rmsNorm = false;     ///< else LayerNorm
  float normEpsilon = 1e-5f;
  Activation activation = Activation::GeluNew;
  bool parallelResidual = false; ///< x + attention(norm₁ x) + mlp(norm₂ x)
  QkvPacking packing = QkvPacking::Separate;
  std::optional<Rope> rope; ///< else learned positions
  std::string embedding;
  std::string position; ///< "" with rope
  std::string head;     ///< the embedding's name where tied
  LinearNames finalNorm;
  std::vector<BlockDescription> blocks;
  std::optional<int> bosToken;
  std::vector<int> eosTokens;

  std::int64_t queryWidth() const { return heads * headDim; }
  std::int64_t kvWidth() const { return kvHeads * headDim; }
};

/// Throws Error: Unsupported for a family or setting that cannot be run, Malformed for contradictory settings, NotFound
/// for a tensor that is missing; each sentence names file and key or tensor and says that the model can still be
/// analysed and compressed.
Architecture describeArchitecture(const Checkpoint& checkpoint);

/// Whether describeArchitecture() succeeds, and if not, why not ("" when it does).
std::string whyNotRunnable(const Checkpoint& checkpoint);

} // namespace rankscope
