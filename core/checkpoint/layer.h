// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/tensor/dtype.h"
#include "core/tensor/stored_matrix.h"

namespace rankscope {

/// Index of a layer in Checkpoint::layers().
struct LayerId {
  std::size_t value = 0;
  auto operator<=>(const LayerId&) const = default;
};

/// What a weight matrix does in a transformer.
enum class Role {
  Query,
  Key,
  Value,
  FusedQkv,
  AttentionOutput, // attention
  MlpUp,
  MlpGate,
  MlpDown, // feed-forward
  Embedding,
  Position,
  Head,
  Pooler,
  Other,
};

/// "q", "k", "v", "qkv", "o", "mlp_up", "mlp_gate", "mlp_down", "embedding", "position", "head", "pooler", "other".
std::string_view name(Role role);
bool isAttention(Role role);
bool isMlp(Role role);

/// How a linear uses its stored matrix: OutIn is torch.nn.Linear (y = xWᵀ), InOut GPT-2's Conv1D (y = xW).
enum class Orientation { OutIn, InOut };
std::string_view name(Orientation orientation); ///< "out_in", "in_out"

/// One weight matrix of a checkpoint: a 2-D floating tensor, or the factors and integers that stand for one.
struct LayerInfo {
  LayerId id;
  std::string name; ///< the tensor's full name, `.weight` included
  Role role = Role::Other;
  bool roleGuessed = false; ///< true when only the name suggests it: no known family
  std::optional<int> block;
  Orientation orientation = Orientation::OutIn;
  std::int64_t rows = 0; ///< as stored
  std::int64_t cols = 0;
  DType dtype = DType::F32;                 ///< of the matrix; for a factored layer of the original, per the manifest
  std::uint64_t bytes = 0;                  ///< as written in this checkpoint, scales included
  std::optional<std::int64_t> factoredRank; ///< set when the checkpoint is a factored export and holds this layer as
                                            ///< A·B, or with A·B as a correction
  std::optional<StorageFormat> base; ///< set when such an export holds a quantised matrix
  bool biasShift = false;            ///< such an export adds a vector to the linear's bias
  bool hasBias = false;              ///< the linear has a bias: biasOf() finds it
  std::string method;                ///< how the parts were found, where the export says so ("plain", …)
  std::string tiedWith;              ///< name of a tensor stored elsewhere that this one also serves as ("" if none)

  /// True for a layer of a factored export that is not stored as a plain tensor.
  bool isCompressed() const { return factoredRank || base; }
  std::int64_t outputs() const { return orientation == Orientation::OutIn ? rows : cols; }
  std::int64_t smallSide() const { return rows < cols ? rows : cols; }
  std::uint64_t parameters() const { return static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(cols); }

  /// Attention and MLP linears of a known family: what presets, targets and budgets may touch.
  bool inDefaultScope() const { return !roleGuessed && (isAttention(role) || isMlp(role)); }
};

} // namespace rankscope
